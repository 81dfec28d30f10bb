//! An invented organisation with a desk on this machine, for the tests of desk and sync.
#![expect(dead_code, reason = "each test file needs another part of it")]

mod people;
mod stored;

use std::{
    fs,
    io::Write as _,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use data_encoding::HEXLOWER;
use ed25519_dalek::SigningKey;
use futures_util::{StreamExt as _, stream};
use rand::{RngCore as _, SeedableRng as _, rngs::OsRng};
use rand_chacha::ChaCha20Rng;
use sandyk::{
    clock::{Clock, SystemClock},
    desk::Desk,
    digest::Digest,
    hybrid::HybridIdentity,
    id::{EntryId, ReaderId, TestimonyId},
    keyring::{Chain, DevicePub, Keyring, Published, Role, TrustRoot},
    ledger::{
        LedgerKey,
        feed::{FeedItem, FeedKind, PartInfo},
    },
    note::NamedKey,
    secret::Secret,
    store::{BlobWriter as _, Commit, Expect, MemoryStore, NewEvent, Put, Store},
    sync::{self, Alarm, Patience, Report, Settings, SyncError, Wanted},
    web,
    wire::outbox::CasebookKeyId,
};
use tokio::{net::TcpListener, sync::watch};
use tower_service::Service as _;

use self::people::{desk_note, first_keyring, join, reading, root};
pub(crate) use self::people::{draft, sign};
pub(crate) use self::stored::{key_for, noise, put_testimony, write};
use walkdir::{DirEntry, WalkDir};

/// What a desk answers, as somebody on the way may change it: path, status, headers, body.
pub(crate) type Meddle = Box<dyn FnMut(&Seen, Answer) -> Response + Send>;

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn pass(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }

    /// The same answer, cut after `bytes` bytes of the length that it states.
    pub(crate) fn cut(self, bytes: usize) -> Response {
        let whole = self.body[..bytes].to_vec();
        let end = stream::once(async {
            // Time for the first bytes to leave.
            tokio::time::sleep(Duration::from_millis(50)).await;
            Err(std::io::Error::other("cut"))
        });
        let chunks = stream::once(async { Ok(whole) }).chain(end);
        let mut response = Response::new(Body::from_stream(chunks));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

/// A request that came by.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) range: Option<String>,
    pub(crate) body: Vec<u8>,
}

pub(crate) struct Member {
    pub(crate) id: ReaderId,
    pub(crate) role: Role,
    pub(crate) workspace: PathBuf,
    pub(crate) device: PathBuf,
    pub(crate) public: DevicePub,
    /// The key that lies on the reader's offline machine.
    pub(crate) signing: SigningKey,
}

impl Member {
    /// What opens this reader's envelopes.
    pub(crate) fn reading(&self) -> HybridIdentity {
        reading(&self.signing)
    }
}

pub(crate) struct Office {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) members: Vec<Member>,
    pub(crate) seen: Arc<Mutex<Vec<Seen>>>,
    pub(crate) meddle: Arc<Mutex<Option<Meddle>>>,
    pub(crate) address: String,
    pub(crate) keyring: Keyring,
    pub(crate) roots: Vec<(NamedKey, SigningKey)>,
    published: watch::Sender<Arc<Published>>,
    inner: Arc<Mutex<Router>>,
}

impl Office {
    /// A reviewer and a guardian at one desk.
    pub(crate) async fn open() -> Self {
        Self::of(&[Role::Reviewer, Role::Guardian]).await
    }

    /// One reader for each of these roles, at one desk.
    pub(crate) async fn of(roles: &[Role]) -> Self {
        let rng = &mut ChaCha20Rng::seed_from_u64(1);
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let roots: Vec<_> = (1..=3).map(|n| root(n, rng)).collect();
        let drafts: Vec<_> = roles.iter().map(|role| draft(*role, rng)).collect();
        let keyring = first_keyring(&roots, drafts.iter().map(|(r, _)| r.clone()).collect());
        let trust = TrustRoot {
            organisation: keyring.organisation.clone(),
            threshold: keyring.threshold,
            roots: keyring.roots.clone(),
        };
        let note = sign(&roots, keyring.to_text());
        let chain = Chain::verify(&[note.to_text()], &trust).unwrap();
        let members: Vec<_> = drafts
            .iter()
            .enumerate()
            .map(|(n, draft)| join(&folder.path().join(n.to_string()), draft, &trust, &address))
            .collect();
        let desk = desk_note(&roots, &keyring, &chain, members.iter().map(|m| &m.public));
        let (published, now) = watch::channel(Arc::new(Published {
            chain,
            desk: Some(desk),
            site: Ok(None),
            suspensions: Vec::new(),
            void_suspensions: Vec::new(),
        }));
        let store = Arc::new(MemoryStore::new());
        let router = desk_over(&store, now, 7, Arc::new(SystemClock));
        let mut office = Self {
            folder,
            store,
            members,
            seen: Arc::default(),
            meddle: Arc::default(),
            address,
            keyring,
            roots,
            published,
            inner: Arc::new(Mutex::new(router)),
        };
        office.listen(listener);
        office
    }

