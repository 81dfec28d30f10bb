//! What the keyring promises, tried by an honest organisation and by attackers.

mod chain;
mod desk;
mod following;
mod joining;
mod published;
mod suspension;
mod vouch;
mod writing;
