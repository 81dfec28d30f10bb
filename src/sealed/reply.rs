//! Sealing a reply to the one recipient that the opened cover names, or its draft to its author.

use zeroize::Zeroizing;

use crate::{
    padding,
    sealed::{SealError, seal_to},
};

/// Sizes of a reply before sealing, in bytes; no other sizes exist.
pub const REPLY_SIZES: [usize; 4] = [4 << 10, 8 << 10, 12 << 10, 16 << 10];

/// Largest sealed reply, in bytes.
pub const MAX_SEALED_REPLY: usize = 20 << 10;

/// Seals the text of a signed reply, padded with spaces to the next of [`REPLY_SIZES`].
///
/// # Errors
/// [`SealError::ReplyTooLarge`] if it needs more than 16 KiB, [`SealError::BadRecipient`].
pub fn seal_reply(signed: &str, to: &impl age::Recipient) -> Result<Vec<u8>, SealError> {
    let bytes = signed.len();
    let size = padding::step(bytes, &REPLY_SIZES).ok_or(SealError::ReplyTooLarge { bytes })?;
    let mut padded = Zeroizing::new(Vec::with_capacity(size));
    padded.extend_from_slice(signed.as_bytes());
    padded.resize(size, b' ');
    seal_to(std::slice::from_ref(to), &padded)
}