    fn listen(&mut self, listener: TcpListener) {
        let (inner, seen, meddle) =
            (Arc::clone(&self.inner), Arc::clone(&self.seen), Arc::clone(&self.meddle));
        let app = Router::new().fallback(move |request: Request| {
            let (mut inner, seen, meddle) =
                (inner.lock().unwrap().clone(), Arc::clone(&seen), Arc::clone(&meddle));
            async move {
                let (parts, body) = request.into_parts();
                let body = axum::body::to_bytes(body, 1 << 20).await.unwrap_or_default();
                let note = Seen {
                    path: parts.uri.path().to_owned(),
                    query: parts.uri.query().unwrap_or_default().to_owned(),
                    range: parts.headers.get("range").map(|r| r.to_str().unwrap().to_owned()),
                    body: body.to_vec(),
                };
                seen.lock().unwrap().push(note.clone());
                let request = Request::from_parts(parts, Body::from(body));
                let (parts, body) = inner.call(request).await.unwrap().into_parts();
                let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
                let answer = Answer { status: parts.status, headers: parts.headers, body };
                match meddle.lock().unwrap().as_mut() {
                    Some(meddle) => meddle(&note, answer),
                    None => answer.pass(),
                }
            }
        });
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    }

    pub(crate) fn meddle(&self, meddle: impl FnMut(&Seen, Answer) -> Response + Send + 'static) {
        *self.meddle.lock().unwrap() = Some(Box::new(meddle));
    }

    pub(crate) fn leave_alone(&self) {
        *self.meddle.lock().unwrap() = None;
    }

    /// Another desk takes the place of the first one.
    pub(crate) fn replace(&self, store: &Arc<MemoryStore>, ledger_seed: u8) {
        let router =
            desk_over(store, self.published.subscribe(), ledger_seed, Arc::new(SystemClock));
        *self.inner.lock().unwrap() = router;
    }

    /// A desk over another store, which goes by another clock.
    pub(crate) fn replace_by<S: Store>(&self, store: &Arc<S>, clock: Arc<dyn Clock>) {
        *self.inner.lock().unwrap() = desk_over(store, self.published.subscribe(), 7, clock);
    }

    /// The same desk by another clock.
    pub(crate) fn set_clock(&self, clock: Arc<dyn Clock>) {
        self.serve(&self.store, clock);
    }

