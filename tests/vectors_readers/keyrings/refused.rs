//! The notes that nobody may take, with a sentence and the name of the refusal for each.

use sandyk::{
    digest::Digest,
    id::DeviceId,
    keyring::{Chain, DeskNote, Keyring, Reader, Suspension},
    note::{KeyName, SignedNote},
    recipient::Kind,
};
use serde_json::{Value, json};

use super::{
    chain,
    make::{G, Growing, LATER, LATER_G, R, keep, lost, nobodys, sign},
};
use crate::{
    forged::forged,
    organisation::{Person, desk, first, joined, renewal, signed},
};

/// Somebody whom nobody knows.
const STRANGER: Person = Person(40, sandyk::keyring::Role::Guardian);

/// After which keyring of which chain a note pretends to come.
type After<'a> = (&'a str, u64);

fn refuse(after: After<'_>, (name, about, refusal): (&str, &str, &str), note: &str) -> Value {
    let (chain, after) = after;
    let file = format!("refused/{chain}-{after}-{name}.note");
    keep(&file, note.as_bytes());
    json!({"about": about, "chain": chain, "after": after, "file": file, "refusal": refusal})
}

/// Every keyring that nobody may take.
pub(super) fn all(classic: &Growing) -> Vec<Value> {
    let mut all = founding();
    all.extend(second());
    all.extend(joining());
    all.extend(late());
    all.extend(of_classic(&classic.chain));
    all
}

/// In the place of the first keyring.
fn founding() -> Vec<Value> {
    let kind = Kind::PostQuantum;
    let good = first(kind, vec![G.soft(kind, 1), R.soft(kind, 1)]);
    let one = |said, edit: fn(&mut Keyring), by: &[u8]| {
        let mut keyring = good.clone();
        edit(&mut keyring);
        refuse(("post-quantum", 0), said, &signed(keyring.to_text(), by).to_text())
    };
    vec![
        one(("few", "One root alone founds nothing.", "TooFewSignatures"), |_| (), &[1]),
        one(
            ("threshold", "Its roots are those of roots.txt with another threshold.", "OtherRoots"),
            |k| k.threshold = 1,
            &[1, 2],
        ),
        one(
            ("roots", "It names a root that roots.txt does not.", "OtherRoots"),
            |k| k.roots[2] = crate::organisation::root(4).0,
            &[1, 2],
        ),
        one(
            ("organisation", "It is another organisation's.", "OtherOrganisation"),
            |k| k.organisation.push_str(" too"),
            &[1, 2],
        ),
        one(
            ("guardian", "Without a guardian nobody could ever read a name.", "NoGuardian"),
            |k| k.readers.truncate(0),
            &[1, 2],
        ),
        one(
            ("previous", "A first keyring has none before it.", "Previous"),
            |k| k.previous = Digest::of(b"another"),
            &[1, 2],
        ),
        one(
            ("epoch", "The chain begins with epoch 1.", "EpochSkipped"),
            |k| {
                (k.epoch, k.previous) = (2, Digest::of(b"another"));
            },
            &[1, 2],
        ),
    ]
}

/// In the place of the second one: those that every party's tests use.
fn second() -> Vec<Value> {
    let known = chain("post-quantum", 1).unwrap();
    let all = forged(&known, &sign).into_iter();
    let one = |(refusal, note): (&str, String)| {
        let about = sentence(refusal);
        refuse(("post-quantum", 1), (&refusal.to_lowercase(), about, refusal), &note)
    };
    let mut all: Vec<Value> = all.map(one).collect();
    let text = renewal(&known).to_text();
    for (name, about, refusal, text) in [
        ("zero", "A number has one spelling.", "NotCanonical", text.replace("epoch 2", "epoch 02")),
        ("more", "Nothing stands after the last line.", "Line", format!("{text}and more\n")),
        (
            "space",
            "One space stands between two words.",
            "Line",
            text.replace("epoch 2", "epoch  2"),
        ),
        ("kind", "There are two kinds of keys.", "Kind", text.replace("post-quantum", "quantum")),
        ("one-root", "One root is none too many to lose.", "RootCount", one_root(&known)),
        ("all-roots", "Losing one root must lose nothing.", "Threshold", all_roots(&known)),
        ("root-twice", "A root is one line.", "RootTwice", root_twice(&known)),
    ] {
        let note = signed(text, &[1, 2, 3]).to_text();
        all.push(refuse(("post-quantum", 1), (name, about, refusal), &note));
    }
    all
}

fn one_root(chain: &Chain) -> String {
    let mut next = renewal(chain);
    next.roots.truncate(1);
    next.threshold = 1;
    next.to_text()
}

fn all_roots(chain: &Chain) -> String {
    Keyring { threshold: 3, ..renewal(chain) }.to_text()
}

