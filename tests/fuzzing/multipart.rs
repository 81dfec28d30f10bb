//! A form of any bytes, in pieces of any size, at a site whose intake is closed: what was typed comes
//! back, the same however the bytes were cut.

use std::{cell::RefCell, path::PathBuf, sync::Arc, time::Duration};

use sandyk::{
    clock::SystemClock,
    config::{Limits, Listen, Organisation},
    intake::Intake,
    ledger::LedgerKey,
    secret::Secret,
    store::SledStore,
    web::{
        self,
        listen::{Bound, Door, Guests},
        pace::Pace,
    },
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    runtime::Runtime,
    sync::watch,
};

/// A site behind the door that witnesses come by.
struct Site {
    runtime: Runtime,
    socket: PathBuf,
    /// The door is closed when this is dropped.
    _stop: watch::Sender<bool>,
    _folder: tempfile::TempDir,
}

thread_local! {
    static SITE: RefCell<Site> = RefCell::new(Site::open());
}

/// The head of every form here; its boundary is `b`.
const FORM: &str = "POST /en/send HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\
                    Content-Type: multipart/form-data; boundary=b\r\n\r\n";

pub(crate) fn run(input: &[u8]) -> bool {
    let Some((&step, body)) = input.split_first() else { return false };
    SITE.with_borrow_mut(|site| {
        let whole = site.send(body, body.len().max(1));
        let pieces = site.send(body, usize::from(step % 64) + 1);
        assert_eq!(whole, pieces, "the pieces in which a form arrives change what it says");
        whole.contains("Something happened.")
    })
}

impl Site {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("site");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (stop, stopped) = watch::channel(false);
        runtime.block_on(async {
            let store = SledStore::open(&folder.path().join("store")).unwrap();
            let (_, keyring) = watch::channel(None);
            let limits = Limits { derivations_at_once: 1, ..Limits::default() };
            let ledger = LedgerKey::from_seed(&Secret::take(&mut [7; 32])).unwrap();
            let organisation = Organisation::default();
            let guests = Guests::Anybody {
                typed_bytes: limits.typed_bytes,
                refusals: web::refusals(&organisation, &limits).unwrap(),
            };
            let bound = Bound::bind(&Listen::Unix(socket.clone())).await.unwrap();
            let door = Door { bound, connections: 4, pace: Pace::of(&limits), guests };
            let (store, clock) = (Arc::new(store), Arc::new(SystemClock));
            let intake = Intake::new(store, keyring, clock, limits, Arc::new(ledger)).unwrap();
            let router = web::router(Arc::new(intake), &organisation).unwrap();
            tokio::spawn(web::listen::serve(door, router, stopped));
        });
        Self { runtime, socket, _stop: stop, _folder: folder }
    }

    /// Sends a form and gives the page to which it leads.
    fn send(&self, body: &[u8], step: usize) -> String {
        let mut form = FORM.as_bytes().to_vec();
        for piece in body.chunks(step) {
            form.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
            form.extend_from_slice(piece);
            form.extend_from_slice(b"\r\n");
        }
        form.extend_from_slice(b"0\r\n\r\n");
        let answer = self.exchange(&form);
        assert!(answer.starts_with("HTTP/1.1 303 "), "{answer}");
        let to = answer.lines().find_map(|line| line.strip_prefix("location: ")).unwrap();
        let page = self.exchange(format!("GET {to} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes());
        assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
        assert!(!page.contains("<script"), "what was typed is text and nothing else");
        page.split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    /// What the site says to these bytes, until it closes.
    fn exchange(&self, request: &[u8]) -> String {
        let patience = Duration::from_secs(20);
        self.runtime.block_on(async {
            tokio::time::timeout(patience, async {
                let mut stream = UnixStream::connect(&self.socket).await.unwrap();
                stream.write_all(request).await.unwrap();
                let mut answer = String::new();
                stream.read_to_string(&mut answer).await.unwrap();
                answer
            })
            .await
            .unwrap()
        })
    }
}
