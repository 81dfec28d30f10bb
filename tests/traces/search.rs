//! Looking for words in every form in which a program may have written them.

use std::{fs, os::unix::ffi::OsStrExt as _, path::Path};

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER};
use regex::bytes::Regex;

/// Byte strings to look for, each with what it is; letters of ASCII in either case.
pub(crate) struct Needles {
    all: Vec<(String, Vec<u8>)>,
    any: Regex,
}

impl Needles {
    pub(crate) fn new(all: Vec<(String, Vec<u8>)>) -> Self {
        let byte = |byte: &u8| format!("\\x{byte:02x}");
        let each: Vec<String> =
            all.iter().map(|(_, needle)| needle.iter().map(byte).collect()).collect();
        let any = Regex::new(&format!("(?si-u){}", each.join("|"))).unwrap();
        Self { all, any }
    }

    /// These words in every encoding.
    pub(crate) fn of(words: &[String]) -> Self {
        Self::new(words.iter().flat_map(|word| encodings(word)).collect())
    }

    /// What of it is in these bytes.
    pub(crate) fn within(&self, bytes: &[u8]) -> Vec<String> {
        let seen = self.any.find_iter(bytes).take(5);
        seen.map(|seen| {
            let same = |needle: &[u8]| needle.eq_ignore_ascii_case(seen.as_bytes());
            let (name, _) = self.all.iter().find(|(_, needle)| same(needle)).unwrap();
            format!("{name} at {}", seen.start())
        })
        .collect()
    }

    /// What of it is in a folder: in names, contents and the targets of links.
    pub(crate) fn below(&self, folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let mut told = |place: &str, bytes: &[u8]| {
                let seen = self.within(bytes);
                found.extend(seen.into_iter().map(|s| format!("{} {place}: {s}", path.display())));
            };
            told("name", path.file_name().unwrap().as_bytes());
            if path.is_symlink() {
                told("link", fs::read_link(&path).unwrap().as_os_str().as_bytes());
            } else if path.is_dir() {
                found.extend(self.below(&path));
            } else {
                told("content", &fs::read(&path).unwrap());
            }
        }
        found
    }
}

/// A word as text, UTF-16, hex, base64 at each of its three places, percent signs, JSON and HTML.
pub(crate) fn encodings(word: &str) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    let upper = word.to_uppercase();
    for text in [word, &upper] {
        let bytes = text.as_bytes();
        let units: Vec<u16> = text.encode_utf16().collect();
        let mut put = |kind: &str, needle: Vec<u8>| all.push((format!("{text} in {kind}"), needle));
        put("UTF-8", bytes.to_vec());
        put("UTF-16LE", units.iter().flat_map(|unit| unit.to_le_bytes()).collect());
        put("UTF-16BE", units.iter().flat_map(|unit| unit.to_be_bytes()).collect());
        put("hex", HEXLOWER.encode(bytes).into_bytes());
        for lead in 0..3 {
            let shifted = [&vec![b' '; lead][..], bytes].concat();
            for encoding in [&BASE64_NOPAD, &BASE64URL_NOPAD] {
                let whole = encoding.encode(&shifted);
                // What stands before and behind mixes into the outermost letters.
                let inner = whole[(lead * 8).div_ceil(6)..whole.len() - 1].to_owned();
                put("base64", inner.into_bytes());
            }
        }
        let joined = |each: Vec<String>| each.concat().into_bytes();
        let percent = |b: &u8| format!("%{b:02x}");
        put("percent signs", joined(bytes.iter().map(percent).collect()));
        let plain = |b: &u8| b.is_ascii_alphanumeric() || *b == b'-';
        let some = |b: &u8| if plain(b) { char::from(*b).to_string() } else { percent(b) };
        put("a form", joined(bytes.iter().map(some).collect()));
        put("JSON", joined(units.iter().map(|u| format!("\\u{u:04x}")).collect()));
        put("HTML", joined(text.chars().map(|c| format!("&#{};", u32::from(c))).collect()));
    }
    all
}

/// The search finds what is there, in each form and each kind of place.
#[tokio::test]
async fn what_is_planted_is_found_in_every_form_and_place() {
    use sandyk::store::{Commit, Expect, Put, SledStore, Store as _};
    let word = crate::memory::canary("Планted");
    let needles = Needles::of(std::slice::from_ref(&word));
    let folder = tempfile::tempdir().unwrap();
    for (n, (kind, needle)) in encodings(&word).into_iter().enumerate() {
        let place = folder.path().join(format!("in-{n}"));
        fs::create_dir(&place).unwrap();
        let around = [&[n.to_le_bytes().as_slice(), b"before "].concat()[..], &needle].concat();
        fs::write(place.join("file"), [&around, &b"\0after"[..]].concat()).unwrap();
        assert!(!needles.below(&place).is_empty(), "{kind} in a file");
    }
    let place = |name: &str| {
        let place = folder.path().join(name);
        fs::create_dir(&place).unwrap();
        place
    };
    let name = place("name");
    fs::write(name.join(format!("a {word}.jpg")), b"").unwrap();
    let link = place("link");
    std::os::unix::fs::symlink(format!("/{word}"), link.join("a")).unwrap();
    let store = place("store");
    let open = SledStore::open(&store).unwrap();
    let put = Put { key: word.clone().into_bytes(), value: vec![7; 9], expect: Expect::Any };
    open.commit(Commit { id: [1; 16], puts: vec![put], ..Commit::default() }).await.unwrap();
    open.close().await.unwrap();
    for place in [name, link, store.clone(), store.join("index")] {
        assert!(!needles.below(&place).is_empty(), "{}", place.display());
    }
    let other = place("other");
    fs::write(other.join("file"), crate::memory::canary("another")).unwrap();
    assert!(needles.below(&other).is_empty(), "and nothing else");
}
