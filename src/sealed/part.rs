//! The kinds of sealed things, and an age file that is one of them.

use std::marker::PhantomData;

use crate::digest::Digest;

/// What binds the other parts of a testimony.
pub enum Cover {}
/// The words of a testimony.
pub enum Account {}
/// The names of a testimony.
pub enum Identity {}
/// The files of a testimony.
pub enum Exhibits {}
/// The key of cover, account and exhibits, for one reader.
pub enum AccountEnvelope {}
/// The key of the identity, for one guardian.
pub enum IdentityEnvelope {}

/// An age file that holds a `T`; from outside, it may as well hold anything.
pub struct Sealed<T>(pub(crate) Vec<u8>, pub(crate) PhantomData<fn() -> T>);

impl<T> Sealed<T> {
    /// Takes bytes for what they claim to be; opening tells.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes, PhantomData)
    }

    /// The age file.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The age file, given away.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// SHA-256 of the age file, as a cover names it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }
}
