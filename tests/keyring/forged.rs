//! Second keyrings that nobody may take, each for a reason of its own; most of them signed by all roots.

use ed25519_dalek::{Signer as _, SigningKey};
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;
use sandyk::{
    digest::Digest,
    hybrid::HybridIdentity,
    id::ReaderId,
    keyring::{Chain, Keyring, Reader, Role, VouchLine},
    note::{KeyName, SignedNote},
    receipt::Salt,
    recipient::Recipient,
};

/// Signs with the root of that number, from 1 to 3.
pub(crate) type Sign<'s> = &'s dyn Fn(&mut SignedNote, usize);

/// The name of the refusal, and the whole note in the place of the second keyring.
///
/// `chain` is one of a first keyring with at least one reviewer and one guardian.
pub(crate) fn forged(chain: &Chain, sign: Sign<'_>) -> Vec<(&'static str, String)> {
    let whole = |keyring: &Keyring, roots: &[usize]| {
        let mut note = SignedNote::new(keyring.to_text()).unwrap();
        for n in roots {
            sign(&mut note, *n);
        }
        note
    };
    let mut all: Vec<_> = people()
        .into_iter()
        .chain(keys_and_order())
        .map(|(why, edit)| {
            let mut next = next(chain);
            edit(&mut next, chain);
            (why, whole(&next, &[1, 2, 3]).to_text())
        })
        .collect();
    all.push(("TooFewSignatures", whole(&next(chain), &[2]).to_text()));
    let mut strange = whole(&next(chain), &[1, 2]);
    strange.sign(&KeyName::parse("root-1").unwrap(), &SigningKey::from_bytes(&[9; 32]));
    all.push(("StrangeSignature", strange.to_text()));
    all.push(("EpochRepeated", chain.notes()[0].to_owned()));
    let edited = whole(&next(chain), &[1, 2]).to_text().replace("threshold 2", "threshold 1");
    all.push(("Note", edited));
    all
}

type Edit = fn(&mut Keyring, &Chain);

/// Who comes by nobody's word, and who is left.
fn people() -> Vec<(&'static str, Edit)> {
    vec![
        // Administrators alone, all of them together.
        ("TooFewVouches", |k, _| k.readers.push(stranger(77, k))),
        ("WrongVouch", |k, chain| {
            k.readers.push(stranger(77, k));
            let (text, new) =
                (chain.vouch(&stranger(77, k).public()).to_text(), stranger(77, k).id);
            let signature = SigningKey::from_bytes(&[8; 32]).sign(text.as_bytes());
            let old = chain.current().get().readers.iter();
            let lines = old.map(|old| VouchLine { reader: new, voucher: old.id, signature });
            k.vouches = lines.collect();
        }),
        ("VouchOutOfPlace", |k, _| {
            let signature = SigningKey::from_bytes(&[8; 32]).sign(b"");
            let (reader, voucher) = (k.readers[0].id, k.readers[1].id);
            k.vouches.push(VouchLine { reader, voucher, signature });
        }),
        ("ReaderChanged", |k, _| k.readers[0].recipient = stranger(77, k).recipient),
        ("Since", |k, _| k.readers.push(Reader { since: 1, ..stranger(77, k) })),
        // Who is left.
        ("NoGuardian", |k, _| k.readers.retain(|r| r.role == Role::Reviewer)),
        ("NoLivingReader", |k, _| k.readers = vec![stranger(77, k)]),
        ("NoLivingGuardian", |k, _| {
            let new = stranger(77, k);
            k.readers.retain(|r| r.role == Role::Reviewer);
            k.readers.push(new);
        }),
    ]
}

/// Keys that are another's, and the wrong place in the order.
fn keys_and_order() -> Vec<(&'static str, Edit)> {
    vec![
        ("MixedKinds", |k, _| {
            let text = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
            k.readers
                .push(Reader { recipient: Recipient::parse(text).unwrap(), ..stranger(77, k) });
        }),
        ("ReaderTwice", |k, _| k.readers.push(Reader { id: k.readers[0].id, ..stranger(77, k) })),
        ("RecipientTwice", |k, _| {
            let recipient = k.readers[0].recipient.clone();
            k.readers.push(Reader { recipient, ..stranger(77, k) });
        }),
        ("SigningKeyTwice", |k, _| {
            k.readers.push(Reader { signing: k.roots[0].key, ..stranger(77, k) });
        }),
        ("KeyUsedBefore", |k, _| {
            let place = k.readers.iter().position(|r| r.role == Role::Reviewer).unwrap();
            let gone = k.readers.remove(place);
            k.readers.push(Reader { signing: gone.signing, ..stranger(77, k) });
        }),
        ("RootUsedBefore", |k, _| {
            let place = k.readers.iter().position(|r| r.role == Role::Reviewer).unwrap();
            k.roots[2].key = k.readers.remove(place).signing;
        }),
        // Order.
        ("EpochSkipped", |k, _| k.epoch = 3),
        ("EpochForked", |k, _| (k.epoch, k.previous) = (1, Digest::NONE)),
        ("PreviousDiffers", |k, _| k.previous = Digest::of(b"another")),
        ("SaltChanged", |k, _| k.salt = Salt([9; 32])),
        ("OtherOrganisation", |k, _| k.organisation.push_str(" too")),
    ]
}

fn next(chain: &Chain) -> Keyring {
    let mut next = chain.current().get().clone();
    next.epoch = 2;
    next.previous = chain.current_digest();
    next
}

/// A guardian whom nobody knows.
fn stranger(seed: u8, keyring: &Keyring) -> Reader {
    let rng = &mut ChaCha20Rng::seed_from_u64(u64::from(seed));
    Reader {
        id: ReaderId::from_bytes([seed; 16]),
        role: Role::Guardian,
        recipient: HybridIdentity::generate(rng).recipient().into(),
        signing: SigningKey::generate(rng).verifying_key(),
        since: keyring.epoch,
    }
}
