//! The way back, within this process: mailboxes, replies, what continues a testimony.
#![expect(clippy::indexing_slicing, reason = "a test says what is wrong by failing")]

mod forged;
mod timing;
mod way_back;

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use rand::rngs::OsRng;
use sandyk::{
    clock::{Clock, SystemClock},
    config::{Limits, MailboxConfig},
    desk::Desk,
    digest::Digest,
    id::{ReplyId, TestimonyId},
    intake::{
        Accepted, Author, Bounds, Intake, KeyringFolder, MailboxKeys,
        mailbox::{PAGE, Shown, WhyForged},
    },
    keyring::{Published, Role},
    ledger::{Feed, LedgerKey},
    locale::Lang,
    receipt::Receipt,
    reply::{Reply, SignedReply},
    sealed::{Cover, seal_reply},
    store::{Commit, Expect, Put, SledStore, Store as _},
    testimony::{Form, Kind},
    wire::outbox::{Answer, Outbox, PushId, ReplyOut, Sealed},
};
use tokio::sync::watch;

use crate::common::{Organisation, TestReader};

const ROLES: [Role; 3] = [Role::Reviewer, Role::Guardian, Role::Guardian];
pub(crate) const WEEK: i64 = 7 * 24 * 3600;

/// A clock that a test moves on.
pub(crate) struct Hand(AtomicI64);

