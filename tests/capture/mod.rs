//! What somebody on the line sees of a sync: a proxy that writes down every direction and size, and
//! compares hours in which nothing, something of ours, or something of witnesses was there.

use std::sync::{Arc, Mutex};

use sandyk::{
    sync::{Report, Settings, Wanted},
    wire::{PAGE_STEP, PUSH_ANSWER, outbox::BODY},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

use crate::office::Office;

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
}

impl Listener {
    async fn between(office: &Office) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (heard, lines): (Arc<Mutex<Turns>>, Arc<Mutex<usize>>) = Default::default();
        let desk = office.address.strip_prefix("http://").unwrap().to_owned();
        let (to, counted) = (Arc::clone(&heard), Arc::clone(&lines));
        tokio::spawn(async move {
            while let Ok((reader, _)) = listener.accept().await {
                *counted.lock().unwrap() += 1;
                let (from, into) = reader.into_split();
                let (back, forth) = TcpStream::connect(&desk).await.unwrap().into_split();
                tokio::spawn(pass(from, forth, Who::Reader, Arc::clone(&to)));
                tokio::spawn(pass(back, into, Who::Desk, Arc::clone(&to)));
            }
        });
        Self { address, heard, lines }
    }

    /// One sync of the first member in the rhythm's way, and what was heard of it.
    async fn sync(&self, office: &Office) -> (Report, Turns) {
        self.heard.lock().unwrap().clear();
        *self.lines.lock().unwrap() = 0;
        let desk = Some(self.address.clone());
        let settings = Settings { desk, exhibits: Wanted::None, ..office.settings(0) };
        let report = office.sync_with(&settings).await.unwrap();
        assert_eq!(*self.lines.lock().unwrap(), 1, "one connection");
        (report, self.heard.lock().unwrap().clone())
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, who: Who, heard: Arc<Mutex<Turns>>) {
    let mut chunk = vec![0; 64 << 10];
    while let Ok(size @ 1..) = from.read(&mut chunk).await {
        {
            let mut heard = heard.lock().unwrap();
            match heard.last_mut() {
                Some((spoke, bytes)) if *spoke == who => *bytes += size,
                _ => heard.push((who, size)),
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
    // Three questions, three answers, of stated sizes but for the heads.
    let (who, sizes): (Vec<Who>, Vec<usize>) = idle.iter().copied().unzip();
    assert_eq!(who, [Who::Reader, Who::Desk].repeat(3));
    let [keyring, push, ask] = [sizes[0], sizes[2], sizes[4]];
    let [answer, page] = [sizes[3], sizes[5]];
    assert!(keyring < 1024 && ask < 1024, "{idle:?}");
    assert!((BODY..BODY + 1024).contains(&push), "{idle:?}");
    assert!((PUSH_ANSWER..PUSH_ANSWER + 1024).contains(&answer), "{idle:?}");
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
