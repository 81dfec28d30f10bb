use std::collections::BTreeSet;

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;

use super::*;
use crate::{
    digest::Digest,
    receipt::{Repair, Written, digits},
};

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([7; 32])
}

fn of(words: &[&str]) -> Result<Receipt, ReceiptError> {
    Receipt::parse(&words.join(" "))
}

fn same(read: &Receipt, meant: &Receipt) -> bool {
    read.bits.expose() == meant.bits.expose()
}

fn means(repair: &Repair, receipt: &Receipt) -> bool {
    same(&Receipt::parse(repair.shown().expose()).unwrap(), receipt)
}

/// The lists never change, and no two words can be taken for each other.
#[test]
fn the_lists_never_change_and_no_two_words_are_one() {
    let frozen = [
        (
            include_str!("english.txt"),
            "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda",
        ),
        (
            include_str!("russian.txt"),
            "c9458f1997f6a6e0e8b4b691de850aa6af15fabca197e56baa6234933af1fffc",
        ),
    ];
    let mut all = BTreeSet::new();
    for (list, (file, sha256)) in WordList::ALL.into_iter().zip(frozen) {
        assert_eq!(Digest::of(file.as_bytes()).to_string(), sha256);
        let words = list.words();
        assert_eq!(words.len(), 2048);
        assert!(
            words.is_sorted() && words.iter().all(|word| (3..=8).contains(&word.chars().count()))
        );
        let decomposed = |word: &str| word.replace('й', "и\u{306}").replace('ё', "е\u{308}");
        for word in words {
            // In NFC and in NFD, with ё for е: one word, and no other.
            for typed in
                [(*word).to_owned(), decomposed(word), word.to_uppercase(), word.replace('е', "ё")]
            {
                assert!(matches!(&read(&[&*typed; 8].join(" ")).unwrap()[..],
                    [Typed::Listed(of, symbol), ..] if *of == list && list.word(*symbol) == *word));
            }
            // Not even the mark of й or the keyboard's layout makes two words one.
            assert!(all.insert(word.replace('й', "и")), "{word}");
            assert!(all.insert(format!("layout {}", keys_of(word))), "{word}");
        }
    }
}

/// What the keys of a word give in the layout that it is not meant for.
fn keys_of(word: &str) -> String {
    let latin = "`qwertyuiop[]asdfghjkl;'zxcvbnm,.";
    let cyrillic = "ёйцукенгшщзхъфывапролджэячсмитьбю";
    let pairs: Vec<(char, char)> = latin.chars().zip(cyrillic.chars()).collect();
    let key = |c: char| {
        let other = pairs.iter().find_map(|(l, r)| {
            if c == *l {
                Some(*r)
            } else if c == *r {
                Some(*l)
            } else {
                None
            }
        });
        other.unwrap()
    };
    word.chars().map(key).collect()
}

#[test]
fn the_words_of_v1_never_change() {
    for (digits, english, russian) in VECTORS {
        let receipt = Receipt::parse(digits).unwrap();
        assert_eq!(receipt.words(WordList::English).expose(), english);
        assert_eq!(receipt.words(WordList::Russian).expose(), russian);
        for words in [english, russian] {
            assert_eq!(Receipt::parse(words).unwrap().digits().expose(), digits);
        }
    }
}

/// Made by another implementation, in Python.
const VECTORS: [(&str, &str, &str); 3] = [
    (
        "000 102 030 405 060 708 090 102 186",
        "ability giggle trust artwork edge topic burst blade",
        "абонент лебедь фойе борьба идеал усатый вопрос вечно",
    ),
    (
        "000 000 000 000 000 000 000 000 000",
        "abandon abandon abandon abandon abandon abandon abandon abandon",
        "абзац абзац абзац абзац абзац абзац абзац абзац",
    ),
    (
        "151 115 727 451 828 646 838 271 199",
        "zoo zoo zoo zoo zoo zoo zoo step",
        "ящик ящик ящик ящик ящик ящик ящик темнота",
    ),
];