impl Clock for Hand {
    fn unix_seconds(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// An intake and a desk over one store, with the readers' and all witnesses' keys at hand.
pub(crate) struct House {
    pub(crate) organisation: Organisation,
    pub(crate) folder: KeyringFolder,
    pub(crate) store: Arc<SledStore>,
    pub(crate) intake: Arc<Intake>,
    pub(crate) desk: Desk<SledStore>,
    pub(crate) clock: Arc<Hand>,
    published: watch::Sender<Arc<Published>>,
}

/// What a reviewer knows of a witness: what stands in an opened cover.
pub(crate) struct Witness {
    pub(crate) receipt: String,
    pub(crate) id: TestimonyId,
    pub(crate) cover: Cover,
}

impl House {
    pub(crate) fn open() -> Self {
        Self::with(MailboxConfig::default())
    }

    pub(crate) fn with(mailbox: MailboxConfig) -> Self {
        let organisation = Organisation::found(&ROLES);
        let store = Arc::new(SledStore::open(&organisation.at("store")).unwrap());
        let keyring = organisation.at("keyring");
        let mut folder = KeyringFolder::new(keyring.clone(), keyring.join("roots.txt"));
        folder.look().unwrap();
        let key = LedgerKey::open(&organisation.at("store"), Feed::Empty, &mut OsRng).unwrap();
        let key = Arc::new(key);
        let clock = Arc::new(Hand(AtomicI64::new(SystemClock.unix_seconds())));
        let shared: Arc<dyn Clock> = Arc::<Hand>::clone(&clock);
        let limits =
            Limits { files_until_percent: 100, words_until_percent: 100, ..Limits::default() };
        let (now, bounds) = (folder.subscribe(), Bounds { limits, mailbox });
        let first = now.borrow().clone().unwrap();
        let (published, newest) = watch::channel(first);
        let desk =
            Desk::new(Arc::clone(&store), newest, Arc::clone(&key), &[], Arc::clone(&shared));
        let intake = Intake::new(Arc::clone(&store), now, shared, bounds, key).unwrap();
        Self { organisation, folder, store, intake: Arc::new(intake), desk, clock, published }
    }

    pub(crate) fn weeks(&self, weeks: i64) {
        self.clock.0.fetch_add(weeks * WEEK, Ordering::SeqCst);
    }

    /// The first reader is dropped by a keyring of epoch 2.
    pub(crate) fn drop_first_reader(&mut self) {
        self.organisation.drop_first_reader();
        self.folder.look().unwrap();
        let now = self.folder.subscribe().borrow().clone().unwrap();
        self.published.send_replace(now);
    }

    pub(crate) fn chain_digest(&self) -> Digest {
        self.published.borrow().chain.current_digest()
    }

    pub(crate) async fn write(&self, author: Author, kind: Kind) -> Accepted {
        let mut submission = self.intake.begin().await.unwrap();
        submission.is_by(author);
        submission.is_a(kind, None);
        let mut form = Form::new(Lang::En);
        form.put("story", "Person A was taken.").unwrap();
        submission.words(form, Digest::NONE).await.unwrap();
        submission.finish().await.unwrap()
    }

    /// Somebody new writes; what a reviewer then knows.
    pub(crate) async fn witness(&self) -> Witness {
        let accepted = self.write(Author::Fresh, Kind::New).await;
        let receipt = accepted.digits.unwrap().expose().to_owned();
        let cover = self.covers().pop().unwrap();
        Witness { receipt, id: cover.id, cover }
    }

    /// The opened covers of all testimonies, in the order of the feed.
    pub(crate) fn covers(&self) -> Vec<Cover> {
        self.organisation.covers(&self.store)
    }

    pub(crate) async fn keys(&self, receipt: &str) -> MailboxKeys {
        let receipt = Receipt::parse(receipt).unwrap();
        self.intake.open_mailbox(receipt).unwrap().keys().await.unwrap()
    }

    pub(crate) async fn shown(&self, receipt: &str) -> Vec<Shown> {
        let keys = self.keys(receipt).await;
        let (mut all, mut older) = (Vec::new(), Some(0));
        while let Some(newer) = older {
            let opened = self.intake.replies(&keys, newer).await.unwrap();
            assert!(opened.shown.len() <= PAGE && opened.older.is_none_or(|n| n > newer));
            all.extend(opened.shown);
            older = opened.older;
        }
        all
    }

    /// What the witness sees: number and words, or why not.
    pub(crate) async fn seen(&self, receipt: &str) -> Vec<Result<(u32, String), WhyForged>> {
        let shown = self.shown(receipt).await.into_iter();
        shown
            .map(|one| one.outcome.map(|said| (said.number, said.text.expose().to_owned())))
            .collect()
    }

    /// A reply as `reader` writes it to a witness.
    pub(crate) fn reply(&self, reader: usize, to: &Witness, number: u32, text: &str) -> Reply {
        Reply {
            organisation: "Org A".to_owned(),
            keyring: self.chain_digest(),
            recipient: Digest::of(to.cover.reply.as_bytes()),
            testimony: to.id,
            by: self.organisation.readers[reader].id,
            number,
            text: text.to_owned(),
        }
    }

    pub(crate) fn reader(&self, reader: usize) -> &TestReader {
        &self.organisation.readers[reader]
    }

    /// The same, signed, sealed, on its way to that witness's mailbox.
    pub(crate) fn out(&self, reader: usize, to: &Witness, number: u32, text: &str) -> ReplyOut {
        let reply = self.reply(reader, to, number, text);
        let signed = SignedReply::sign(reply, &self.reader(reader).signing).unwrap();
        sealed_to(&signed, to)
    }

    pub(crate) async fn push(&self, replies: Vec<ReplyOut>) -> Answer {
        let outbox = Outbox { replies, ..Outbox::empty(PushId::random(&mut OsRng)) };
        self.desk.take_in(&outbox.to_body().unwrap(), &mut OsRng).await.unwrap()
    }

    /// Puts a reply into the store as a server could that does what it likes.
    pub(crate) async fn plant(
        &self,
        mailbox: Digest,
        id: ReplyId,
        (week, epoch): (&str, u32),
        sealed: &[u8],
    ) {
        let value = [week.as_bytes(), &epoch.to_be_bytes(), sealed].concat();
        let place = u32::MAX - u32::try_from(self.rows("reply/").len()).unwrap();
        self.put(&format!("reply/{mailbox}/{place:08x}/{id}"), &value).await;
    }

    /// Puts a row into the store as it is.
    pub(crate) async fn put(&self, key: &str, value: &[u8]) {
        let (key, value) = (key.as_bytes().to_vec(), value.to_vec());
        let put = Put { key, value, expect: Expect::Any };
        let id = *ReplyId::random(&mut OsRng).as_bytes();
        let commit = Commit { id, puts: vec![put], ..Commit::default() };
        self.store.commit(commit).await.unwrap();
    }

    /// The rows below a prefix, without those of nobody's mailbox.
    pub(crate) fn rows(&self, prefix: &str) -> Vec<Vec<u8>> {
        let nobody = Digest::of(b"sandyk/mailbox-of-nobody/v1").to_string();
        let is_somebody = |key: &[u8]| !String::from_utf8_lossy(key).contains(&nobody);
        let rows = self.store.scan(prefix.as_bytes(), None, usize::MAX).unwrap();
        rows.into_iter().filter(|(key, _)| is_somebody(key)).map(|(_, row)| row.value).collect()
    }

    /// Whether the journal holds these bytes.
    pub(crate) fn journal_holds(&self, needle: &[u8]) -> bool {
        let bytes = fs::read(self.organisation.at("store/journal")).unwrap();
        bytes.windows(needle.len()).any(|window| window == needle)
    }
}

/// Seals a signed reply to a witness.
pub(crate) fn sealed_to(signed: &SignedReply, to: &Witness) -> ReplyOut {
    let recipient = sandyk::hybrid::HybridRecipient::parse(&to.cover.reply).unwrap();
    let sealed = Sealed(seal_reply(&signed.to_text(), &recipient).unwrap());
    ReplyOut { id: signed.id(), mailbox: to.cover.lookup, sealed }
}