    /// Puts a desk with another store in the place of this one.
    pub(crate) fn serve<S: Store + 'static>(&self, store: &Arc<S>, clock: Arc<dyn Clock>) {
        let router = desk_over(store, self.published.subscribe(), 7, clock);
        *self.inner.lock().unwrap() = router;
    }

    /// The same desk, which answers at most so many requests of one device in two minutes.
    pub(crate) fn answer_at_most(&self, requests: usize, clock: Arc<dyn Clock>) {
        let desk = desk_of(&self.store, self.published(), 7, clock).answering_at_most(requests);
        *self.inner.lock().unwrap() = web::desk::router(Arc::new(desk));
    }

    pub(crate) fn settings(&self, member: usize) -> Settings {
        let Member { workspace, device, .. } = &self.members[member];
        Settings {
            workspace: workspace.clone(),
            device: device.clone(),
            desk: None,
            exhibits: Wanted::All,
            proxy: None,
            patience: Patience {
                attempts: 2,
                pause: Duration::from_millis(1),
                silence: Duration::from_secs(20),
                ..Patience::default()
            },
        }
    }

    pub(crate) async fn sync(&self, member: usize) -> Result<Report, SyncError> {
        self.sync_with(&self.settings(member)).await
    }

    pub(crate) async fn sync_with(&self, settings: &Settings) -> Result<Report, SyncError> {
        sync::run(settings, &SystemClock, &mut OsRng, &mut |_| ()).await
    }

    /// Puts something like a testimony into the store; gives its id and its exhibits.
    pub(crate) async fn testimony(&self, exhibits: usize) -> (TestimonyId, Vec<u8>) {
        put_testimony(&*self.store, &self.members, exhibits, 1024).await
    }

    pub(crate) fn read(&self, member: usize, name: &str) -> Vec<u8> {
        fs::read(self.file(member, name)).unwrap()
    }

    pub(crate) fn feed_lines(&self, member: usize) -> usize {
        fs::read_to_string(self.file(member, "feed.jsonl")).unwrap_or_default().lines().count()
    }

    /// Puts an entry into a member's outbox, as review does.
    pub(crate) fn write_entry(&self, member: usize, bytes: usize) -> (EntryId, Vec<u8>) {
        let id = EntryId::random(&mut OsRng);
        let mut sealed = b"age-encryption.org/v1\n".to_vec();
        sealed.extend(noise(bytes.saturating_sub(sealed.len())));
        write(&self.file(member, &format!("outbox/entries/{id}.age")), &sealed);
        (id, sealed)
    }

    /// Puts a casebook key for `readers` into a member's outbox, as review does.
    pub(crate) fn write_key(&self, member: usize, readers: &[ReaderId]) -> CasebookKeyId {
        let id = CasebookKeyId::random(&mut OsRng);
        for reader in readers {
            let path = self.file(member, &format!("outbox/keys/{id}/{reader}.age"));
            write(&path, &key_for(*reader));
        }
        id
    }

    pub(crate) fn file(&self, member: usize, name: &str) -> PathBuf {
        self.members[member].workspace.join(name)
    }

    /// Everything that lies in a member's workspace, by name.
    pub(crate) fn everything(&self, member: usize) -> Vec<(String, Vec<u8>)> {
        let all = WalkDir::new(&self.members[member].workspace).sort_by_file_name();
        let files = all.into_iter().map(Result::unwrap).filter(|entry| !entry.file_type().is_dir());
        let read =
            |entry: DirEntry| (entry.path().display().to_string(), fs::read(entry.path()).unwrap());
        files.map(read).collect()
    }

    /// Publishes the next keyring, or one without devices.
    pub(crate) fn publish(&self, keyring: &Keyring, devices: &[&DevicePub]) {
        let trust = TrustRoot {
            organisation: keyring.organisation.clone(),
            threshold: keyring.threshold,
            roots: keyring.roots.clone(),
        };
        let chain = self.published.borrow().chain.clone();
        let note = sign(&self.roots, keyring.to_text()).to_text();
        let chain = if keyring.epoch == 1 {
            Chain::verify(&[note], &trust).unwrap()
        } else {
            chain.extend(&note).unwrap()
        };
        let desk = desk_note(&self.roots, keyring, &chain, devices.iter().copied());
        self.published
            .send(Arc::new(Published {
                chain,
                desk: Some(desk),
                site: Ok(None),
                suspensions: Vec::new(),
                void_suspensions: Vec::new(),
            }))
            .unwrap();
    }

    /// The keyring that follows and changes nothing but its last day.
    pub(crate) fn next_keyring(&self) -> Keyring {
        let chain = self.published.borrow().chain.clone();
        let mut next = chain.current().get().clone();
        next.epoch += 1;
        next.previous = chain.current_digest();
        next.not_after = next.not_after.plus_days(30);
        next.vouches.clear();
        next
    }

    pub(crate) fn published(&self) -> watch::Receiver<Arc<Published>> {
        self.published.subscribe()
    }
}

pub(crate) fn desk_over<S: Store + 'static>(
    store: &Arc<S>,
    published: watch::Receiver<Arc<Published>>,
    ledger: u8,
    clock: Arc<dyn Clock>,
) -> Router {
    web::desk::router(Arc::new(desk_of(store, published, ledger, clock)))
}

fn desk_of<S: Store>(
    store: &Arc<S>,
    now: watch::Receiver<Arc<Published>>,
    ledger: u8,
    clock: Arc<dyn Clock>,
) -> Desk<S> {
    let ledger = LedgerKey::from_seed(&Secret::take(&mut [ledger; 32])).unwrap();
    Desk::new(Arc::clone(store), now, ledger, &[], clock)
}

/// The alarm that a sync ended with.
#[expect(clippy::panic, reason = "a test says what came instead")]
pub(crate) fn alarm(result: Result<Report, SyncError>) -> Alarm {
    match result {
        Err(SyncError::Alarm(alarm)) => alarm,
        Err(other) => panic!("no alarm but {other}"),
        Ok(report) => panic!("no alarm but {report:?}"),
    }
}

pub(crate) async fn commit(store: &impl Store, item: &FeedItem, puts: Vec<Put>) {
    let event = NewEvent { leaf: item.leaf().unwrap(), payload: serde_json::to_vec(item).unwrap() };
    let attach = item.parts.iter().map(|part| part.blob).collect();
    let id = noise(16).try_into().unwrap();
    let change = Commit { id, puts, attach, event: Some(event), ..Commit::default() };
    store.commit(change).await.unwrap();
}