#[test]
fn words_are_read_however_they_are_typed() {
    let mut rng = rng();
    for _ in 0..200 {
        let receipt = Receipt::random(&mut rng);
        for list in WordList::ALL {
            let plain = receipt.words(list);
            let plain = plain.expose();
            let words: Vec<&str> = plain.split(' ').collect();
            let numbered = words.iter().enumerate().map(|(n, word)| format!("{}. {word}\n", n + 1));
            let closer =
                words.iter().enumerate().map(|(n, word)| format!("{}.{} ", n + 1, keys_of(word)));
            let texts = [
                plain.to_owned(),
                plain.to_uppercase(),
                format!("\u{feff} {}.\r\n", words.join("-")),
                words.join(",\u{a0}"),
                words.join(";"),
                words.join("\u{200b}·"),
                plain.replace('й', "и\u{306}"),
                numbered.collect(),
                words.iter().map(|word| keys_of(word)).collect::<Vec<_>>().join("  "),
                words.iter().map(|word| keys_of(word) + ",").collect::<Vec<_>>().join("\t"),
                closer.collect(),
                plain
                    .chars()
                    .map(|c| {
                        if c.is_ascii_lowercase() {
                            char::from_u32(u32::from(c) + 0xfee0).unwrap()
                        } else {
                            c
                        }
                    })
                    .collect(),
            ];
            for text in texts {
                let read = Receipt::parse(&text).unwrap_or_else(|e| panic!("{text}: {e}"));
                assert!(same(&read, &receipt), "{text}");
            }
        }
    }
}

#[test]
fn what_is_wrong_with_words_is_said() {
    let zeros = "abandon ".repeat(8);
    let cases = [
        ("abandon ".repeat(7), ReceiptError::TooFewWords(7)),
        ("abandon ".repeat(9), ReceiptError::TooManyWords),
        ("a".repeat(1 << 20), ReceiptError::TooManyWords),
        ("a ".repeat(1 << 19), ReceiptError::TooManyWords),
        (zeros.replacen("abandon", "abandonn", 1), ReceiptError::UnknownWord),
        (zeros.replacen("abandon", "zoo", 1), ReceiptError::Mistyped),
        (zeros.replacen("abandon", "абзац", 1), ReceiptError::Mistyped),
    ];
    for (text, error) in cases {
        assert_eq!(Receipt::parse(&text).err(), Some(error), "{text:.60}");
    }
}

/// 20 000 trials of each mistake: none is taken for a receipt, so none opens anything unasked.
#[test]
fn no_mistake_in_twenty_thousand_opens_another_mailbox_unasked() {
    let mut rng = rng();
    let mut offered = [0_usize; 2];
    for n in 0..20_000 {
        let receipt = Receipt::random(&mut rng);
        let digits: Vec<u8> =
            receipt.digits().expose().bytes().filter(u8::is_ascii_digit).collect();
        let refused = |digits: &[u8]| {
            let text = str::from_utf8(digits).unwrap();
            assert_eq!(Receipt::parse(text).err(), Some(ReceiptError::Mistyped), "{text}");
            text.to_owned()
        };
        let mut wrong = digits.clone();
        let at = rng.gen_range(0..27);
        wrong[at] = b'0' + (wrong[at] - b'0' + rng.gen_range(1..10)) % 10;
        refused(&wrong);

        let mut swapped = digits.clone();
        let at = rng.gen_range(0..26);
        swapped.swap(at, at + 1);
        if swapped != digits {
            let text = refused(&swapped);
            // Whatever is offered is what was meant, or a question that its writer denies.
            offered[0] += usize::from(Repair::of(&text).is_some_and(|it| means(&it, &receipt)));
        }

        let mut groups: Vec<&[u8]> = digits.chunks(3).collect();
        groups.swap(rng.gen_range(0..9), rng.gen_range(0..9));
        if groups.concat() != digits {
            refused(&groups.concat());
        }

        let list = WordList::ALL[n % 2];
        let words = receipt.words(list);
        let mut words: Vec<&str> = words.expose().split(' ').collect();
        let before = words.clone();
        words.swap(rng.gen_range(0..8), rng.gen_range(0..8));
        if words != before {
            assert_eq!(of(&words).err(), Some(ReceiptError::Mistyped));
        }
        let mut wrong = before.clone();
        let at = rng.gen_range(0..8);
        wrong[at] = list.words()[rng.gen_range(0..2048)];
        if wrong != before {
            assert_eq!(of(&wrong).err(), Some(ReceiptError::Mistyped));
        }
        let mut neighbours = before.clone();
        let at = rng.gen_range(0..7);
        neighbours.swap(at, at + 1);
        if neighbours != before && n < 2_000 {
            let repair = Repair::of(&neighbours.join(" "));
            offered[1] += usize::from(repair.is_some_and(|it| means(&it, &receipt)));
        }
    }
    // Most swaps can be offered back: of digits 26 candidates meet 996 remainders, of words 7 meet 2 047.
    assert!(offered[0] > 17_000 && offered[1] > 1_980, "{offered:?}");
}

