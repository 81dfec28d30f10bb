//! Files that must open, and files that must not, in every version from now on.
#![cfg(feature = "open")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests fail by panicking, and the C2SP vectors go straight into age"
)]

use std::{
    collections::BTreeMap,
    fs,
    io::{Cursor, Read as _},
    path::Path,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sandyk::{
    digest::Digest,
    hybrid::HybridIdentity,
    id::TestimonyId,
    sealed::{
        ExhibitAbout, Sealed,
        open::{OpenError, ReadingIdentity},
    },
};
use serde_json::Value;

#[test]
fn every_hybrid_vector_of_the_c2sp_age_suite_ends_as_its_header_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/c2sp-age");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name == "LICENSE" {
            continue;
        }
        let vector = C2sp::parse(&fs::read(&path).unwrap());
        let (outcome, released) = vector.open();
        assert_eq!(outcome, vector.expect, "{name}");
        if let Some(payload) = &vector.payload {
            assert_eq!(Digest::of(&released).to_string(), *payload, "{name}");
        } else {
            assert!(released.is_empty(), "{name}");
        }
        seen += 1;
    }
    assert_eq!(seen, 19, "the suite of cctv-age 0.2.0 has 19 hybrid vectors");
}

#[test]
fn the_testimony_of_v0_opens_whole() {
    let v0 = V0::load();
    let expected = &v0.expected;
    let opened = V0::bundle().open(v0.id()).unwrap();
    assert_eq!(opened.story, expected["story"]);
    assert_eq!(opened.submitter, expected["submitter"]);
    let exhibits = expected["exhibits"].as_array().unwrap();
    assert_eq!(opened.exhibits.len(), exhibits.len());
    for (about, expected) in opened.exhibits.iter().zip(exhibits) {
        let found = serde_json::to_value(about).unwrap();
        for field in ["name", "media_type", "bytes", "sha256"] {
            assert_eq!(found[field], expected[field]);
        }
    }
}

#[test]
fn every_hostile_file_of_v0_is_refused_with_its_own_error() {
    let v0 = V0::load();
    let hostile = v0.expected["hostile"].as_array().unwrap();
    assert_eq!(hostile.len(), 19);
    for case in hostile {
        let mut bundle = V0::bundle();
        let mut id = v0.id();
        if let Some(folder) = case["folder"].as_str() {
            for part in ["cover", "exhibits"] {
                bundle.0.insert(part.to_owned(), load(&format!("{folder}/{part}.age")));
            }
        } else if let Some(cut) = case["cut"].as_object() {
            let keep = usize::try_from(cut["keep"].as_u64().unwrap()).unwrap();
            bundle.part(&cut["part"]).truncate(keep);
        } else if let Some(flip) = case["flip"].as_object() {
            let at = usize::try_from(flip["at"].as_u64().unwrap()).unwrap();
            *bundle.part(&flip["part"]).get_mut(at).unwrap() ^= 1;
        } else {
            id = case["id"].as_str().unwrap().parse().unwrap();
        }
        let error = bundle.open(id).err().unwrap_or_else(|| panic!("it opens: {case}"));
        assert_eq!(format!("{error:?}"), case["error"].as_str().unwrap(), "{case}");
    }
}

/// The frozen testimony of v0, what is in it, and what is wrong with its hostile variants.
struct V0 {
    expected: Value,
}

impl V0 {
    fn load() -> Self {
        Self { expected: serde_json::from_slice(&load("expected.json")).unwrap() }
    }

    fn id(&self) -> TestimonyId {
        self.expected["id"].as_str().unwrap().parse().unwrap()
    }

    fn bundle() -> Bundle {
        let parts = ["cover", "account", "identity", "exhibits"];
        Bundle(parts.map(|p| (p.to_owned(), load(&format!("testimony/{p}.age")))).into())
    }
}

/// The four parts of a testimony, as the guardian of v0 finds them.
struct Bundle(BTreeMap<String, Vec<u8>>);

struct Opened {
    story: String,
    submitter: String,
    exhibits: Vec<ExhibitAbout>,
}

impl Bundle {
    fn part(&mut self, name: &Value) -> &mut Vec<u8> {
        self.0.get_mut(name.as_str().unwrap()).unwrap()
    }

