//! What somebody on the line sees of a sync: a proxy that writes down every direction and size, and
//! compares hours in which nothing, something of ours, or something of witnesses was there.

use std::{
    sync::{Arc, Mutex},
    time::Instant,
};

use rand::rngs::OsRng;
use sandyk::{
    digest::Digest,
    hybrid::HybridIdentity,
    id::TestimonyId,
    reply::{Reply, SignedReply},
    sealed::seal_reply,
    store::{Commit, Expect, Put, Store as _},
    sync::{Report, Settings, Wanted},
    wire::{PAGE_STEP, PUSH_ANSWER, PUSH_STEP, envelopes::STEP, outbox::BODY},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

use crate::office::{Office, write};

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Reader,
    Desk,
}

/// Bytes that one of them sent before the other spoke.
type Turns = Vec<(Who, usize)>;

/// Somebody on the line who reads along and changes nothing.
struct Listener {
    address: String,
    heard: Arc<Mutex<Turns>>,
    lines: Arc<Mutex<usize>>,
    /// When each turn that was heard began.
    began: Arc<Mutex<Vec<Instant>>>,
}

impl Listener {
    async fn between(office: &Office) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (heard, lines): (Arc<Mutex<Turns>>, Arc<Mutex<usize>>) = Default::default();
        let began = Arc::default();
        let desk = office.address.strip_prefix("http://").unwrap().to_owned();
        let (to, counted) = (Arc::clone(&heard), Arc::clone(&lines));
        let times = Arc::clone(&began);
        tokio::spawn(async move {
            while let Ok((reader, _)) = listener.accept().await {
                *counted.lock().unwrap() += 1;
                let (from, into) = reader.into_split();
                let (back, forth) = TcpStream::connect(&desk).await.unwrap().into_split();
                let notes = || (Arc::clone(&to), Arc::clone(&times));
                tokio::spawn(pass(from, forth, Who::Reader, notes()));
                tokio::spawn(pass(back, into, Who::Desk, notes()));
            }
        });
        Self { address, heard, lines, began }
    }

    /// One sync of the first member in the rhythm's way, and what was heard of it.
    async fn sync(&self, office: &Office) -> (Report, Turns) {
        self.heard.lock().unwrap().clear();
        self.began.lock().unwrap().clear();
        *self.lines.lock().unwrap() = 0;
        let desk = Some(self.address.clone());
        let settings = Settings { desk, exhibits: Wanted::None, ..office.settings(0) };
        let report = office.sync_with(&settings).await.unwrap();
        assert_eq!(*self.lines.lock().unwrap(), 1, "one connection");
        (report, self.heard.lock().unwrap().clone())
    }
}

