//! Handmade first inputs of the corpora; `fuzz/README.md` says when they are written.

use ed25519_dalek::SigningKey;
use rand_chacha::ChaCha20Rng;
use sandyk::{
    digest::Digest,
    id::{BlobId, DeviceId, EntryId, ReaderId, TestimonyId},
    keyring::{DeskNote, Device, Invitation, Role},
    ledger::{
        Checkpoint,
        feed::{FeedItem, FeedKind, PartInfo},
    },
    note::KeyName,
    sealed::ExhibitAbout,
    wire::{
        EnvelopeDigest, key_content,
        signature::{Nonce, Params, Request, sign},
        tape,
    },
};

use crate::{
    fuzzing::stage::{ORGANISATION, STAGE},
    seeds_way_back,
};

pub(crate) type Seeds = Vec<(&'static str, Vec<u8>)>;

/// Every corpus and what it begins with.
pub(crate) fn all() -> Vec<(&'static str, Seeds)> {
    vec![
        ("casebook", casebook()),
        ("checkpoint", checkpoint()),
        ("desk_request", desk_request()),
        ("exhibits", exhibits()),
        ("journal", journal()),
        ("keyring", keyring()),
        ("multipart", multipart()),
        ("outbox", seeds_way_back::outbox()),
        ("page", page()),
        ("receipt", receipt()),
        ("reply", seeds_way_back::reply()),
        ("terminal", terminal()),
    ]
}

fn casebook() -> Seeds {
    let id = TestimonyId::from_bytes([1; 16]);
    let remark = format!("{{\"op\":\"remark\",\"target\":\"{id}\",\"text\":\"a\\nb\"}}");
    let tag =
        format!("{{\"op\":\"tag\",\"target\":\"{id}\",\"code\":\"torture\",\"remove\":true}}");
    let entry = format!(
        "{{\"schema\":\"entry/1\",\"organisation\":\"{ORGANISATION}\",\"keyring\":\"{0}\",\"by\":\"{1}\",\
         \"seq\":1,\"prev\":\"{0}\",\"day\":\"2026-11-22\",\"salt\":\"{0}\",\"body\":\"{{}}\",\
         \"signature\":\"AAAA\"}}",
        STAGE.chain.current_digest(),
        STAGE.keyring.readers[0].id
    );
    let mut seeds = seeds_way_back::acts();
    seeds.extend([
        ("empty-remark", remark.replace(r"a\nb", " ").into()),
        ("remark", remark.into()),
        ("tag", tag.into()),
        ("entry", entry.into()),
        ("all-acts", (0..24_u8).flat_map(|n| [n, n / 2, n]).collect::<Vec<_>>()),
        ("branches", b"x\x04\x04\x01\x04\x00\x01\x04\x01\x02\x03\x00\x01".to_vec()),
        ("replays", b"x\x03\x00\x01\x08\x00\x00\x08\x01\x00\x09\x00\x00\x04\x00\x02".to_vec()),
    ]);
    seeds
}

fn checkpoint() -> Seeds {
    let (name, key) = (KeyName::parse("sandyk-ledger").unwrap(), SigningKey::from_bytes(&[5; 32]));
    let of = |size| Checkpoint { origin: ORGANISATION.into(), size, root: Digest::of(b"root") };
    let note = of(42).sign(&name, &key).unwrap();
    vec![
        ("text", note.text().into()),
        ("signed", note.to_text().into()),
        ("largest", of(u64::MAX).sign(&name, &key).unwrap().text().into()),
        ("leading-zero", note.text().replace("42", "042").into()),
        ("extension", format!("{}more\n", note.text()).into()),
        ("two-signatures", format!("{0}{1}", note.to_text(), "\u{2014} x AAAA\n").into()),
    ]
}

fn desk_request() -> Seeds {
    let key = SigningKey::from_bytes(&[9; 32]);
    let request = Request {
        method: "GET",
        authority: "desk.onion",
        path: "/desk/v1/changes",
        query: Some("after=0"),
        content_digest: None,
    };
    let params = Params {
        created: 1_795_348_800,
        nonce: Nonce::from_bytes([7; 16]),
        device: DeviceId::from_bytes([9; 16]),
    };
    let headers = sign(&request, &params, &key);
    let with = |input: &str, signature: &str| {
        format!("GET\ndesk.onion\n/desk/v1/changes\nafter=0\n\n{input}\n{signature}").into_bytes()
    };
    let twice = format!("{0}, {0}", headers.input);
    vec![
        ("signed", with(&headers.input, &headers.signature)),
        ("signed-twice", with(&twice, &headers.signature)),
        ("other-tag", with(&headers.input.replace("sandyk-desk", "other"), &headers.signature)),
        ("no-bytes", with(&headers.input, "sandyk=::")),
        (
            "parameters",
            with(&format!("{};x=?1", headers.input), &format!("{};x", headers.signature)),
        ),
        (
            "body",
            b"POST\nA:80\n/desk/v1/outbox\n\nbody\nsandyk=();created=1\nsandyk=:AAAA:".to_vec(),
        ),
    ]
}

/// A ustar header of any name and kind, with a right checksum.
fn header(name: &str, bytes: usize, kind: tar::EntryType) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    header.set_size(u64::try_from(bytes).unwrap());
    header.set_mode(0o600);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_entry_type(kind);
    header.set_cksum();
    header.as_bytes().to_vec()
}

