//! What a draft changes, in a list that a person can check before signing.

use serde::Serialize;

use crate::{
    admin::draft::{Base, Draft},
    clock::Day,
    keyring::{Device, Keyring, Reader, VouchLine},
    note::NamedKey,
};

/// Everything in which a draft differs from the keyring before it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// Who comes in.
    pub readers_in: Vec<Member>,
    /// Who vouches for whom of those.
    pub vouches: Vec<Vouched>,
    /// Who goes.
    pub readers_out: Vec<Member>,
    /// Machines that come in.
    pub devices_in: Vec<Member>,
    /// Machines that go.
    pub devices_out: Vec<Member>,
    /// Roots that come in.
    pub roots_in: Vec<Member>,
    /// Roots that go.
    pub roots_out: Vec<Member>,
    /// How many roots had to sign, and how many must now.
    pub threshold: Option<(usize, usize)>,
    /// The last day before, and now.
    pub not_after: Option<(Day, Day)>,
}

/// One reader's word for a new one, checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Vouched {
    /// The new reader.
    pub reader: String,
    /// Who vouches.
    pub voucher: String,
}

/// A reader, a machine or a root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Member {
    /// `reviewer`, `guardian`, `device` or `root`.
    pub what: &'static str,
    /// Its id; a root's name.
    pub id: String,
    /// Thirty digits to compare by voice.
    pub fingerprint: String,
}

impl Changes {
    /// Compares a draft with what it follows; in the first keyring everyone comes in.
    #[must_use]
    pub fn of(draft: &Draft, base: &Base, devices: &[Device]) -> Self {
        let Draft { keyring, desk, .. } = draft;
        let known = match base {
            Base::First(_) => None,
            Base::After(chain) => Some(chain.current().get()),
        };
        let readers = known.map(|known| known.readers.as_slice()).unwrap_or_default();
        let roots = known.map(|known| known.roots.as_slice()).unwrap_or_default();
        Self {
            readers_in: missing(&keyring.readers, readers, Member::reader),
            vouches: keyring.vouches.iter().map(vouched).collect(),
            readers_out: missing(readers, &keyring.readers, Member::reader),
            devices_in: missing(&desk.devices, devices, Member::device),
            devices_out: missing(devices, &desk.devices, Member::device),
            roots_in: missing(&keyring.roots, roots, Member::root),
            roots_out: missing(roots, &keyring.roots, Member::root),
            threshold: known.and_then(|k| differing(k.threshold, keyring.threshold)),
            not_after: known.and_then(|k: &Keyring| differing(k.not_after, keyring.not_after)),
        }
    }

    /// Whether nothing changes but the last day.
    #[must_use]
    pub fn only_prolongs(&self) -> bool {
        *self == Self { not_after: self.not_after, ..Self::default() }
    }
}

impl Member {
    /// A reader as in a keyring.
    #[must_use]
    pub fn reader(reader: &Reader) -> Self {
        Self {
            what: reader.role.word(),
            id: reader.id.to_string(),
            fingerprint: reader.fingerprint(),
        }
    }

    /// A machine as in a desk note.
    #[must_use]
    pub fn device(device: &Device) -> Self {
        Self { what: "device", id: device.id.to_string(), fingerprint: device.fingerprint() }
    }

    /// A root as in a keyring.
    #[must_use]
    pub fn root(root: &NamedKey) -> Self {
        Self { what: "root", id: root.name.as_str().to_owned(), fingerprint: root.fingerprint() }
    }
}

fn vouched(line: &VouchLine) -> Vouched {
    Vouched { reader: line.reader.to_string(), voucher: line.voucher.to_string() }
}

/// Those of `here` that are not in `there`.
fn missing<T: PartialEq>(here: &[T], there: &[T], member: fn(&T) -> Member) -> Vec<Member> {
    here.iter().filter(|one| !there.contains(one)).map(member).collect()
}

fn differing<T: PartialEq>(before: T, now: T) -> Option<(T, T)> {
    (before != now).then_some((before, now))
}