fn root_twice(chain: &Chain) -> String {
    let mut next = renewal(chain);
    next.roots[2] = next.roots[1].clone();
    next.to_text()
}

/// What each of them is, in a sentence.
fn sentence(refusal: &str) -> &'static str {
    match refusal {
        "TooFewVouches" => "All administrators together add a guardian for whom nobody vouches.",
        "WrongVouch" => "The vouches for a new guardian are signed by a stranger.",
        "VouchOutOfPlace" => "A vouch stands there for somebody who is no new reader.",
        "ReaderChanged" => "A reader who was there has another key on a sudden.",
        "Since" => "A new reader pretends to have been there before.",
        "NoGuardian" => "Only reviewers are left.",
        "NoLivingReader" => "Nobody is left who can open what was sealed before.",
        "NoLivingGuardian" => "No guardian is left who can open the names of before.",
        "MixedKinds" => "A classic key stands in a post-quantum keyring.",
        "ReaderTwice" => "Two readers have one id.",
        "RecipientTwice" => "Two readers have one reading key.",
        "SigningKeyTwice" => "A reader signs with a root's key.",
        "KeyUsedBefore" => "A new reader has the key of one who was retired.",
        "RootUsedBefore" => "A new root has the key of a reader of before.",
        "EpochSkipped" => "Epoch 2 is left out.",
        "EpochForked" => "Another keyring of epoch 1 comes after it.",
        "PreviousDiffers" => "It follows another keyring than the one that is there.",
        "SaltChanged" => "With another salt no receipt would lead to its mailbox.",
        "OtherOrganisation" => "It is another organisation's.",
        "TooFewSignatures" => "One root alone publishes nothing.",
        "StrangeSignature" => "A stranger has signed it, too.",
        "EpochRepeated" => "The keyring that is there comes again.",
        "Note" => "It was edited after it was signed.",
        other => panic!("no sentence for {other}"),
    }
}

/// Who joins by whose word.
fn joining() -> Vec<Value> {
    let after = ("post-quantum", 2);
    let chain = chain("post-quantum", 2).unwrap();
    let new = STRANGER.soft(Kind::PostQuantum, 3);
    let one = |said, by: &[Person], edit: fn(&mut Keyring)| {
        let mut next = joined(&chain, &new, by);
        edit(&mut next);
        refuse(after, said, &signed(next.to_text(), &[1, 2, 3]).to_text())
    };
    vec![
        one(("one-vouch", "One word is too few.", "TooFewVouches"), &[G], |_| ()),
        one(
            ("reviewers", "Two reviewers make no guardian.", "NoGuardianVouches"),
            &[R, LATER],
            |_| (),
        ),
        one(("raised", "Vouches for another role do not count.", "WrongVouch"), &[G, R], |k| {
            k.readers[3].role = sandyk::keyring::Role::Reviewer;
        }),
        one(("twice", "One vouch twice is one, and has no place.", "VouchOutOfPlace"), &[G], |k| {
            k.vouches.push(k.vouches[0].clone());
        }),
        one(("gone", "Whoever vouches stays.", "VouchOutOfPlace"), &[G, R], |k| {
            k.readers.retain(|r| r.id != R.id());
        }),
        old_word(after, &chain, &new),
    ]
}

/// Vouches that were given for the keyring before.
fn old_word(after: After<'_>, now: &Chain, new: &Reader) -> Value {
    let before = chain("post-quantum", 1).unwrap();
    let vouches = joined(&before, new, &[G, R]).vouches;
    let next = Keyring { vouches, ..joined(now, new, &[]) };
    let said = ("old-word", "A vouch is void once another keyring was published.", "WrongVouch");
    refuse(after, said, &signed(next.to_text(), &[1, 2, 3]).to_text())
}

/// After a retirement, and after the roots changed.
fn late() -> Vec<Value> {
    let four = chain("post-quantum", 4).unwrap();
    let again = Person(R.0, R.1);
    let mut same_id = again.line(STRANGER.identity(Kind::PostQuantum).recipient(), 5);
    same_id.signing = STRANGER.signing().verifying_key();
    let back = joined(&four, &same_id, &[G, LATER]);
    let both = joined(&four, &again.soft(Kind::PostQuantum, 5), &[G, LATER]);
    let six = chain("post-quantum", 6).unwrap();
    let next = renewal(&six);
    let old_roots = signed(next.to_text(), &[1, 3]).to_text();
    let mut forked = next.clone();
    forked.epoch = 5;
    vec![
        refuse(
            ("post-quantum", 4),
            ("id", "Whoever was retired does not come back by their id.", "IdUsedBefore"),
            &signed(back.to_text(), &[1, 2, 3]).to_text(),
        ),
        refuse(
            ("post-quantum", 4),
            ("back", "Nor with all that they had.", "IdUsedBefore"),
            &signed(both.to_text(), &[1, 2, 3]).to_text(),
        ),
        refuse(
            ("post-quantum", 6),
            ("old-root", "A root that left signs nothing any more.", "StrangeSignature"),
            &old_roots,
        ),
        refuse(
            ("post-quantum", 6),
            ("forked", "Another keyring of an epoch that was.", "EpochForked"),
            &signed(forked.to_text(), &[1, 2]).to_text(),
        ),
    ]
}