fn exhibits() -> Seeds {
    let entry = |name: &str, bytes: &[u8]| {
        let mut all = header(name, bytes.len(), tar::EntryType::Regular);
        all.extend_from_slice(bytes);
        all.resize(all.len().next_multiple_of(512), 0);
        all
    };
    let about = |bytes: &[u8]| {
        let about = ExhibitAbout {
            name: "../a".into(),
            bytes: u64::try_from(bytes.len()).unwrap(),
            sha256: Digest::of(bytes),
            media_type: "image/png".into(),
            complete: true,
        };
        serde_json::to_vec(&about).unwrap()
    };
    let one = |number: u16| {
        let piece = entry(&format!("{number:04}/00000001"), b"one");
        [piece, entry(&format!("{number:04}/about.json"), &about(b"one"))].concat()
    };
    let link = header("0001/00000001", 0, tar::EntryType::Symlink);
    let padded = |bytes: Vec<u8>| [vec![1], bytes].concat();
    let wrong = entry("0001/about.json", &about(b"two"));
    vec![
        ("none", vec![1]),
        ("one", padded(one(1))),
        ("two", padded([one(1), one(2)].concat())),
        ("twice", padded([one(1), one(1)].concat())),
        ("gap", padded(one(2))),
        ("link", padded(link)),
        ("wrong-hash", padded([entry("0001/00000001", b"one"), wrong].concat())),
        ("path", padded(entry("../../x", b"one"))),
        ("cut", [vec![0], one(1)].concat()),
        ("no-age", [vec![2], b"age-encryption.org/v1\n-> X25519 a\n".to_vec()].concat()),
    ]
}

fn journal() -> Seeds {
    // Change, key (or none) and cursor (or none), each a byte long: as `docs/format/store.md` says.
    let change =
        |number: u8, key: Option<&[u8]>, cursor: Option<u8>| {
            let mut bytes = vec![number];
            bytes.extend([number; 16]);
            bytes.extend(key.map_or_else(
                || vec![0],
                |key| [&[1, u8::try_from(key.len()).unwrap()][..], key, b"\x05value"].concat(),
            ));
            bytes.extend([0, 0]);
            bytes.extend(cursor.map_or_else(
                || vec![0],
                |cursor| [&[1, cursor][..], &[9; 32], b"\x03pay"].concat(),
            ));
            bytes
        };
    let frame = |wrong: u8, changes: &[Vec<u8>]| {
        let payload = [&[0, u8::try_from(changes.len()).unwrap()][..], &changes.concat()].concat();
        [&[wrong][..], &u16::try_from(payload.len()).unwrap().to_le_bytes(), &payload].concat()
    };
    let first = frame(0, &[change(1, Some(b"key"), Some(1)), change(2, None, None)]);
    let after = |wrong, changes: &[Vec<u8>]| [first.clone(), frame(wrong, changes)].concat();
    let third = [change(3, Some(b"key"), Some(2))];
    let last = frame(0, &[change(4, None, Some(3))]);
    vec![
        ("whole", [after(0, &third), last.clone()].concat()),
        ("torn", after(3, &third)),
        ("wrong-crc-at-the-end", after(1, &third)),
        ("wrong-crc-before-another", [after(1, &third), last.clone()].concat()),
        ("wrong-length", [after(2, &third), last.clone()].concat()),
        ("a-change-is-missing", [first.clone(), last].concat()),
        ("an-event-is-missing", after(0, &[change(3, None, Some(3))])),
        ("twice", [first.clone(), first.clone()].concat()),
        ("empty-key", after(0, &[change(3, Some(b""), None)])),
        ("another-kind", [&first[..], &[0, 1, 0, 1]].concat()),
        ("more-than-it-says", [&first[..], &[0, 3, 0, 0, 0, 0]].concat()),
    ]
}

