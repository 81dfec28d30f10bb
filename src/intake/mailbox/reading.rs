//! Opening the replies of one mailbox and proving each, with the same work whatever is there.
//!
//! So many as [`PAGE`] are looked up, opened, read and checked against the keyrings at a time; where none
//! waits, a decoy is. Decoys lie in the store as replies do, in a mailbox of nobody; they open with a key
//! that only this process has, name a reader of the keyring in force, and carry a signature that does not
//! fit: every step but the last is that of a true reply.

use std::{hint::black_box, sync::Arc};

use data_encoding::BASE64;
use ed25519_dalek::SigningKey;
use rand::{RngCore as _, rngs::OsRng};
use tokio::{
    sync::{Mutex, Semaphore},
    task,
};
use zeroize::Zeroizing;

use super::{
    MailboxError, MailboxKeys, Opened, PAGE, SLOTS, Said, Shown, WhyForged,
    waiting::{Stored, newest, nobody, put_decoys},
};
use crate::{
    digest::Digest,
    id::TestimonyId,
    intake::{Intake, wiping},
    keyring::{Chain, Published},
    note::{KeyName, NamedKey},
    receipt::{Derived, ReceiptError, SEEDS, Seeds},
    reply::{Places, Reply, ReplyError, SignedReply},
    sealed::{open_reply::open_reply, seal_reply},
    secret::SecretText,
    store::{SledStore, StoreError},
};

/// Whether this server can show replies at all.
pub const SHOWS_REPLIES: bool = true;

/// What stands where no reply waits.
pub(in crate::intake) struct Reading {
    /// How many have their replies opened at once.
    desks: Semaphore,
    decoys: Mutex<Option<Arc<Decoys>>>,
}

/// Replies to nobody, which are in the store.
struct Decoys {
    /// The keyring whose reader they name.
    keyring: Digest,
    /// What opens them.
    derived: Derived,
}

/// One opening of one mailbox.
struct Opening {
    derived: Derived,
    published: Arc<Published>,
    decoys: Arc<Decoys>,
}

impl Intake {
    /// Some of the replies that wait for a witness, each proved or named as forged: [`PAGE`] at most, the
    /// newest first, but for the `newer` ones that were shown before.
    ///
    /// The same work is done whatever is there. That a number is repeated is seen among these.
    ///
    /// # Errors
    /// [`MailboxError::Store`] if the store does not give them.
    pub async fn replies(&self, keys: &MailboxKeys, newer: usize) -> Result<Opened, MailboxError> {
        let published = self.keyring.borrow().clone().ok_or(crate::intake::Closed::NoKeyring)?;
        let decoys = self.mailboxes.reading.decoys(&self.store, &published.chain).await?;
        let _desk =
            self.mailboxes.reading.desks.acquire().await.map_err(|_| MailboxError::Stopping)?;
        let opening = Opening { derived: keys.derived(), published, decoys };
        let store = Arc::clone(&self.store);
        let newer = newer.min(SLOTS);
        let opened = task::spawn_blocking(wiping(move || opening.page(&store, newer)));
        Ok(opened.await.map_err(|_| MailboxError::Stopping)??)
    }
}

