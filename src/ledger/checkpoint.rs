//! Checkpoints: size and root of a tree, signed (c2sp.org/tlog-checkpoint).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::SigningKey;

use crate::{
    digest::Digest,
    note::{KeyName, NamedKey, NoteError, SignedNote},
};

/// Longest origin, in bytes.
const MAX_ORIGIN: usize = 256;

/// Size and root of a tree at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whose tree: one line of 1 to 256 bytes; here the organisation.
    pub origin: String,
    /// Leaves.
    pub size: u64,
    /// The root over them.
    pub root: Digest,
}

impl Checkpoint {
    /// Writes it as a note and signs that.
    ///
    /// # Errors
    /// [`CheckpointError::Shape`] if the origin is no line, or [`CheckpointError::Note`].
    pub fn sign(&self, name: &KeyName, key: &SigningKey) -> Result<SignedNote, CheckpointError> {
        let text = self.to_text();
        if Self::parse(&text)? != *self {
            return Err(CheckpointError::Shape);
        }
        let mut note = SignedNote::new(text)?;
        note.sign(name, key);
        Ok(note)
    }

    /// Reads a note and believes it if `key` signed it; the caller compares the origin.
    ///
    /// # Errors
    /// [`CheckpointError::NotSigned`], [`CheckpointError::Shape`], or [`CheckpointError::Note`]
    /// if it is no note or a signature is wrong.
    pub fn verify(note: &str, key: &NamedKey) -> Result<Self, CheckpointError> {
        let note = SignedNote::parse(note)?;
        if note.signers(std::slice::from_ref(key))?.is_empty() {
            return Err(CheckpointError::NotSigned);
        }
        Self::parse(note.text())
    }

    fn to_text(&self) -> String {
        let root = STANDARD.encode(self.root.as_bytes());
        format!("{}\n{}\n{root}\n", self.origin, self.size)
    }

    /// Reads exactly what [`Checkpoint::to_text`] writes; extension lines are refused.
    fn parse(text: &str) -> Result<Self, CheckpointError> {
        let lines: Vec<&str> = text.split('\n').collect();
        let [origin, size, root, ""] = lines.as_slice() else { return Err(CheckpointError::Shape) };
        let root: Option<[u8; 32]> =
            STANDARD.decode(root).ok().and_then(|root| root.try_into().ok());
        let (Ok(size), Some(root)) = (size.parse(), root) else {
            return Err(CheckpointError::Shape);
        };
        let read = Self { origin: (*origin).to_owned(), size, root: Digest::from_bytes(root) };
        let whole = (1..=MAX_ORIGIN).contains(&origin.len()) && read.to_text() == text;
        if whole { Ok(read) } else { Err(CheckpointError::Shape) }
    }
}

/// Why a checkpoint is not believed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CheckpointError {
    /// It is no note, or the key's signature does not fit it.
    #[error("the checkpoint is not a good note: {0}")]
    Note(#[from] NoteError),
    /// The key did not sign it.
    #[error("the checkpoint is not signed by the ledger key that was expected")]
    NotSigned,
    /// Its text is not an origin, a size and a root.
    #[error("the checkpoint is not three lines of origin, size and root")]
    Shape,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> (KeyName, SigningKey, NamedKey) {
        let (name, key) = (KeyName::parse("ledger").unwrap(), SigningKey::from_bytes(&[5; 32]));
        let named = NamedKey { name: name.clone(), key: key.verifying_key() };
        (name, key, named)
    }

    fn checkpoint() -> Checkpoint {
        Checkpoint { origin: "Organisation A".to_owned(), size: 42, root: Digest::of(b"root") }
    }

    #[test]
    fn the_text_of_a_checkpoint_is_origin_size_and_root() {
        let empty = Checkpoint { size: 0, root: Digest::of(b""), ..checkpoint() };
        let text = "Organisation A\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
        assert_eq!(empty.to_text(), text);
    }

    #[test]
    fn a_signed_checkpoint_is_believed() {
        let (name, key, named) = key();
        let note = checkpoint().sign(&name, &key).unwrap().to_text();
        assert_eq!(Checkpoint::verify(&note, &named), Ok(checkpoint()));
    }

    #[test]
    fn a_checkpoint_of_another_key_or_an_edited_one_is_refused() {
        let (name, key, named) = key();
        let note = checkpoint().sign(&name, &key).unwrap().to_text();
        let stranger = SigningKey::from_bytes(&[6; 32]).verifying_key();
        let stranger = NamedKey { name: name.clone(), key: stranger };
        assert_eq!(Checkpoint::verify(&note, &stranger), Err(CheckpointError::NotSigned));
        let edited = note.replacen("42", "43", 1);
        assert!(matches!(Checkpoint::verify(&edited, &named), Err(CheckpointError::Note(_))));
    }

    #[test]
    fn an_origin_that_is_no_line_is_not_signed() {
        let (name, key, _) = key();
        for origin in ["", "a\n7", "a\n", &"a".repeat(MAX_ORIGIN + 1)] {
            let bad = Checkpoint { origin: origin.to_owned(), ..checkpoint() };
            assert!(bad.sign(&name, &key).is_err(), "{origin:?}");
        }
    }

    #[test]
    fn a_text_with_another_shape_is_refused() {
        let good = checkpoint().to_text();
        for bad in [
            good.replace("42", "042"),
            good.replace("42", "+42"),
            good.replace("42", "-1"),
            good.replace("42", "18446744073709551616"),
            good.replace("=\n", "\n"),
            format!("{good}extension\n"),
            good.trim_end().to_owned(),
            "a\n1\n\n".to_owned(),
            String::new(),
        ] {
            assert_eq!(Checkpoint::parse(&bad), Err(CheckpointError::Shape), "{bad:?}");
        }
    }
}