type Notes = (Arc<Mutex<Turns>>, Arc<Mutex<Vec<Instant>>>);

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, who: Who, notes: Notes) {
    let (heard, began) = notes;
    let mut chunk = vec![0; 64 << 10];
    while let Ok(size @ 1..) = from.read(&mut chunk).await {
        {
            let mut heard = heard.lock().unwrap();
            match heard.last_mut() {
                Some((spoke, bytes)) if *spoke == who => *bytes += size,
                _ => {
                    heard.push((who, size));
                    began.lock().unwrap().push(Instant::now());
                }
            }
        }
        if to.write_all(&chunk[..size]).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn who_listens_hears_the_same_of_an_idle_an_answering_and_a_busy_hour() {
    let office = Office::open().await;
    let line = Listener::between(&office).await;
    let (first, idle) = line.sync(&office).await;
    assert_eq!((first.came(), first.sent), (0, 0));
    // Five questions, five answers, of stated sizes but for the heads.
    let (who, sizes): (Vec<Who>, Vec<usize>) = idle.iter().copied().unzip();
    assert_eq!(who, [Who::Reader, Who::Desk].repeat(5));
    let [keyring, push, ask] = [sizes[0], sizes[2], sizes[4]];
    let [answer, page] = [sizes[3], sizes[5]];
    assert!(keyring < 1024 && ask < 1024, "{idle:?}");
    assert!((BODY..BODY + 1024).contains(&push), "{idle:?}");
    assert!((PUSH_ANSWER..PUSH_ANSWER + 1024).contains(&answer), "{idle:?}");
    for envelopes in [sizes[7], sizes[9]] {
        assert!((STEP..STEP + 1024).contains(&envelopes), "{idle:?}");
    }
    let step = usize::try_from(PAGE_STEP).unwrap();
    assert!((step..step + 1024).contains(&page), "{idle:?}");

    let (_, again) = line.sync(&office).await;
    assert_eq!(again, idle, "an idle hour");
    office.write_entry(0, 12_000);
    let (report, answering) = line.sync(&office).await;
    assert_eq!((report.sent, report.entries), (1, 1));
    assert_eq!(answering, idle, "an hour with something to send");
    for _ in 0..9 {
        office.write_entry(0, 15_000);
    }
    let (report, talking) = line.sync(&office).await;
    assert_eq!(report.sent, 9);
    assert_eq!(talking, idle, "an hour with much to send; the cursor has two digits now");
    for _ in 0..4 {
        // As large as what most people write: the smallest account, no file.
        office.testimony(70_000).await;
    }
    let (report, busy) = line.sync(&office).await;
    assert_eq!((report.testimonies, report.exhibits_missing), (4, 4));
    assert_eq!(busy, idle, "a busy hour");
    office.write_entry(1, 3000);
    office.sync(1).await.unwrap();
    let (report, colleague) = line.sync(&office).await;
    assert_eq!(report.entries, 1);
    assert_eq!(colleague, idle, "an hour in which a colleague wrote");
}

/// A mailbox that a testimony made, and whose it is.
struct Mailbox {
    testimony: TestimonyId,
    lookup: Digest,
    witness: HybridIdentity,
}

impl Mailbox {
    async fn made(office: &Office) -> Self {
        let testimony = TestimonyId::random(&mut OsRng);
        let lookup = Digest::of(testimony.as_bytes());
        let key = format!("mailbox/{lookup}/{testimony}").into_bytes();
        let row = Put { key, value: br#"{"kdf":1,"n":0}"#.to_vec(), expect: Expect::Absent };
        let id = *TestimonyId::random(&mut OsRng).as_bytes();
        office.store.commit(Commit { id, puts: vec![row], ..Commit::default() }).await.unwrap();
        Self { testimony, lookup, witness: HybridIdentity::generate(&mut OsRng) }
    }

    /// Puts a signed and sealed reply of the first member into its outbox, as review does.
    fn answered(&self, office: &Office, number: u32, text: &str) {
        let (member, recipient) = (&office.members[0], self.witness.recipient());
        let reply = Reply {
            organisation: office.keyring.organisation.clone(),
            keyring: office.published().borrow().chain.current_digest(),
            recipient: Digest::of(recipient.to_string().as_bytes()),
            testimony: self.testimony,
            by: member.id,
            number,
            text: text.to_owned(),
        };
        let signed = SignedReply::sign(reply, &member.signing).unwrap();
        let sealed = seal_reply(&signed.to_text(), &recipient).unwrap();
        let name = format!("outbox/replies/{}-{}.age", self.lookup, signed.id());
        write(&office.file(0, &name), &sealed);
    }

    /// How many replies wait in it.
    fn waiting(&self, office: &Office) -> usize {
        let prefix = format!("reply/{}/", self.lookup);
        office.store.scan(prefix.as_bytes(), None, usize::MAX).unwrap().len()
    }
}

#[tokio::test]
async fn who_listens_hears_nothing_of_a_reply_that_is_sent_or_waits() {
    let office = Office::open().await;
    let line = Listener::between(&office).await;
    let mailbox = Mailbox::made(&office).await;
    let (_, idle) = line.sync(&office).await;

    mailbox.answered(&office, 1, "We have read it. Where were you that night?");
    let (report, sending) = line.sync(&office).await;
    assert_eq!((report.sent, report.refused.len(), mailbox.waiting(&office)), (1, 0, 1));
    assert_eq!(sending, idle, "an hour with a reply in the outbox");
    let (report, waiting) = line.sync(&office).await;
    assert_eq!((report.sent, mailbox.waiting(&office)), (0, 1));
    assert_eq!(waiting, idle, "an hour in which a reply waits for its witness");

    // The longest ones, and more than one hour carries: some wait in the outbox for the next.
    for number in 2..=14 {
        mailbox.answered(&office, number, &"ы".repeat(6000));
    }
    let (report, more) = line.sync(&office).await;
    assert!(report.sent > 4 && report.waiting > 0, "{} {}", report.sent, report.waiting);
    assert_eq!(more, idle, "an hour with more replies than fit");
    let (report, rest) = line.sync(&office).await;
    assert_eq!((report.waiting, mailbox.waiting(&office)), (0, 14), "{}", report.sent);
    assert_eq!(rest, idle, "the hour after it");
    // A colleague's sync tells nothing of them either.
    let desk = Some(line.address.clone());
    line.heard.lock().unwrap().clear();
    let colleague = Settings { desk, exhibits: Wanted::None, ..office.settings(1) };
    office.sync_with(&colleague).await.unwrap();
    assert_eq!(*line.heard.lock().unwrap(), idle, "a colleague's hour");
}

#[tokio::test]
async fn the_desk_answers_to_what_is_handed_in_at_a_step_of_time() {
    let office = Office::open().await;
    let line = Listener::between(&office).await;
    let mailbox = Mailbox::made(&office).await;
    for entries in [0, 1, 9] {
        for n in 0..entries {
            office.write_entry(0, 1000);
            mailbox.answered(&office, entries * 10 + n, "We have read it.");
        }
        line.sync(&office).await;
        let began = line.began.lock().unwrap().clone();
        // From the first byte of the push to the first of its answer; the rest of the body takes its time.
        let took = began[3] - began[2];
        assert!(took >= PUSH_STEP, "{entries} entries: {took:?}");
    }
}

#[tokio::test]
async fn what_is_more_than_a_step_shows_as_whole_steps_and_nothing_finer() {
    let office = Office::open().await;
    let line = Listener::between(&office).await;
    let (_, idle) = line.sync(&office).await;
    let mut pages = Vec::new();
    for more in [700_000, 900_000] {
        let store = &*office.store;
        crate::office::put_testimony(store, &office.members, 1000, more).await;
        let (report, heard) = line.sync(&office).await;
        assert_eq!(report.testimonies, 1);
        assert_eq!(heard[..5], idle[..5], "{more}");
        pages.push(heard[5].1 - idle[5].1);
    }
    let step = usize::try_from(PAGE_STEP).unwrap();
    // A longer number in the head of the answer is at most a byte.
    assert!(pages.iter().all(|more| (step..=step + 1).contains(more)), "{pages:?}");
}
