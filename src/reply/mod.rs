//! What a reviewer answers to a witness: a text that its reader signed, for one mailbox alone.
//!
//! Promises:
//! 1. A reply counts only with the one signature of the reader that it names, who stands in the
//!    keyring that it names, and that keyring in the chain ([`SignedReply::verify`]).
//! 2. It counts only for the reply recipient that it names, so a server that hands it to another
//!    witness is seen; and only under the name that follows from its text and signature, so a server
//!    that stores it twice is seen.
//! 3. Its number counts within one reader's replies to one testimony. Two readers who answer on the
//!    same day offline never take the same place; one place taken twice is refused ([`Places`]).
//! 4. The text holds no control character, and has one spelling.
//!
//! Does not: seal, know where a reply lies, or choose whom it goes to: the opened cover says that.
//!
//! Spec: `docs/format/reply.md`.

mod error;
mod places;
mod signed;
#[cfg(test)]
mod tests;
mod text;

pub use error::ReplyError;
pub use places::Places;
pub use signed::SignedReply;
pub use text::Reply;

/// Longest text of a reply, in bytes.
pub const MAX_TEXT: usize = 12 << 10;
/// Longest reply with its signature, in bytes.
pub const MAX_BYTES: usize = 16 << 10;
