//! Why a desk note or a suspension does not count.

use crate::{
    id::{DeviceId, ReaderId},
    keyring::MAX_DEVICES,
};

/// Why a desk note or a suspension does not count; each message says what and what to do.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum DeskNoteError {
    /// The desk note belongs to another epoch.
    #[error(
        "the desk note is of epoch {found}, the keyring of epoch {expected}; no device was admitted"
    )]
    DeskOfOtherEpoch {
        /// The keyring's.
        expected: u32,
        /// The note's.
        found: u32,
    },
    /// The desk note belongs to a keyring with other words.
    #[error(
        "the desk note was signed for another keyring of the same epoch; no device was admitted"
    )]
    DeskOfOtherKeyring,
    /// More devices than a desk note holds.
    #[error("{found} devices; a desk note holds at most {MAX_DEVICES}; nothing was changed")]
    TooManyDevices {
        /// How many.
        found: usize,
    },
    /// A device's id or key stands twice, or is a reader's or root's key.
    #[error("device {id} has the id or key of another; nothing was changed; make it again")]
    DeviceTwice {
        /// The second one.
        id: DeviceId,
    },
    /// A device whose reader is not in the keyring.
    #[error(
        "device {device} belongs to reader {reader}, who is not in the keyring; no device was \
         admitted; take it out, or add its reader first"
    )]
    DeviceWithoutReader {
        /// Which device.
        device: DeviceId,
        /// Whose.
        reader: ReaderId,
    },

    /// The suspension was signed for a keyring that more than a renewal has followed.
    #[error(
        "the suspension of device {device} was signed for another keyring or device; it closes \
         nothing; sign it again for the newest keyring, or leave the device out of the next one"
    )]
    SuspensionOfOtherKeyring {
        /// Which device.
        device: DeviceId,
    },
}
