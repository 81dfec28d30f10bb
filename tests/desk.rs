//! The desk over HTTP, asked by hand: who is let in, and what the answers look like.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "tests say what they expect by failing"
)]

#[path = "desk/asked.rs"]
mod asked;
#[path = "desk/late.rs"]
mod late;
mod office;
#[path = "desk/processes.rs"]
mod processes;
#[path = "desk/rewrap.rs"]
mod rewrap;

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use asked::Asked;
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use ed25519_dalek::SigningKey;
use office::{Office, desk_over, noise};
use rand::rngs::OsRng;
use sandyk::{
    clock::{Clock, SystemClock},
    desk::Desk,
    files::{self, Audience, Existing},
    id::{DeviceId, EntryId},
    keyring::{DevicePub, Suspension, suspension_file},
    note::{KeyName, SignedNote},
    secret::Secret,
    store::Store as _,
    web,
    wire::{
        Fault,
        outbox::{Answer, BODY, Entry, Outbox, PushId, Sealed},
        signature::{self, Nonce, Params},
        tape::Tape,
    },
};
use tower_service::Service as _;

const HOST: &str = "desk.example";

#[derive(Default)]
struct Hands(AtomicI64);

impl Clock for Hands {
    fn unix_seconds(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a_signed_request_is_answered_with_exact_headers() {
    let asked = Asked::open().await;
    let (status, headers, body) = asked.get("/desk/v1/changes?after=0").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers[header::CONTENT_TYPE], "application/x-tar");
    assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(headers[header::CONTENT_LENGTH], body.len().to_string());
    let mut tape = Tape::new(&body);
    let note = tape.expect("checkpoint.note", 4096).unwrap();
    assert!(note.starts_with(b"Rehearsal\n0\n"), "{}", String::from_utf8_lossy(note));
    assert!(tape.expect("head.json", 4096).unwrap().starts_with(b"{\"head\":0,"));
    tape.end().unwrap();
    let (status, _, body) = asked.get("/desk/v1/keyring").await;
    assert_eq!(status, StatusCode::OK);
    assert!(Tape::new(&body).expect("keyring-0001.note", 1 << 20).is_ok());
}

#[tokio::test]
async fn nobody_is_let_in_without_a_signature_that_fits() {
    let asked = Asked::open().await;
    let strangers: [fn(&mut Request<Body>); 9] = [
        |r| drop(r.headers_mut().remove("signature")),
        |r| drop(r.headers_mut().remove("signature-input")),
        |r| drop(r.headers_mut().remove("host")),
        |r| *r.method_mut() = axum::http::Method::HEAD,
        |r| *r.uri_mut() = "/desk/v1/changes?after=1".parse().unwrap(),
        |r| *r.uri_mut() = "/desk/v1/keyring?after=0".parse().unwrap(),
        |r| drop(r.headers_mut().insert("host", "desk.example:8081".parse().unwrap())),
        |r| {
            r.headers_mut().append("host", HOST.parse().unwrap());
        },
        |r| {
            let again = r.headers()["signature"].clone();
            r.headers_mut().append("signature", again);
        },
    ];
    for (n, change) in strangers.into_iter().enumerate() {
        let mut request = asked.request("GET", "/desk/v1/changes?after=0", None);
        change(&mut request);
        if request.method() == axum::http::Method::HEAD {
            assert_eq!(asked.ask(request).await.0, StatusCode::UNAUTHORIZED);
            continue;
        }
        assert_eq!(asked.refused(request).await, (401, "signature".to_owned()), "{n}");
    }
    let mut absolute = asked.request("GET", "/desk/v1/changes?after=0", None);
    *absolute.uri_mut() = "http://desk.example/desk/v1/changes?after=0".parse().unwrap();
    assert_eq!(asked.refused(absolute).await.1, "signature");
}

#[tokio::test]
async fn a_request_works_once_and_only_in_its_time() {
    let asked = Asked::open().await;
    let target = (HOST, "/desk/v1/changes?after=0");
    let at =
        |created: i64| Params { created, nonce: Nonce::random(&mut OsRng), device: asked.device };
    let once = at(asked.now());
    let again = || asked.request_with("GET", target, None, &once);
    assert_eq!(asked.ask(again()).await.0, StatusCode::OK);
    for seconds in [0, 60, 60] {
        asked.clock.0.fetch_add(seconds, Ordering::SeqCst);
        assert_eq!(asked.refused(again()).await, (401, "replayed".to_owned()), "{seconds}");
    }
    asked.clock.0.fetch_add(1, Ordering::SeqCst);
    assert_eq!(asked.refused(again()).await, (401, "clock".to_owned()));
    asked.clock.0.fetch_add(1000, Ordering::SeqCst);
    for (off, status) in [(-121, 401), (-120, 200), (120, 200), (121, 401)] {
        let request = asked.request_with("GET", target, None, &at(asked.now() + off));
        let (found, _, body) = asked.ask(request).await;
        assert_eq!(found.as_u16(), status, "{off}");
        if status == 401 {
            let fault: Fault = serde_json::from_slice(&body).unwrap();
            assert_eq!(fault.now, Some(asked.now()));
        }
    }
    // One that was seen in the future is still refused when its time has come and gone by a bit.
    let early = at(asked.now() + 100);
    let early = || asked.request_with("GET", target, None, &early);
    assert_eq!(asked.ask(early()).await.0, StatusCode::OK);
    asked.clock.0.fetch_add(220, Ordering::SeqCst);
    assert_eq!(asked.refused(early()).await.1, "replayed");
}

#[tokio::test]
async fn a_request_from_before_the_start_is_refused_because_it_may_have_been_used() {
    let asked = Asked::open().await;
    let params =
        Params { created: asked.now() - 1, nonce: Nonce::random(&mut OsRng), device: asked.device };
    let request = asked.request_with("GET", (HOST, "/desk/v1/keyring"), None, &params);
    assert_eq!(asked.refused(request).await, (401, "just-started".to_owned()));
}

#[tokio::test]
async fn strangers_other_devices_and_other_addresses_are_refused() {
    let mut asked = Asked::open().await;
    let target = "/desk/v1/keyring";
    let known =
        Params { created: asked.now(), nonce: Nonce::random(&mut OsRng), device: asked.device };
    for host in ["desk.other", "desk.example:81"] {
        let request = asked.request_with("GET", (host, target), None, &known);
        assert_eq!(asked.refused(request).await, (421, "address".to_owned()), "{host}");
    }
    let request = asked.request_with("GET", ("DESK.example:8081", target), None, &known);
    assert_eq!(asked.ask(request).await.0, StatusCode::OK);
    let stranger = Params { device: DeviceId::random(&mut OsRng), ..known };
    let request = asked.request_with("GET", (HOST, target), None, &stranger);
    assert_eq!(asked.refused(request).await, (401, "unknown-device".to_owned()));
    asked.key = SigningKey::from_bytes(&[6; 32]);
    let request = asked.request("GET", target, None);
    assert_eq!(asked.refused(request).await, (401, "signature".to_owned()));
    asked.key = SigningKey::from_bytes(&[5; 32]);
    asked.office.publish(&asked.office.next_keyring(), &[&asked.office.members[0].public]);
    let request = asked.request("GET", target, None);
    assert_eq!(asked.refused(request).await, (401, "unknown-device".to_owned()), "suspended");
}

#[tokio::test]
async fn one_root_closes_the_desk_to_a_device_within_one_request_and_nobody_else_does() {
    let asked = Asked::open().await;
    let get = || asked.request("GET", "/desk/v1/keyring", None);
    let chain = asked.office.published().borrow().chain.clone();
    let text = Suspension::of(&chain, asked.device).to_text();
    let file = asked.office.folder.path().join(suspension_file(asked.device));
    let write = |name: &str, key: &SigningKey, text: &str| {
        let mut note = SignedNote::new(text.to_owned()).unwrap();
        note.sign(&KeyName::parse(name).unwrap(), key);
        let text = note.to_text();
        files::save(&file, text.as_bytes(), Audience::Owner, Existing::Replace).unwrap();
    };
    // Its own key, and a root's for another device.
    write("root-1", &asked.key, &text);
    assert_eq!(asked.ask(get()).await.0, StatusCode::OK);
    let (root, key) = &asked.office.roots[2];
    let other = Suspension::of(&chain, DeviceId::random(&mut OsRng)).to_text();
    write(root.name.as_str(), key, &other);
    assert_eq!(asked.ask(get()).await.0, StatusCode::OK);
    write(root.name.as_str(), key, &text);
    assert_eq!(asked.refused(get()).await, (401, "suspended".to_owned()));
    // A stranger does not learn of it.
    let nonce = Nonce::random(&mut OsRng);
    let params = Params { created: asked.now(), nonce, device: asked.device };
    let mut stranger = asked.request_with("GET", (HOST, "/desk/v1/keyring"), None, &params);
    stranger.headers_mut().insert("signature", "sandyk=:AAAA:".parse().unwrap());
    assert_eq!(asked.refused(stranger).await, (401, "signature".to_owned()));
    // A keyring that only prolongs does not let it in again, another note of who comes in does.
    let public = DevicePub {
        id: asked.device,
        reader: asked.office.members[0].id,
        key: asked.key.verifying_key(),
    };
    asked.office.publish(&asked.office.next_keyring(), &[&public]);
    assert_eq!(asked.refused(get()).await, (401, "suspended".to_owned()));
    std::fs::remove_file(&file).unwrap();
    assert_eq!(asked.ask(get()).await.0, StatusCode::OK);
    // Whether there is one cannot be told: nobody is let in.
    std::fs::create_dir(&file).unwrap();
    assert_eq!(asked.refused(get()).await, (503, "store".to_owned()));
}

#[tokio::test]
async fn the_device_of_a_retired_reader_is_refused_at_the_next_request() {
    let asked = Asked::open().await;
    let get = || asked.request("GET", "/desk/v1/keyring", None);
    assert_eq!(asked.ask(get()).await.0, StatusCode::OK);
    let mut next = asked.office.next_keyring();
    next.readers.retain(|reader| reader.id != asked.office.members[0].id);
    asked.office.publish(&next, &[&asked.office.members[1].public]);
    assert_eq!(asked.refused(get()).await, (401, "unknown-device".to_owned()));
}

#[tokio::test]
async fn one_device_cannot_fill_the_memory_for_numbers_used_once() {
    let asked = Asked::open().await;
    let mut last = 0;
    for _ in 0..=4096 {
        last = asked.get("/desk/v1/nothing?").await.0.as_u16();
        last = match asked.get("/desk/v1/changes").await.0.as_u16() {
            400 => last,
            other => other,
        };
        if last == 429 {
            break;
        }
    }
    assert_eq!(last, 429);
    asked.clock.0.fetch_add(121, Ordering::SeqCst);
    assert_eq!(asked.get("/desk/v1/changes?after=0").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_seized_device_cannot_fill_the_disk_with_outboxes() {
    let asked = Asked::open().await;
    let body = vec![b' '; BODY];
    let push = || asked.request("POST", "/desk/v1/outbox", Some(&body));
    for n in 1..=64 {
        assert_eq!(asked.refused(push()).await.0, 400, "push {n} is read and refused as empty");
    }
    assert_eq!(asked.refused(push()).await, (429, "too-many".to_owned()));
    assert_eq!(asked.get("/desk/v1/changes?after=0").await.0, StatusCode::OK, "reading goes on");
    asked.clock.0.fetch_add(121, Ordering::SeqCst);
    assert_eq!(asked.refused(push()).await.0, 400);
}

#[tokio::test]
async fn a_query_or_path_that_is_not_exact_is_refused() {
    let asked = Asked::open().await;
    for (target, status) in [
        ("/desk/v1/changes", 400),
        ("/desk/v1/changes?after=", 400),
        ("/desk/v1/changes?after=-1", 400),
        ("/desk/v1/changes?after=+1", 400),
        ("/desk/v1/changes?after=1&after=2", 400),
        ("/desk/v1/changes?after=99999999999999999999", 400),
        ("/desk/v1/keyring?x", 400),
        ("/desk/v1/exhibits/x", 404),
        ("/desk/v1/exhibits/aaaaaaaaaaaaaaaaaaaaaaaaaa", 404),
        ("/", 404),
    ] {
        let request = asked.request("GET", target, None);
        assert_eq!(asked.refused(request).await.0, status, "{target}");
    }
    let request = asked.request("DELETE", "/desk/v1/keyring", None);
    assert_eq!(asked.refused(request).await.0, 404);
    assert_eq!(asked.get("/desk/v1/changes?after=18446744073709551615").await.0, StatusCode::OK);
}

#[tokio::test]
async fn exhibits_come_whole_or_from_any_byte_on() {
    let asked = Asked::open().await;
    let (id, exhibits) = asked.office.testimony(300_000).await;
    let target = format!("/desk/v1/exhibits/{id}");
    let (status, _, body) = asked.get(&target).await;
    assert!(status == StatusCode::OK && body == exhibits);
    for from in [0, 1, 65_536, 299_999] {
        let mut request = asked.request("GET", &target, None);
        let range = format!("bytes={from}-").parse().unwrap();
        request.headers_mut().insert(header::RANGE, range);
        let (status, headers, body) = asked.ask(request).await;
        assert_eq!(status, StatusCode::PARTIAL_CONTENT);
        assert_eq!(headers[header::CONTENT_RANGE], format!("bytes {from}-299999/300000"));
        assert!(body == exhibits[from..], "{from}");
    }
    for (range, status) in
        [("bytes=300000-", 416), ("bytes=0-1", 400), ("bytes=-5", 400), ("lines=1-", 400)]
    {
        let mut request = asked.request("GET", &target, None);
        request.headers_mut().insert(header::RANGE, range.parse().unwrap());
        assert_eq!(asked.refused(request).await.0, status, "{range}");
    }
}

#[tokio::test]
async fn an_outbox_of_another_size_or_body_is_refused_and_changes_nothing() {
    let asked = Asked::open().await;
    for size in [0, 1, BODY - 1, BODY + 1, 4 << 20] {
        let request = asked.request("POST", "/desk/v1/outbox", Some(&vec![b' '; size]));
        assert_eq!(asked.refused(request).await, (400, "outbox".to_owned()), "{size}");
    }
    let body = Outbox::empty(PushId::random(&mut OsRng)).to_body().unwrap();
    let mut other = asked.request("POST", "/desk/v1/outbox", Some(&body));
    let mut changed = body.clone();
    changed[BODY - 1] = b'\n';
    *other.body_mut() = Body::from(changed);
    assert_eq!(asked.refused(other).await, (400, "content-digest".to_owned()));
    let mut bare = asked.request("POST", "/desk/v1/outbox", Some(&body));
    bare.headers_mut().remove("content-digest");
    assert_eq!(asked.refused(bare).await, (401, "signature".to_owned()));
    assert_eq!(asked.office.store.head().0, 0);
}

#[tokio::test]
async fn an_entry_twice_is_one_event_and_another_under_its_name_is_refused() {
    let asked = Asked::open().await;
    let id = EntryId::random(&mut OsRng);
    let push = |sealed: Vec<u8>| {
        let mut outbox = Outbox::empty(PushId::random(&mut OsRng));
        outbox.entries.push(Entry { id, sealed: Sealed(sealed) });
        asked.request("POST", "/desk/v1/outbox", Some(&outbox.to_body().unwrap()))
    };
    let sealed = noise(1000);
    for _ in 0..2 {
        let (status, _, body) = asked.ask(push(sealed.clone())).await;
        let answer: Answer = serde_json::from_slice(&body).unwrap();
        assert_eq!((status, answer.accepted), (StatusCode::OK, vec![id.to_string()]));
    }
    let (_, _, body) = asked.ask(push(noise(1000))).await;
    let answer: Answer = serde_json::from_slice(&body).unwrap();
    assert_eq!(answer.refused[0].error, "id-taken");
    assert_eq!(asked.office.store.head().0, 1);
}

#[tokio::test]
async fn every_page_has_the_root_of_its_own_end() {
    let asked = Asked::open().await;
    for _ in 0..1100 {
        asked.office.testimony(10).await;
    }
    // Fresh desk, so that roots behind its head are computed from marks and from the start.
    let store = &asked.office.store;
    let clock = asked.clock.clone();
    let desk = Asked { desk: desk_over(store, asked.office.published(), 7, clock), ..asked };
    let mut frontier = sandyk::ledger::Frontier::default();
    let mut after = 0;
    while after < 1100 {
        let (_, _, body) = desk.get(&format!("/desk/v1/changes?after={after}")).await;
        let mut tape = Tape::new(&body);
        let note = String::from_utf8(tape.expect("checkpoint.note", 4096).unwrap().to_vec());
        tape.expect("head.json", 4096).unwrap();
        while let Some((name, size)) = tape.peek().unwrap() {
            let bytes = tape.expect(name, size).unwrap();
            if name.ends_with("/item.json") {
                let item: sandyk::ledger::feed::FeedItem = serde_json::from_slice(bytes).unwrap();
                frontier.push(item.leaf().unwrap());
                after += 1;
            }
        }
        let note = note.unwrap();
        let root = data_encoding::BASE64.encode(frontier.root().as_bytes());
        assert!(note.starts_with(&format!("Rehearsal\n{after}\n{root}\n")), "{note}");
    }
}
