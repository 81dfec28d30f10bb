//! What the fuzz targets run, for `fuzz/` and for the ordinary tests that replay its corpora.

pub(crate) mod casebook;
pub(crate) mod checkpoint;
pub(crate) mod desk_request;
pub(crate) mod exhibits;
pub(crate) mod journal;
pub(crate) mod keyring;
pub(crate) mod multipart;
pub(crate) mod outbox;
pub(crate) mod page;
pub(crate) mod receipt;
pub(crate) mod reply;
pub(crate) mod stage;
pub(crate) mod terminal;

/// Runs one input and says whether it was taken for what the target reads; it panics if a promise does
/// not hold.
pub(crate) type Target = fn(&[u8]) -> bool;

/// Every target by the name of its corpus.
pub(crate) const TARGETS: [(&str, Target); 12] = [
    ("casebook", casebook::run),
    ("checkpoint", checkpoint::run),
    ("desk_request", desk_request::run),
    ("exhibits", exhibits::run),
    ("journal", journal::run),
    ("keyring", keyring::run),
    ("multipart", multipart::run),
    ("outbox", outbox::run),
    ("page", page::run),
    ("receipt", receipt::run),
    ("reply", reply::run),
    ("terminal", terminal::run),
];
