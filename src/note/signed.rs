//! The note itself: read, signed, checked, written.

use data_encoding::BASE64;
use ed25519_dalek::{Signer as _, SigningKey};

use crate::note::{KeyName, MAX_NOTE_BYTES, MAX_SIGNATURES, NamedKey, NoteError};

/// A text of whole lines and the signatures under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<Signature>,
}

/// One signature line; of any type, since others may have signed as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Whose it claims to be.
    pub name: KeyName,
    /// The 4 bytes that stand for the key.
    pub hint: [u8; 4],
    /// The signature; 64 bytes if it is an Ed25519 one.
    pub bytes: Vec<u8>,
}

impl SignedNote {
    /// A note that nobody has signed yet.
    ///
    /// # Errors
    /// `TooLong`, `NoFinalNewline` or `ControlCharacter` of [`NoteError`].
    pub fn new(text: String) -> Result<Self, NoteError> {
        check_text(&text)?;
        Ok(Self { text, signatures: Vec::new() })
    }

    /// Reads a whole note with at least one signature; checks none of them.
    ///
    /// # Errors
    /// [`NoteError`] for whatever is not exactly as the format says.
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        check_text(note)?;
        let (body, below) = note.rsplit_once("\n\n").ok_or(NoteError::NoSignatures)?;
        let lines = below.strip_suffix('\n').ok_or(NoteError::NoSignatures)?;
        if lines.split('\n').count() > MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures);
        }
        let numbered = (1_usize..).zip(lines.split('\n'));
        let signatures = numbered
            .map(|(line, text)| parse_line(text).ok_or(NoteError::SignatureLine { line }))
            .collect::<Result<_, _>>()?;
        Ok(Self { text: format!("{body}\n"), signatures })
    }

    /// The text that was signed, with its last newline.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines in their order.
    #[must_use]
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Adds the signature of `key` under `name`; a second time changes nothing.
    pub fn sign(&mut self, name: &KeyName, key: &SigningKey) {
        let named = NamedKey { name: name.clone(), key: key.verifying_key() };
        let bytes = key.sign(self.text.as_bytes()).to_bytes().to_vec();
        let signature = Signature { hint: named.hint(), name: named.name, bytes };
        if !self.signatures.contains(&signature) {
            self.signatures.push(signature);
        }
    }

    /// Those of `keys` that signed this text, each once; signatures of others are passed over.
    ///
    /// # Errors
    /// [`NoteError::WrongSignature`] if a line names one of `keys` and does not fit the text.
    pub fn signers<'k>(&self, keys: &'k [NamedKey]) -> Result<Vec<&'k NamedKey>, NoteError> {
        let mut signers: Vec<&NamedKey> = Vec::new();
        for signature in &self.signatures {
            let named = |k: &&NamedKey| k.name == signature.name && k.hint() == signature.hint;
            for key in keys.iter().filter(named) {
                self.check_one(key, signature)?;
                if signers.iter().all(|known| known.key != key.key) {
                    signers.push(key);
                }
            }
        }
        Ok(signers)
    }

    /// The first signature line that belongs to none of `keys`.
    #[must_use]
    pub fn stranger(&self, keys: &[NamedKey]) -> Option<&Signature> {
        self.signatures.iter().find(|s| keys.iter().all(|k| k.name != s.name || k.hint() != s.hint))
    }

    /// The whole note, as [`SignedNote::parse`] reads it.
    #[must_use]
    pub fn to_text(&self) -> String {
        let lines: String = self.signatures.iter().map(write_line).collect();
        format!("{}\n{lines}", self.text)
    }

    fn check_one(&self, key: &NamedKey, signature: &Signature) -> Result<(), NoteError> {
        let wrong = || NoteError::WrongSignature { name: key.name.as_str().to_owned() };
        let signed = ed25519_dalek::Signature::from_slice(&signature.bytes).map_err(|_| wrong())?;
        key.key.verify_strict(self.text.as_bytes(), &signed).map_err(|_| wrong())
    }
}

fn check_text(text: &str) -> Result<(), NoteError> {
    if text.len() > MAX_NOTE_BYTES {
        return Err(NoteError::TooLong);
    }
    if text.bytes().any(|b| b < b' ' && b != b'\n') {
        return Err(NoteError::ControlCharacter);
    }
    if !text.ends_with('\n') {
        return Err(NoteError::NoFinalNewline);
    }
    Ok(())
}

fn parse_line(line: &str) -> Option<Signature> {
    let (name, coded) = line.strip_prefix(DASH)?.split_once(' ')?;
    let name = KeyName::parse(name).ok()?;
    // The decoder takes several padded texts after one another; a signature has one spelling only.
    let bytes = BASE64.decode(coded.as_bytes()).ok().filter(|b| BASE64.encode(b) == coded)?;
    let (hint, bytes) = bytes.split_first_chunk::<4>()?;
    let signature = Signature { name, hint: *hint, bytes: bytes.to_vec() };
    // Base64 that ends in the middle and begins anew would be a second spelling of the same note, and
    // keyrings name each other by the digest of all its bytes.
    let only = write_line(&signature).strip_suffix('\n') == Some(line);
    (only && !bytes.is_empty()).then_some(signature)
}

