//! From the bits of a receipt to its three secrets.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use ed25519_dalek::SigningKey;
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

use crate::{
    hybrid::HybridIdentity,
    receipt::{LookupId, ReceiptError, Salt},
    secret::Secret,
};

/// What belongs to a receipt at one intake.
pub struct Derived {
    /// Where replies wait.
    pub lookup: LookupId,
    /// Opens replies; its recipient stands in the cover.
    pub reply: HybridIdentity,
    /// Signs what continues an earlier testimony; its public half stands in the cover.
    pub signing: SigningKey,
}

/// The seeds of what belongs to a receipt, to keep it for a while without the receipt itself.
pub struct Seeds(Secret<SEEDS>);

/// Bytes of [`Seeds`]: the lookup id, the seed of the reply identity, the seed of the signing key.
pub const SEEDS: usize = 16 + 32 + 32;

impl Seeds {
    /// Takes seeds over that [`Self::expose`] gave, and wipes the original.
    #[must_use]
    pub fn take(bytes: &mut [u8; SEEDS]) -> Self {
        Self(Secret::take(bytes))
    }

    /// The seeds themselves: whoever has them reads the replies and signs as the witness.
    #[must_use]
    pub fn expose(&self) -> &[u8; SEEDS] {
        self.0.expose()
    }

    /// What they are the seeds of.
    #[must_use]
    pub fn derived(&self) -> Derived {
        let mut bytes = Zeroizing::new(*self.0.expose());
        let (lookup, rest) = bytes.split_at_mut(16);
        let (reply, signing) = rest.split_at_mut(32);
        Derived {
            lookup: LookupId(filled(lookup)),
            reply: HybridIdentity::from_seed(filled(reply)),
            signing: SigningKey::from_bytes(filled(signing).expose()),
        }
    }
}

impl Derived {
    /// The seeds of all three.
    #[must_use]
    pub fn seeds(&self) -> Seeds {
        let mut all = Zeroizing::new([0; SEEDS]);
        let signing = Zeroizing::new(self.signing.to_bytes());
        let parts = [&self.lookup.0.expose()[..], self.reply.seed.expose(), signing.as_ref()];
        all.iter_mut().zip(parts.into_iter().flatten()).for_each(|(to, from)| *to = *from);
        Seeds::take(&mut all)
    }
}

/// The secret of these bytes, which are wiped.
fn filled<const N: usize>(bytes: &mut [u8]) -> Secret<N> {
    let mut all = Zeroizing::new([0; N]);
    all.iter_mut().zip(bytes.iter()).for_each(|(to, from)| *to = *from);
    bytes.zeroize();
    Secret::take(&mut all)
}

/// The 19 MiB that one derivation works in, allocated once and wiped after each use.
pub struct KdfMemory {
    pub(crate) blocks: Vec<Block>,
}

impl KdfMemory {
    /// Allocates the memory; it holds zeros.
    #[must_use]
    pub fn new() -> Self {
        Self { blocks: vec![Block::new(); BLOCKS] }
    }

    fn wipe(&mut self) {
        for block in &mut self.blocks {
            block.as_mut().zeroize();
        }
    }
}

impl Default for KdfMemory {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for KdfMemory {
    fn drop(&mut self) {
        self.wipe();
    }
}

pub(super) fn derive(
    bits: &Secret<10>,
    salt: &Salt,
    memory: &mut KdfMemory,
) -> Result<Derived, ReceiptError> {
    let mut master = Zeroizing::new([0; 32]);
    let stretched = stretch(bits, salt, memory, &mut master);
    memory.wipe();
    stretched?;
    let kdf = Hkdf::<Sha256>::new(None, master.as_ref());
    let mut signing = expand::<Signing, 32>(&kdf)?;
    let derived = Derived {
        lookup: LookupId(Secret::take(&mut *expand::<Lookup, 16>(&kdf)?)),
        reply: HybridIdentity::from_seed(Secret::take(&mut *expand::<Reply, 32>(&kdf)?)),
        signing: SigningKey::from_bytes(&signing),
    };
    signing.zeroize();
    Ok(derived)
}

fn stretch(
    bits: &Secret<10>,
    salt: &Salt,
    memory: &mut KdfMemory,
    master: &mut [u8; 32],
) -> Result<(), ReceiptError> {
    let refused = |_| ReceiptError::Derivation;
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(32)).map_err(refused)?;
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(bits.expose(), &salt.0, master, &mut memory.blocks)
        .map_err(refused)
}

fn expand<P: Purpose, const N: usize>(
    kdf: &Hkdf<Sha256>,
) -> Result<Zeroizing<[u8; N]>, ReceiptError> {
    let mut secret = Zeroizing::new([0; N]);
    kdf.expand(P::LABEL, secret.as_mut()).map_err(|_| ReceiptError::Derivation)?;
    Ok(secret)
}

/// What a derived secret is for; one label each.
trait Purpose {
    const LABEL: &'static [u8];
}

enum Lookup {}
enum Reply {}
enum Signing {}

impl Purpose for Lookup {
    const LABEL: &'static [u8] = b"sandyk/receipt/v1/lookup";
}
impl Purpose for Reply {
    const LABEL: &'static [u8] = b"sandyk/receipt/v1/reply";
}
impl Purpose for Signing {
    const LABEL: &'static [u8] = b"sandyk/receipt/v1/witness";
}

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// One block of Argon2 is 1 KiB.
const BLOCKS: usize = 19 * 1024;