/// In a chain of classic keys.
fn of_classic(chain: &Chain) -> Vec<Value> {
    let after = ("classic", 4);
    let strange = STRANGER.line(STRANGER.identity(Kind::PostQuantum).recipient(), 5);
    let mixed = joined(chain, &strange, &[G, LATER]);
    let mut other = renewal(chain);
    other.kind = Kind::PostQuantum;
    other.readers = vec![strange];
    vec![
        refuse(
            after,
            ("mixed", "A post-quantum key stands in a classic keyring.", "MixedKinds"),
            &signed(mixed.to_text(), &[1, 2, 3]).to_text(),
        ),
        refuse(
            after,
            ("kind", "The kind of an organisation does not change.", "NoLivingReader"),
            &signed(other.to_text(), &[1, 2, 3]).to_text(),
        ),
    ]
}

/// What it is, under how many keyrings, what comes of it, and the note.
type Said = (&'static str, u32, &'static str, &'static str, String);

/// Vouches, suspensions and desk notes, those that count and those that do not.
pub(super) fn notes(suspension: &str) -> Vec<Value> {
    let one = |(what, after, outcome, about, text): Said| {
        let file = format!("notes/{what}-{}.note", outcome.to_lowercase());
        keep(&file, text.as_bytes());
        json!({"what": what, "about": about, "chain": "post-quantum", "after": after,
            "file": file, "outcome": outcome})
    };
    let all = vouches().into_iter().chain(suspensions(suspension)).chain(desks());
    all.map(one).collect()
}

fn vouches() -> [Said; 3] {
    let two = chain("post-quantum", 2).unwrap();
    let new = LATER_G.soft(Kind::PostQuantum, 3);
    let by = |person: Person, chain: &Chain| person.vouches(chain, &new).to_text();
    let void = by(G, &chain("post-quantum", 1).unwrap());
    let say = |outcome, about, note| ("vouch", 2, outcome, about, note);
    [
        say("good", "A guardian's word for the keyring to come.", by(G, &two)),
        say("NotAVoucher", "Whoever is no reader vouches for nobody.", by(STRANGER, &two)),
        say("VouchOfOtherKeyring", "It was given for an earlier keyring.", void),
    ]
}

fn suspensions(good: &str) -> [Said; 4] {
    let six = chain("post-quantum", 6).unwrap();
    let other = Suspension { organisation: "Another".into(), ..Suspension::of(&six, lost()) };
    let stale = Suspension::of(&chain("post-quantum", 4).unwrap(), lost());
    let mut strange = SignedNote::new(Suspension::of(&six, lost()).to_text()).unwrap();
    strange.sign(&KeyName::parse("root-1").unwrap(), &nobodys());
    let by_root = |text: String| signed(text, &[1]).to_text();
    let say = |outcome, about, note| ("suspension", 6, outcome, about, note);
    [
        say("good", "One root closes the desk to one machine.", good.to_owned()),
        say("StrangeSignature", "No root of the newest keyring signed it.", strange.to_text()),
        say("OtherOrganisation", "It is another organisation's.", by_root(other.to_text())),
        say(
            "SuspensionOfOtherKeyring",
            "A keyring that is more than a renewal came after it.",
            by_root(stale.to_text()),
        ),
    ]
}

fn desks() -> [Said; 5] {
    let good = desk(chain("post-quantum", 6).unwrap().current().get());
    let foreign = DeskNote { keyring: Digest::of(b"another"), ..good.clone() };
    let (mut unknown, mut twice) = (good.clone(), good.clone());
    unknown.devices[0].reader = STRANGER.id();
    twice.devices[1].id = DeviceId::from_bytes(*twice.devices[0].id.as_bytes());
    let by = |desk: &DeskNote, roots: &[u8]| signed(desk.to_text(), roots).to_text();
    let say = |outcome, about, note| ("desk", 6, outcome, about, note);
    [
        say("good", "The machines of the newest keyring.", by(&good, &[1, 2])),
        say("TooFewSignatures", "One root alone admits no machine.", by(&good, &[1])),
        say("DeskOfOtherKeyring", "It was made for another keyring.", by(&foreign, &[1, 2])),
        say(
            "DeviceWithoutReader",
            "A machine belongs to nobody of the keyring.",
            by(&unknown, &[1, 2]),
        ),
        say("DeviceTwice", "Two machines have one id.", by(&twice, &[1, 2])),
    ]
}