    fn open(&self, id: TestimonyId) -> Result<Opened, OpenError> {
        let guardian = ReadingIdentity::new(reader("guardian.txt"));
        let own = "testimony/envelope/aibaeaqcaibaeaqcaibaeaqcai";
        let envelope = Sealed::from_bytes(load(&format!("{own}/account.age")));
        let key = guardian.open_account_envelope(&envelope)?;
        let envelope = Sealed::from_bytes(load(&format!("{own}/identity.age")));
        let names = guardian.open_identity_envelope(&envelope)?;
        let cover = key.open_cover(&Sealed::from_bytes(self.0["cover"].clone()), id)?;
        let mut exhibits = Vec::new();
        let mut reader = cover.open_exhibits(&key, Cursor::new(&self.0["exhibits"]))?;
        while let Some((_, about)) = reader.next_into(|_| Ok(std::io::sink()))? {
            exhibits.push(about);
        }
        let account = Sealed::from_bytes(self.0["account"].clone());
        let identity = Sealed::from_bytes(self.0["identity"].clone());
        let identity = cover.open_identity(&names, &identity)?;
        let submitter = identity.submitter.map(|named| named.name).unwrap_or_default();
        Ok(Opened { story: cover.open_account(&key, &account)?.story, submitter, exhibits })
    }
}

/// An age identity file of v0: comments, then one key.
fn reader(name: &str) -> HybridIdentity {
    let text = String::from_utf8(load(name)).unwrap();
    HybridIdentity::parse(text.lines().find(|line| !line.starts_with('#')).unwrap()).unwrap()
}

fn load(name: &str) -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/v0");
    fs::read(root.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// One file of the suite: a header of `key: value` lines, an empty line, an age file.
struct C2sp {
    expect: String,
    payload: Option<String>,
    identities: Vec<Box<dyn age::Identity>>,
    file: Vec<u8>,
}

impl C2sp {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap();
        let (head, body) = bytes.split_at(end);
        let mut vector = Self {
            expect: String::new(),
            payload: None,
            identities: Vec::new(),
            file: body.get(2..).unwrap().to_vec(),
        };
        let mut armored = false;
        for line in std::str::from_utf8(head).unwrap().lines() {
            match line.split_once(": ").unwrap() {
                ("expect", value) => value.clone_into(&mut vector.expect),
                ("payload", value) => vector.payload = Some(value.to_owned()),
                ("identity", value) => vector.identities.push(identity(value)),
                ("armored", "yes") => armored = true,
                ("compressed", "zlib") => vector.file = inflate(&vector.file),
                ("file key" | "comment", _) => (),
                (key, value) => panic!("unknown header {key}: {value}"),
            }
        }
        if armored {
            vector.file = dearmor(&vector.file);
        }
        vector
    }

    /// What happened, and everything that was released before it did.
    fn open(&self) -> (&'static str, Vec<u8>) {
        let opened = age::Decryptor::new_buffered(self.file.as_slice())
            .and_then(|file| file.decrypt(self.identities.iter().map(AsRef::as_ref)));
        let mut released = Vec::new();
        let outcome = match opened {
            Ok(mut stream) => match stream.read_to_end(&mut released) {
                Ok(_) => "success",
                Err(_) => "payload failure",
            },
            Err(age::DecryptError::NoMatchingKeys) => "no match",
            Err(age::DecryptError::InvalidMac) => "HMAC failure",
            Err(
                age::DecryptError::InvalidHeader
                | age::DecryptError::Io(_)
                | age::DecryptError::UnknownFormat,
            ) => "header failure",
            Err(other) => panic!("{other}"),
        };
        (outcome, released)
    }
}

fn identity(text: &str) -> Box<dyn age::Identity> {
    match text.parse::<age::x25519::Identity>() {
        Ok(classic) => Box::new(classic),
        Err(_) => Box::new(HybridIdentity::parse(text).unwrap()),
    }
}

fn inflate(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    flate2::read::ZlibDecoder::new(bytes).read_to_end(&mut out).unwrap();
    out
}

fn dearmor(bytes: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(bytes).unwrap();
    let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    BASE64_STANDARD.decode(body).unwrap()
}