fn keyring() -> Seeds {
    let stage = &*STAGE;
    let mut next = stage.keyring.clone();
    next.epoch = 2;
    next.previous = stage.chain.current_digest();
    let mut fewer = next.clone();
    fewer.readers.pop();
    let mut more = next.clone();
    let id = ReaderId::from_bytes([200; 16]);
    more.readers.push(sandyk::keyring::Reader { id, since: 2, ..more.readers[1].clone() });
    let key = stage.signing[0].verifying_key();
    let device =
        Device { id: DeviceId::from_bytes([9; 16]), reader: stage.keyring.readers[0].id, key };
    let desk = DeskNote {
        organisation: ORGANISATION.into(),
        epoch: 1,
        keyring: stage.keyring.body_digest(),
        devices: vec![device],
    };
    let invitation = Invitation {
        trust: stage.trust.clone(),
        desk_address: "http://desk.onion".into(),
        intake_address: String::new(),
        role: Role::Reviewer,
        kind: sandyk::recipient::Kind::PostQuantum,
        notes: vec![stage.chain.notes()[0].to_owned()],
    };
    vec![
        ("first", stage.keyring.to_text().into()),
        ("first-signed", stage.chain.notes()[0].into()),
        ("next", next.to_text().into()),
        ("next-fewer", fewer.to_text().into()),
        ("next-more", more.to_text().into()),
        ("roots", stage.trust.to_text().into()),
        ("desk", desk.to_text().into()),
        ("invitation", invitation.to_text().into()),
        ("root-key", stage.roots[0].0.to_text().into()),
    ]
}

fn multipart() -> Seeds {
    let part = |head: &str, body: &str| {
        format!("--b\r\nContent-Disposition: form-data; {head}\r\n\r\n{body}\r\n")
    };
    let story = part("name=\"story\"", "Something happened.");
    let file = part("name=\"files\"; filename=\"a.png\"\r\nContent-Type: image/png", "\u{1}\u{2}");
    let form = |step: u8, text: String| [vec![step], text.into_bytes()].concat();
    let end = "--b--\r\n";
    vec![
        ("story", form(63, format!("{story}{end}"))),
        ("one-byte-at-a-time", form(0, format!("{story}{file}{end}"))),
        ("file-first", form(6, format!("{file}{story}{end}"))),
        ("no-end", form(6, story.clone())),
        ("no-name", form(3, format!("{}{end}", part("x=\"y\"", "z")))),
        (
            "hostile",
            form(7, format!("{}{end}", part("name=\"story\"", "</textarea><script>\u{202e}"))),
        ),
        (
            "nested",
            form(
                9,
                format!(
                    "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\n--c--\r\n{end}"
                ),
            ),
        ),
        (
            "not-utf-8",
            [
                form(2, "--b\r\nContent-Disposition: form-data; name=\"story\"\r\n\r\n".to_owned()),
                b"\xff\xfe\r\n--b--\r\n".to_vec(),
            ]
            .concat(),
        ),
        ("only-boundaries", form(1, "--b\r\n--b\r\n--b--\r\n".repeat(4))),
    ]
}

