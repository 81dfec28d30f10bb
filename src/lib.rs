//! sandyk takes testimony that a state cannot read.
//!
//! The modules below stand in the order of their layers: a module imports only what stands above
//! it in this list, and `tests/architecture.rs` holds the exact table. `ARCHITECTURE.md` tells the
//! life of one testimony through them.

// Wiped on free. jemalloc gives back what a flood has taken a second later, also where memory is locked;
// glibc kept three quarters of it for its threads (docs/measurements.md).
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<tikv_jemallocator::Jemalloc> =
    zeroizing_alloc::ZeroAlloc(tikv_jemallocator::Jemalloc);

// 0 ground: no keys, no network
pub mod clock;
pub mod digest;
pub mod files;
pub mod id;
pub mod locale;
pub mod padding;
pub mod process;
pub mod secret;

// 1 nouns
#[cfg(any(feature = "review", feature = "sync"))]
pub mod attention;
pub mod finding;
pub mod forget;
pub mod hybrid;
pub mod keyring;
pub mod note;
pub mod paper;
pub mod receipt;
pub mod recipient;
pub mod reply;
pub mod rewrap;
pub mod testimony;

// 2 formats
#[cfg(feature = "open")]
pub mod casebook;
pub mod ledger;
pub mod sealed;
#[cfg(any(feature = "serve", feature = "sync"))]
pub mod wire;

// 3 places
pub mod config;
pub mod doctor;
#[cfg(feature = "serve")]
pub mod store;

// 4 roles
#[cfg(feature = "admin")]
pub mod admin;
#[cfg(feature = "serve")]
pub mod desk;
#[cfg(feature = "serve")]
pub mod intake;
#[cfg(feature = "review")]
pub mod review;
#[cfg(feature = "sync")]
pub mod sync;

// 5 faces
pub mod cli;
#[cfg(feature = "serve")]
pub mod web;
