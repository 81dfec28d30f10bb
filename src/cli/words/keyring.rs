//! The words of everything that is wrong with keyrings and the files that lead to one.

use std::error::Error;

use super::{Told, Words, told};
use crate::{
    keyring::{
        DeskNoteError, KeyringError, MAX_DEVICES, MAX_READERS, MAX_ROOTS, ORGANISATION_BYTES,
    },
    note::NoteError,
};

pub(super) fn of(error: &(dyn Error + 'static)) -> Option<Words> {
    told::<KeyringError>(error)
        .or_else(|| told::<DeskNoteError>(error))
        .or_else(|| told::<NoteError>(error))
}

impl Told for KeyringError {
    fn words(&self) -> Words {
        match self {
            Self::Note(cause) => Words::of("keyring-note").why(cause.words()),
            Self::Line { .. }
            | Self::NotCanonical { .. }
            | Self::TooLong { .. }
            | Self::Kind
            | Self::Organisation
            | Self::Address
            | Self::Gap { .. }
            | Self::Unreadable { .. }
            | Self::NothingPublished
            | Self::NoProof { .. } => written(self),
            Self::RootCount { .. }
            | Self::Threshold { .. }
            | Self::RootTwice { .. }
            | Self::TooManyReaders { .. }
            | Self::ReaderTwice { .. }
            | Self::RecipientTwice { .. }
            | Self::SigningKeyTwice { .. }
            | Self::MixedKinds { .. }
            | Self::Since { .. }
            | Self::Previous { .. }
            | Self::NoGuardian => inside(self),
            Self::OtherRoots
            | Self::OtherOrganisation { .. }
            | Self::EpochSkipped { .. }
            | Self::EpochForked { .. }
            | Self::EpochRepeated { .. }
            | Self::RolledBack { .. }
            | Self::PreviousDiffers { .. }
            | Self::SaltChanged
            | Self::TooFewSignatures { .. }
            | Self::StrangeSignature { .. }
            | Self::ReaderChanged { .. } => following(self),
            Self::TooFewVouches { .. }
            | Self::NoGuardianVouches { .. }
            | Self::NotAVoucher { .. }
            | Self::WrongVouch { .. }
            | Self::VouchOfOtherKeyring { .. }
            | Self::VouchOutOfPlace { .. }
            | Self::NoLivingReader { .. }
            | Self::NoLivingGuardian { .. }
            | Self::IdUsedBefore { .. }
            | Self::KeyUsedBefore { .. }
            | Self::RootUsedBefore { .. }
            | Self::NotARenewal { .. } => coming_and_going(self),
            Self::Expired { .. } | Self::TooLongLived { .. } => today(self),
            Self::Desk(cause) => cause.words(),
        }
    }
}

/// On the day of asking.
#[expect(clippy::wildcard_enum_match_arm, reason = "the caller's match names every variant")]
fn today(error: &KeyringError) -> Words {
    match error {
        KeyringError::Expired { not_after, today } => {
            Words::of("keyring-expired").with("last", not_after).with("today", today)
        }
        KeyringError::TooLongLived { not_after, today } => {
            Words::of("keyring-too-long-lived").with("last", not_after).with("today", today)
        }
        other => Words::english(other),
    }
}

/// How it is written, and where it lies.
#[expect(clippy::wildcard_enum_match_arm, reason = "the caller's match names every variant")]
fn written(error: &KeyringError) -> Words {
    match error {
        KeyringError::Line { what, line, expected } => {
            let words = Words::of("keyring-line").with("file", what).with("expected", expected);
            words.count("line", *line)
        }
        KeyringError::NotCanonical { what } => {
            Words::of("keyring-not-canonical").with("file", what)
        }
        KeyringError::TooLong { what, limit } => {
            Words::of("keyring-too-long").with("file", what).count("limit", *limit)
        }
        KeyringError::Kind => Words::of("keyring-kind"),
        KeyringError::Organisation => {
            Words::of("keyring-organisation").count("most", ORGANISATION_BYTES)
        }
        KeyringError::Address => Words::of("keyring-address"),
        KeyringError::Gap { missing } => Words::of("keyring-gap").with("file", missing),
        KeyringError::Unreadable { file, kind } => Words::of("keyring-unreadable")
            .with("file", file)
            .why(super::plain::of_kind(*kind, &kind.to_string())),
        KeyringError::NothingPublished => Words::of("keyring-nothing-published"),
        KeyringError::NoProof { what } => Words::of("keyring-no-proof").with("file", what),
        other => Words::english(other),
    }
}

/// What it says.
#[expect(clippy::wildcard_enum_match_arm, reason = "the caller's match names every variant")]
fn inside(error: &KeyringError) -> Words {
    match error {
        KeyringError::RootCount { found } => {
            Words::of("keyring-root-count").count("found", *found).count("most", MAX_ROOTS)
        }
        KeyringError::Threshold { threshold, roots } => {
            Words::of("keyring-threshold").count("threshold", *threshold).count("roots", *roots)
        }
        KeyringError::RootTwice { name } => Words::of("keyring-root-twice").with("name", name),
        KeyringError::TooManyReaders { found } => {
            Words::of("keyring-too-many-readers").count("found", *found).count("most", MAX_READERS)
        }
        KeyringError::MixedKinds { id } => Words::of("keyring-mixed-kinds").with("reader", id),
        KeyringError::ReaderTwice { id }
        | KeyringError::RecipientTwice { id }
        | KeyringError::SigningKeyTwice { id } => {
            Words::of("keyring-reader-twice").with("reader", id)
        }
        KeyringError::Since { id, since } => {
            Words::of("keyring-since").with("reader", id).with("epoch", since)
        }
        KeyringError::Previous { epoch } => Words::of("keyring-previous").with("epoch", epoch),
        KeyringError::NoGuardian => Words::of("keyring-no-guardian"),
        other => Words::english(other),
    }
}

/// How it follows from what is trusted.
#[expect(clippy::wildcard_enum_match_arm, reason = "the caller's match names every variant")]
fn following(error: &KeyringError) -> Words {
    match error {
        KeyringError::OtherRoots => Words::of("keyring-other-roots"),
        KeyringError::OtherOrganisation { expected, found } => {
            let words = Words::of("keyring-other-organisation");
            words.with("expected", expected).with("found", found)
        }
        KeyringError::EpochSkipped { expected, found } => {
            let words = Words::of("keyring-epoch-skipped");
            words.with("expected", expected).with("found", found)
        }
        KeyringError::EpochForked { epoch } => {
            Words::of("keyring-epoch-forked").with("epoch", epoch)
        }
        KeyringError::EpochRepeated { epoch } => {
            Words::of("keyring-epoch-repeated").with("epoch", epoch)
        }
        KeyringError::RolledBack { seen } => Words::of("keyring-rolled-back").with("epoch", seen),
        KeyringError::PreviousDiffers { epoch } => {
            Words::of("keyring-previous-differs").with("epoch", epoch)
        }
        KeyringError::SaltChanged => Words::of("keyring-salt-changed"),
        KeyringError::TooFewSignatures { epoch, needed, found } => {
            let words = Words::of("keyring-too-few-signatures").with("epoch", epoch);
            words.count("needed", *needed).count("found", *found)
        }
        KeyringError::StrangeSignature { name } => {
            Words::of("keyring-strange-signature").with("name", name)
        }
        KeyringError::ReaderChanged { id } => {
            Words::of("keyring-reader-changed").with("reader", id)
        }
        other => Words::english(other),
    }
}

/// Who comes, by whose word, and who stays.
#[expect(clippy::wildcard_enum_match_arm, reason = "the caller's match names every variant")]
fn coming_and_going(error: &KeyringError) -> Words {
    match error {
        KeyringError::TooFewVouches { id, needed, found } => {
            let words = Words::of("keyring-too-few-vouches").with("reader", id);
            words.count("needed", *needed).count("found", *found)
        }
        KeyringError::NoGuardianVouches { id } => {
            Words::of("keyring-no-guardian-vouches").with("reader", id)
        }
        KeyringError::NotAVoucher { id } => Words::of("keyring-not-a-voucher").with("reader", id),
        KeyringError::WrongVouch { reader, voucher }
        | KeyringError::VouchOutOfPlace { reader, voucher } => {
            Words::of("keyring-wrong-vouch").with("reader", reader).with("voucher", voucher)
        }
        KeyringError::VouchOfOtherKeyring { voucher } => {
            Words::of("keyring-vouch-of-other").with("voucher", voucher)
        }
        KeyringError::NoLivingReader { epoch } => {
            Words::of("keyring-no-living-reader").with("epoch", epoch)
        }
        KeyringError::NoLivingGuardian { epoch } => {
            Words::of("keyring-no-living-guardian").with("epoch", epoch)
        }
        KeyringError::IdUsedBefore { id, epoch } | KeyringError::KeyUsedBefore { id, epoch } => {
            Words::of("keyring-used-before").with("reader", id).with("epoch", epoch)
        }
        KeyringError::RootUsedBefore { name, epoch } => {
            Words::of("keyring-root-used-before").with("name", name).with("epoch", epoch)
        }
        KeyringError::NotARenewal { epoch } => {
            Words::of("keyring-not-a-renewal").with("epoch", epoch)
        }
        other => Words::english(other),
    }
}

impl Told for DeskNoteError {
    fn words(&self) -> Words {
        match self {
            Self::DeskOfOtherEpoch { .. } | Self::DeskOfOtherKeyring => {
                Words::of("keyring-desk-of-other")
            }
            Self::TooManyDevices { found } => Words::of("keyring-too-many-devices")
                .count("found", *found)
                .count("most", MAX_DEVICES),
            Self::DeviceTwice { id } => Words::of("keyring-device-twice").with("device", id),
            Self::SuspensionOfOtherKeyring { device } => {
                Words::of("keyring-suspension-of-other").with("device", device)
            }
            Self::DeviceWithoutReader { device, reader } => {
                let words = Words::of("keyring-device-without-reader");
                words.with("device", device).with("reader", reader)
            }
        }
    }
}

impl Told for NoteError {
    fn words(&self) -> Words {
        match self {
            Self::TooLong
            | Self::NoFinalNewline
            | Self::ControlCharacter
            | Self::TooManySignatures
            | Self::SignatureLine { .. } => Words::of("note-shape"),
            Self::NoSignatures => Words::of("note-no-signatures"),
            Self::KeyName | Self::KeyShape | Self::KeyType | Self::KeyHash | Self::KeyBytes => {
                Words::of("note-key")
            }
            Self::WrongSignature { name } => Words::of("note-wrong-signature").with("name", name),
        }
    }
}
