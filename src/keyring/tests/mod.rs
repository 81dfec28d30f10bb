//! What the keyring promises, tried by an honest organisation and by attackers.

mod chain;
mod desk;
mod joining;
mod published;
mod writing;
