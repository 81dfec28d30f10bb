//! What the doctors of all roles look at: the machine, the keyring, a workspace, the wording.
//!
//! Promises: 1. a look changes nothing: it takes no lock and writes no file; 2. what cannot be seen from
//! here is said, never taken for good; 3. the day is a parameter.
//! Does not: know a role; those add their own checks. Spec: `docs/cli.md`, "Doctor".

mod keyring;
mod machine;
mod wording;
mod workspace;

pub use keyring::{ahead, beside, keyring, published_in, suspended};
pub use machine::{
    age_in_days, disk, disk_is_sealed, disk_keeps, network, private, swap, time_of_files,
    unreadable,
};
pub use wording::wording;
pub use workspace::{keyring_of, last_sync, one_laptop, outbox, rewraps};
