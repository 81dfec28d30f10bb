//! Bytes and words that must not be shown, copied or left behind.
//!
//! Promises: 1. no `Debug`, `Display`, `Clone`, `Serialize` or `PartialEq`; 2. wiped on drop;
//! 3. the one way out is `expose`, so a search for `expose(` is the audit; 4. moving a secret moves a
//! pointer, so that no copy stays behind on a stack.

use rand::{CryptoRng, RngCore};
use zeroize::{Zeroize as _, Zeroizing};

/// `N` secret bytes.
pub struct Secret<const N: usize>(Box<Zeroizing<[u8; N]>>);

impl<const N: usize> Secret<N> {
    /// Takes the bytes over and wipes the original.
    #[must_use]
    pub fn take(bytes: &mut [u8; N]) -> Self {
        let mut secret = Box::new(Zeroizing::new([0; N]));
        secret.copy_from_slice(bytes);
        bytes.zeroize();
        Self(secret)
    }

    /// `N` fresh random bytes.
    pub fn random(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut secret = Box::new(Zeroizing::new([0; N]));
        rng.fill_bytes(secret.as_mut_slice());
        Self(secret)
    }

    /// The bytes themselves.
    #[must_use]
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }
}

/// Secret words: a passphrase, a receipt, an identity in its text form.
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Takes the words over.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The words themselves.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Overwrites what finished calls have left on this thread's stack, [`STACK`] bytes deep.
///
/// Hash functions and key exchanges keep the end of what they read in arrays of their own, and the
/// compiler copies these as it likes. Called where a thread has done with secrets and may now be idle.
#[inline(never)]
#[expect(clippy::large_stack_arrays, reason = "the stack is what it writes over")]
pub fn wipe_stack() {
    let mut room = [0_u8; STACK];
    // The compiler must believe that somebody looks at every byte.
    std::hint::black_box(&mut room);
}

/// How deep [`wipe_stack`] reaches; the deepest call here was seen at 50 KiB.
pub const STACK: usize = 128 * 1024;
