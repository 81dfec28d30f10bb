//! Signed notes: a short text and, under it, one line per signature.
//!
//! Promises: 1. [`SignedNote::parse`] gives back exactly what [`SignedNote::to_text`] wrote and
//! refuses everything that has a second spelling; 2. a signature counts only for a key that the
//! caller named, checked strictly (no small-order keys, no second form of a signature); 3. a key
//! counts once, however often it signed and whatever it is called; 4. a wrong signature of a named
//! key refuses the whole note; 5. bounds are checked before anything is taken in.
//! Does not: decide how many signatures are enough, or read the text: that is for who signs.
//! Spec: <https://c2sp.org/signed-note>, type 0x01 (Ed25519, RFC 8032); `docs/format/note.md`.

mod key;
mod signed;

pub use key::{KeyName, NamedKey, parse_key, write_key};
pub use signed::{Signature, SignedNote};

/// The longest note that is read, in bytes.
pub const MAX_NOTE_BYTES: usize = 1 << 20;
/// The most signature lines a note may carry.
pub const MAX_SIGNATURES: usize = 100;

/// Why something is no signed note, no key, or not properly signed.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum NoteError {
    /// More than [`MAX_NOTE_BYTES`].
    #[error("the note is longer than {MAX_NOTE_BYTES} bytes")]
    TooLong,
    /// The last character is not a newline.
    #[error("the text does not end with a newline")]
    NoFinalNewline,
    /// A character below U+0020 other than newline.
    #[error("the text holds a control character; notes are plain lines")]
    ControlCharacter,
    /// No blank line with signature lines after it.
    #[error("the note carries no signature")]
    NoSignatures,
    /// More than [`MAX_SIGNATURES`].
    #[error("the note carries more than {MAX_SIGNATURES} signatures")]
    TooManySignatures,
    /// A line under the blank line is not `— name base64`.
    #[error("signature line {line} is not an em dash, a name and base64")]
    SignatureLine {
        /// Counted from 1 under the blank line.
        line: usize,
    },
    /// The name of a key is empty, too long, or holds a space or a plus.
    #[error("a key's name is empty, over {} bytes, or holds a space or a plus", KeyName::MAX_BYTES)]
    KeyName,
    /// The text is not `name+hash+base64`.
    #[error("not a verifier key of the form name+hash+base64")]
    KeyShape,
    /// The key is of a type other than Ed25519.
    #[error("the verifier key is not an Ed25519 key")]
    KeyType,
    /// The hash inside the verifier key belongs to another name or key.
    #[error("the verifier key's hash does not fit its name and key: it was mistyped or edited")]
    KeyHash,
    /// The 32 bytes are no point of the curve, or one that fits any signature.
    #[error("the bytes are no usable Ed25519 key")]
    KeyBytes,
    /// A named key's signature does not fit the text.
    #[error("the signature of {name} does not fit the text: it was edited after signing")]
    WrongSignature {
        /// The key's name.
        name: String,
    },
}