#[test]
fn a_word_that_is_in_no_list_is_offered_back_and_a_listed_one_never() {
    let mut rng = rng();
    let (mut offered, mut tried) = (0, 0);
    for n in 0..1_500 {
        let receipt = Receipt::random(&mut rng);
        let list = WordList::ALL[n % 2];
        let text = receipt.words(list);
        let words: Vec<&str> = text.expose().split(' ').collect();
        let at = rng.gen_range(0..8);
        let mut letters: Vec<char> = words[at].chars().collect();
        let place = rng.gen_range(0..letters.len() - 1);
        match n % 3 {
            0 => letters.swap(place, place + 1),
            1 => drop(letters.remove(place)),
            _ => letters.insert(place, letters[place]),
        }
        let odd: String = letters.into_iter().collect();
        if list.symbol(&odd).is_some() {
            continue;
        }
        let mut typed = words.clone();
        typed[at] = &odd;
        assert_eq!(of(&typed).err(), Some(ReceiptError::UnknownWord), "{typed:?}");
        tried += 1;
        if let Some(repair) = Repair::of(&typed.join("-")) {
            // One word only, and the check: what is offered is what was meant.
            assert!(means(&repair, &receipt), "{typed:?}");
            assert_eq!(repair.written(), Written::Words(list));
            assert_eq!(repair.shown().expose(), text.expose());
            offered += 1;
        }
        typed[(at + 1) % 8] = "qqq";
        assert!(Repair::of(&typed.join(" ")).is_none(), "two odd words are not guessed at");
    }
    assert!(offered * 10 > tried * 9, "{offered} of {tried}");

    // A listed word in the place of another: seven swaps could fit by chance, one word never does.
    for _ in 0..500 {
        let receipt = Receipt::random(&mut rng);
        let text = receipt.words(WordList::English);
        let mut words: Vec<&str> = text.expose().split(' ').collect();
        words[rng.gen_range(0..8)] = WordList::English.words()[rng.gen_range(0..2048)];
        if let Some(repair) = Repair::of(&words.join(" ")) {
            let shown = repair.shown();
            let mut sorted: Vec<&str> = shown.expose().split(' ').collect();
            sorted.sort_unstable();
            words.sort_unstable();
            assert_eq!(sorted, words, "only the order is ever changed");
        }
    }
}

#[test]
fn what_needs_no_repair_or_cannot_be_repaired_is_not_asked_about() {
    for text in ["", "abandon", "123", "151115727451828646838272200", &"9".repeat(27), "слово"]
    {
        assert!(Repair::of(text).is_none(), "{text}");
    }
    let receipt = Receipt::random(&mut rng());
    assert!(Repair::of(receipt.digits().expose()).is_none());
    assert!(Repair::of(receipt.words(WordList::Russian).expose()).is_none());
}

#[test]
fn no_receipt_is_given_out_in_which_groups_could_change_places() {
    // 000 and 997 are the same modulo 997; both stand in this one.
    let twins = Receipt { bits: Secret::take(&mut [0, 0, 0, 0, 0, 0, 0, 0, 3, 0xe5]) };
    assert_eq!(twins.digits().expose(), "000 000 000 000 000 000 000 997 000");
    assert!(digits::has_twin_groups(&twins.bits));
    assert!(Receipt::parse(twins.digits().expose()).is_ok(), "one from elsewhere still opens");
    let mut rng = rng();
    assert!((0..2_000).all(|_| !digits::has_twin_groups(&Receipt::random(&mut rng).bits)));
}