/// An item of three bytes in each part.
fn item(kind: FeedKind, parts: &[&str], content: Digest) -> FeedItem {
    let part = |name: &&str| PartInfo {
        name: (*name).into(),
        bytes: 3,
        sha256: Digest::of(b"one"),
        blob: BlobId::from_bytes([1; 16]),
    };
    FeedItem {
        kind,
        id: EntryId::from_bytes([2; 16]).to_string(),
        salt: "ab".repeat(32),
        content,
        week: (kind == FeedKind::Testimony).then(|| "2026-W47".parse().unwrap()),
        epoch: 1,
        parts: parts.iter().map(part).collect(),
    }
}

/// The tape of one event: its item, and each of the other entries.
fn event(item: &str, others: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    let items = [("item.json", item.as_bytes())];
    for (name, bytes) in items.iter().chain(others) {
        tape::write_entry(&mut out, &format!("{:020}/{name}", 1), bytes).unwrap();
    }
    tape::write_end(&mut out).unwrap();
    out
}

fn page() -> Seeds {
    let one = Digest::of(b"one");
    let own = EnvelopeDigest { reader: ReaderId::from_bytes([1; 16]), sha256: one };
    let list = serde_json::to_vec(std::slice::from_ref(&own)).unwrap();
    let json = |item: &FeedItem| serde_json::to_string(item).unwrap();
    let entry = json(&item(FeedKind::CasebookEntry, &["entry"], one));
    let names = ["cover", "account", "identity", "exhibits"];
    let testimony = json(&item(FeedKind::Testimony, &names, one));
    let key = json(&item(FeedKind::CasebookKey, &[], key_content(&[own])));
    let part = |name| (name, &b"one"[..]);
    let parts = ["cover.age", "account.age", "identity.age"].map(part);
    let envelope = [&parts[..], &[part("envelope-account.age")]].concat();
    let later = entry.replace("casebook-entry", "later");
    let mut nothing = Vec::new();
    tape::write_end(&mut nothing).unwrap();
    let link = format!("{:020}/item.json", 1);
    vec![
        ("empty", nothing),
        ("entry", event(&entry, &[part("entry.age")])),
        ("testimony", event(&testimony, &parts)),
        ("envelope", event(&testimony, &envelope)),
        ("key", event(&key, &[("key.json", &list), part("key.age")])),
        ("later", event(&later, &[part("more.age")])),
        ("link", header(&link, 0, tar::EntryType::Symlink)),
        ("path", header("../../device.key", 3, tar::EntryType::Regular)),
    ]
}

fn receipt() -> Seeds {
    let mut rng = rand_chacha::rand_core::SeedableRng::seed_from_u64(1);
    let rng: &mut ChaCha20Rng = &mut rng;
    let digits = sandyk::receipt::Receipt::random(rng).digits().expose().to_owned();
    let with = |choice: u8, text: String| [vec![choice], text.into_bytes()].concat();
    let plain: String = digits.chars().filter(char::is_ascii_digit).collect();
    let arabic: String =
        plain.chars().map(|c| char::from_u32(0x660 + c.to_digit(10).unwrap()).unwrap()).collect();
    vec![
        ("groups", with(0, digits.clone())),
        ("plain", with(40, plain.clone())),
        ("arabic", with(80, arabic)),
        ("dashes", with(130, digits.replace(' ', " - "))),
        ("short", with(1, plain.chars().take(26).collect())),
        ("long", with(1, format!("{plain}0"))),
    ]
}

fn terminal() -> Seeds {
    vec![
        ("escapes", b"\x1b[2J\x1b]0;owned\x07\xc2\x9b31m\rgone".to_vec()),
        ("link", b"\x1b]8;;http://x\x1b\\click\x1b]8;;\x1b\\".to_vec()),
        ("bidi", "a\u{202e}txt\u{2066}b\u{200b}c\u{200f}".into()),
        ("tower", format!("a{}", "\u{301}\u{488}".repeat(20)).into()),
        ("pictures", "❤️ 1️⃣ 👩‍👩‍👧 🇰🇬 \u{e0041}".into()),
        ("lines", "a\r\nb\tc\u{2028}d\u{85}e".into()),
        ("broken", b"\xff\xfe\xed\xa0\x80\xf4\x90\x80\x80".to_vec()),
    ]
}