fn write_line(signature: &Signature) -> String {
    let Signature { name, hint, bytes } = signature;
    let coded = BASE64.encode(&[hint.as_slice(), bytes].concat());
    format!("{DASH}{} {coded}\n", name.as_str())
}

/// Em dash and space, before every signature.
const DASH: &str = "\u{2014} ";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // Published in the documentation of golang.org/x/mod/sumdb/note.
    const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const PETER_SECRET: &str = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const TEXT: &str = "If you think cryptography is the answer to your problem,\n\
                        then you don't know what your problem is.\n";
    const LINE: &str = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    fn peter() -> (NamedKey, SigningKey) {
        let typed = BASE64.decode(PETER_SECRET.as_bytes()).unwrap();
        let seed: [u8; 32] = typed[1..].try_into().unwrap();
        (NamedKey::parse(PETER).unwrap(), SigningKey::from_bytes(&seed))
    }

    fn key(n: u8) -> (NamedKey, SigningKey) {
        let secret = SigningKey::from_bytes(&[n; 32]);
        let name = KeyName::parse(&format!("key-{n}")).unwrap();
        (NamedKey { name, key: secret.verifying_key() }, secret)
    }

    #[test]
    fn the_published_note_is_made_byte_for_byte_and_verified() {
        let (named, secret) = peter();
        let published = format!("{TEXT}\n{LINE}");
        let mut note = SignedNote::new(TEXT.to_owned()).unwrap();
        note.sign(&named.name, &secret);
        assert_eq!(note.to_text(), published);
        let read = SignedNote::parse(&published).unwrap();
        assert_eq!(read.signers(std::slice::from_ref(&named)).unwrap(), [&named]);
        assert_eq!(read.text(), TEXT);
    }

    #[test]
    fn the_text_may_hold_blank_lines_and_other_scripts() {
        // The example of the specification: the last blank line divides.
        let published = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\n\
            ed è subito sera.\n\n\u{2014} quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";
        let note = SignedNote::parse(published).unwrap();
        assert!(note.text().ends_with(":\n\ned è subito sera.\n"));
        assert_eq!(note.to_text(), published);
        assert_eq!(note.signers(&[peter().0]), Ok(vec![]), "an unknown key is passed over");
        assert_eq!(
            note.stranger(&[peter().0]).unwrap().name.as_str(),
            "quasimodo.example/salvatore"
        );
    }

    #[test]
    fn base64_in_two_pieces_is_no_second_spelling_of_a_signature_or_a_key() {
        let in_two = |coded: &str| {
            let bytes = BASE64.decode(coded.as_bytes()).unwrap();
            let (first, rest) = bytes.split_at(1);
            let pieces = format!("{}{}", BASE64.encode(first), BASE64.encode(rest));
            assert_eq!(BASE64.decode(pieces.as_bytes()).unwrap(), bytes, "it means the same");
            pieces
        };
        let coded = LINE.trim_end().rsplit(' ').next().unwrap();
        let other = LINE.replace(coded, &in_two(coded));
        assert_eq!(
            SignedNote::parse(&format!("{TEXT}\n{other}")),
            Err(NoteError::SignatureLine { line: 1 })
        );
        let coded = PETER.rsplit('+').next().unwrap();
        let other = PETER.replace(coded, &in_two(coded));
        assert_eq!(NamedKey::parse(&other), Err(NoteError::KeyShape));
        let key = crate::note::write_key(&peter().0.key);
        assert_eq!(crate::note::parse_key(&in_two(&key)), Err(NoteError::KeyShape));
    }

    #[test]
    fn an_edited_text_refuses_the_whole_note() {
        let (named, _) = peter();
        let edited = format!("{}\n{LINE}", TEXT.replace("answer", "Answer"));
        let wrong = NoteError::WrongSignature { name: "PeterNeumann".into() };
        assert_eq!(SignedNote::parse(&edited).unwrap().signers(&[named]), Err(wrong));
    }

    #[test]
    fn one_wrong_signature_of_a_known_key_spoils_a_right_one() {
        let ((one, one_secret), (two, _)) = (key(1), key(2));
        let mut note = SignedNote::new("text\n".into()).unwrap();
        note.sign(&one.name, &one_secret);
        note.signatures.push(Signature {
            name: two.name.clone(),
            hint: two.hint(),
            bytes: vec![7; 64],
        });
        assert_eq!(note.signers(std::slice::from_ref(&one)).unwrap().len(), 1);
        let wrong = NoteError::WrongSignature { name: "key-2".into() };
        assert_eq!(note.signers(&[one.clone(), two.clone()]), Err(wrong.clone()));
        note.signatures[1].bytes = vec![7; 12];
        assert_eq!(note.signers(&[one, two]), Err(wrong));
    }

    #[test]
    fn a_key_counts_once_however_often_it_signs_and_whatever_it_is_called() {
        let (one, secret) = key(1);
        let alias = NamedKey { name: KeyName::parse("alias").unwrap(), key: one.key };
        let mut note = SignedNote::new("text\n".into()).unwrap();
        note.sign(&one.name, &secret);
        note.sign(&one.name, &secret);
        assert_eq!(note.signatures().len(), 1);
        note.sign(&alias.name, &secret);
        let doubled = note.signatures[0].clone();
        note.signatures.push(doubled);
        assert_eq!(note.signers(&[one, alias]).unwrap().len(), 1);
    }

    #[test]
    fn a_name_or_a_hint_alone_does_not_make_a_key_known() {
        let ((one, secret), (two, _)) = (key(1), key(2));
        let mut note = SignedNote::new("text\n".into()).unwrap();
        note.sign(&two.name, &secret);
        assert_eq!(note.signers(&[one, two]), Ok(vec![]));
    }

    #[test]
    fn each_malformed_note_is_refused_for_its_own_reason() {
        let line = |n| NoteError::SignatureLine { line: n };
        let cases = [
            (String::new(), NoteError::NoFinalNewline),
            (TEXT.trim_end().to_owned(), NoteError::NoFinalNewline),
            (TEXT.to_owned(), NoteError::NoSignatures),
            (format!("{TEXT}\n"), NoteError::NoSignatures),
            (format!("{TEXT}\n{LINE}\n"), NoteError::NoSignatures),
            (format!("{TEXT}\n{}", LINE.trim_end()), NoteError::NoFinalNewline),
            (format!("{TEXT}\n{}", LINE.replace('\u{2014}', "-")), line(1)),
            (
                format!("{TEXT}\n{LINE}{}", LINE.replace("N ", "N  ").replace("n x", "n  x")),
                line(2),
            ),
            (format!("{TEXT}\n{}", LINE.replace("AM=", "AM")), line(1)),
            (format!("{TEXT}\n{}", LINE.replace("AM=", "AN=")), line(1)),
            (format!("{TEXT}\n\u{2014} a AAAAAA==\n"), line(1)),
            (format!("{TEXT}\r\n\n{LINE}"), NoteError::ControlCharacter),
            (format!("{TEXT}\n{}", LINE.repeat(101)), NoteError::TooManySignatures),
            (format!("{}\n\n{LINE}", "x".repeat(MAX_NOTE_BYTES)), NoteError::TooLong),
        ];
        for (note, why) in cases {
            assert_eq!(SignedNote::parse(&note), Err(why), "{note:.200}");
        }
        assert!(SignedNote::parse(&format!("{TEXT}\n{}", LINE.repeat(100))).is_ok());
    }

    #[test]
    fn a_signature_has_one_spelling() {
        let (name, key) = (KeyName::parse("one").unwrap(), SigningKey::from_bytes(&[1; 32]));
        let mut note = SignedNote::new("text\n".to_owned()).unwrap();
        note.sign(&name, &key);
        let text = note.to_text();
        let (before, after) = text.trim_end().split_at(text.len() - 7);
        let other = format!("{before}={after}\n");
        assert!(SignedNote::parse(&other).is_err(), "{other}");
        let two = text.trim_end().to_owned() + "AAA=\n";
        assert!(SignedNote::parse(&two).is_err(), "{two}");
    }

    proptest! {
        #[test]
        fn a_signed_text_survives_being_written_down(text in "[ -~а-яёңөү\n]{0,200}", n in 1_u8..9) {
            let (named, secret) = key(n);
            let mut note = SignedNote::new(format!("{text}\n")).unwrap();
            note.sign(&named.name, &secret);
            let read = SignedNote::parse(&note.to_text()).unwrap();
            prop_assert_eq!(&read, &note);
            prop_assert_eq!(read.signers(&[named]).unwrap().len(), 1);
        }

        #[test]
        fn what_is_read_is_written_back_and_nothing_panics(
            place in 0..300_usize, with in "\\PC{0,3}|\n{1,2}|\u{2014} "
        ) {
            let mut chars: Vec<char> = format!("{TEXT}\n{LINE}").chars().collect();
            let place = place.min(chars.len());
            chars.splice(place..place.saturating_add(1).min(chars.len()), with.chars());
            let mutated: String = chars.into_iter().collect();
            if let Ok(note) = SignedNote::parse(&mutated) {
                prop_assert_eq!(note.to_text(), mutated.clone());
                let signed = note.signers(&[peter().0]).is_ok_and(|s| s.len() == 1);
                prop_assert!(!signed || note.text() == TEXT, "{}", mutated);
            }
        }
    }
}
