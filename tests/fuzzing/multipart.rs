//! A form of any bytes, in pieces of any size, at a site whose intake is closed: what was typed comes
//! back, the same however the bytes were cut.

use std::{cell::RefCell, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{Method, StatusCode, header},
};
use sandyk::{
    clock::SystemClock,
    config::{Limits, Organisation},
    intake::Intake,
    ledger::LedgerKey,
    secret::Secret,
    store::SledStore,
    web,
};
use tokio::{runtime::Runtime, sync::watch};
use tower_service::Service as _;

struct Site {
    runtime: Runtime,
    router: Router,
    _folder: tempfile::TempDir,
}

thread_local! {
    static SITE: RefCell<Site> = RefCell::new(Site::open());
}

/// The boundary of every form here.
const FORM: &str = "multipart/form-data; boundary=b";

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
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let store = runtime.block_on(async { SledStore::open(folder.path()) }).unwrap();
        let (_, keyring) = watch::channel(None);
        let limits = Limits { derivations_at_once: 1, ..Limits::default() };
        let ledger = LedgerKey::from_seed(&Secret::take(&mut [7; 32])).unwrap();
        let clock = Arc::new(SystemClock);
        let intake = Intake::new(Arc::new(store), keyring, clock, limits, Arc::new(ledger));
        let router = web::router(Arc::new(intake.unwrap()), &Organisation::default()).unwrap();
        Self { runtime, router, _folder: folder }
    }

    /// Sends a form and gives the page to which it leads.
    fn send(&mut self, body: &[u8], step: usize) -> String {
        let pieces: Vec<std::io::Result<Bytes>> =
            body.chunks(step).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        let form = Request::builder()
            .method(Method::POST)
            .uri("/en/send")
            .header(header::CONTENT_TYPE, FORM)
            .body(Body::from_stream(futures_util::stream::iter(pieces)))
            .unwrap();
        let Self { runtime, router, .. } = self;
        runtime.block_on(async {
            let patience = Duration::from_secs(20);
            let answer = tokio::time::timeout(patience, router.call(form)).await.unwrap().unwrap();
            assert_eq!(answer.status(), StatusCode::SEE_OTHER);
            let to = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
            let read = Request::builder().uri(&to).body(Body::empty()).unwrap();
            let page = router.call(read).await.unwrap();
            assert_eq!(page.status(), StatusCode::OK);
            let page = to_bytes(page.into_body(), 1 << 20).await.unwrap();
            let page = String::from_utf8(page.to_vec()).unwrap();
            assert!(!page.contains("<script"), "what was typed is text and nothing else");
            page
        })
    }
}