impl Intake {
    /// Makes the decoys before anybody comes, so that their being made tells of no visit.
    pub(super) async fn prepare_reading(&self) -> Result<(), StoreError> {
        let Some(published) = self.keyring.borrow().clone() else { return Ok(()) };
        match self.mailboxes.reading.decoys(&self.store, &published.chain).await {
            Err(MailboxError::Store(error)) => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

impl Opening {
    fn page(&self, store: &SledStore, newer: usize) -> Result<Opened, StoreError> {
        let recipient = Digest::of(self.derived.reply.recipient().to_string().as_bytes());
        // One more, to know whether there are older ones.
        let most = newer.saturating_add(PAGE).saturating_add(1);
        let rows = newest(store, &self.derived.lookup.digest(), most)?;
        let older = (rows.len() == most).then(|| newer.saturating_add(PAGE));
        let mut decoys = Vec::new();
        let mut missing = most.saturating_sub(rows.len());
        loop {
            let some = missing.min(DECOYS);
            decoys.extend(newest(store, &nobody(), some)?);
            missing = missing.saturating_sub(DECOYS);
            if missing == 0 {
                break;
            }
        }
        let waiting: Vec<_> = rows.into_iter().skip(newer).take(PAGE).flatten().collect();
        for decoy in decoys.into_iter().flatten().take(PAGE.saturating_sub(waiting.len())) {
            black_box(self.prove(&decoy, &self.decoys.derived, recipient).is_ok());
        }
        let mut places = Places::default();
        let mut shown: Vec<_> = waiting
            .iter()
            .rev()
            .map(|stored| shown(stored, self.prove(stored, &self.derived, recipient), &mut places))
            .collect();
        shown.reverse();
        Ok(Opened { shown, older })
    }

    /// What is proved of one reply; the signature is checked before anything else that could end it.
    fn prove(&self, stored: &Stored, of: &Derived, recipient: Digest) -> Result<Reply, WhyForged> {
        let text = open_reply(&of.reply, &stored.sealed).map_err(|_| WhyForged::Unreadable)?;
        let signed = SignedReply::parse(text.expose()).map_err(|e| why(&e))?;
        let (id, chain) = (signed.id(), &self.published.chain);
        let reply = signed.verify(chain, recipient).map_err(|e| why(&e))?;
        // Whoever was dropped could still sign for a keyring of before; what came later is not theirs.
        let then = chain.at(stored.epoch).and_then(|keyring| keyring.get().reader(reply.by));
        if then.is_none() {
            return Err(WhyForged::NotAReader);
        }
        if id == stored.id { Ok(reply.clone()) } else { Err(WhyForged::Repeated) }
    }
}

impl Reading {
    /// Replies are opened for so many at once.
    pub(super) fn new(desks: usize) -> Self {
        Self { desks: Semaphore::new(desks), decoys: Mutex::new(None) }
    }

    /// Decoys for the keyring in force; they are made at the start and whenever it changes.
    async fn decoys(&self, store: &SledStore, chain: &Chain) -> Result<Arc<Decoys>, MailboxError> {
        let mut kept = self.decoys.lock().await;
        let fits = |decoys: &&Arc<Decoys>| decoys.keyring == chain.current_digest();
        if let Some(decoys) = kept.as_ref().filter(fits) {
            return Ok(Arc::clone(decoys));
        }
        let (keyring, derived) = (chain.current_digest(), fresh());
        let made = (1..).take(DECOYS).map(|number| decoy(chain, &derived, number));
        let made = made.collect::<Option<Vec<_>>>().ok_or(ReceiptError::Derivation)?;
        put_decoys(store, made).await?;
        let decoys = Arc::new(Decoys { keyring, derived });
        *kept = Some(Arc::clone(&decoys));
        Ok(decoys)
    }
}

/// Secrets of nobody.
fn fresh() -> Derived {
    let mut bytes = Zeroizing::new([0; SEEDS]);
    OsRng.fill_bytes(bytes.as_mut());
    Seeds::take(&mut bytes).derived()
}

/// A reply to nobody; `None` if the keyring has no reader, which it always has.
fn decoy(chain: &Chain, of: &Derived, number: u32) -> Option<Stored> {
    let keyring = chain.current().get();
    let reader = keyring.readers.first()?;
    let recipient = of.reply.recipient();
    let reply = Reply {
        organisation: keyring.organisation.clone(),
        keyring: chain.current_digest(),
        recipient: Digest::of(recipient.to_string().as_bytes()),
        testimony: TestimonyId::random(&mut OsRng),
        by: reader.id,
        number,
        text: "-".repeat(DECOY_WORDS),
    };
    let name = KeyName::parse(&reader.id.to_string()).ok()?;
    let named = NamedKey { name, key: reader.signing };
    let signed = SignedReply::sign(reply, &SigningKey::generate(&mut OsRng)).ok()?;
    let sealed = seal_reply(&with_hint(&signed.to_text(), named.hint())?, &recipient).ok()?;
    Some(Stored { id: signed.id(), week: NEVER.parse().ok()?, epoch: keyring.epoch, sealed })
}

/// The same signed text with a signature that claims to be of another key: checked, and found wrong.
fn with_hint(text: &str, hint: [u8; 4]) -> Option<String> {
    let (rest, coded) = text.trim_end().rsplit_once(' ')?;
    let mut signature = BASE64.decode(coded.as_bytes()).ok()?;
    signature.iter_mut().zip(hint).for_each(|(to, from)| *to = from);
    Some(format!("{rest} {}\n", BASE64.encode(&signature)))
}

/// How many decoys there are: what one page looks at.
const DECOYS: usize = PAGE + 1;
/// The week of a decoy: it does not grow old.
const NEVER: &str = "9998-W01";
/// Bytes of what a decoy says: about as much as most answers.
const DECOY_WORDS: usize = 800;

fn shown(stored: &Stored, reply: Result<Reply, WhyForged>, places: &mut Places) -> Shown {
    let said = reply.and_then(|reply| {
        places.take(&reply).map_err(|e| why(&e))?;
        let Reply { testimony, number, text, .. } = reply;
        Ok(Said { testimony, number, text: SecretText::new(text), week: stored.week })
    });
    Shown { id: stored.id, outcome: said }
}

fn why(error: &ReplyError) -> WhyForged {
    match error {
        ReplyError::WrongRecipient => WhyForged::OtherMailbox,
        ReplyError::UnknownKeyring | ReplyError::NotAReader => WhyForged::NotAReader,
        ReplyError::BadSignature => WhyForged::BadSignature,
        ReplyError::OtherName | ReplyError::Repeated => WhyForged::Repeated,
        ReplyError::Empty
        | ReplyError::TooLong { .. }
        | ReplyError::ControlCharacter
        | ReplyError::Note(_)
        | ReplyError::Shape
        | ReplyError::OtherOrganisation => WhyForged::Unreadable,
    }
}
