//! Containers that a hostile sealer could make, each under a cover that matches it.

use std::io::Write as _;

use tar::{EntryType, Header};

use super::*;
use crate::sealed::{
    container::{Entry, padded},
    open::ContainerError::{self, *},
};

/// A container in the making, honest until told otherwise.
#[derive(Clone, Default)]
pub(super) struct Tar(Vec<u8>);

impl Tar {
    pub(super) fn entry(mut self, name: &str, bytes: &[u8]) -> Self {
        let entry = Entry::parse(name.as_bytes()).unwrap();
        self.0.extend_from_slice(entry.header(bytes.len() as u64).unwrap().as_bytes());
        self.fill(bytes)
    }

    /// An entry whose header `change` turned into something else, with a right checksum.
    pub(super) fn foreign(mut self, name: &str, change: impl FnOnce(&mut Header)) -> Self {
        let mut header = Entry::Piece(1, 1).header(0).unwrap();
        // Past the tar crate's own care for names.
        let field = &mut header.as_ustar_mut().unwrap().name;
        field.fill(0);
        field[..name.len()].copy_from_slice(name.as_bytes());
        change(&mut header);
        header.set_cksum();
        self.0.extend_from_slice(header.as_bytes());
        self
    }

    fn fill(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    pub(super) fn about(self, number: u16, bytes: &[u8]) -> Self {
        let about = ExhibitAbout {
            name: "a".to_owned(),
            bytes: bytes.len() as u64,
            sha256: Digest::of(bytes),
            media_type: String::new(),
            complete: true,
        };
        self.entry(&format!("{number:04}/about.json"), &serde_json::to_vec(&about).unwrap())
    }

    fn raw(mut self, change: impl FnOnce(&mut Vec<u8>)) -> Self {
        change(&mut self.0);
        self
    }

    /// As it is, without an end.
    pub(super) fn bytes(self) -> Vec<u8> {
        self.0
    }

    pub(super) fn end(mut self) -> Vec<u8> {
        let size = padded(self.0.len() as u64);
        self.0.resize(usize::try_from(size).unwrap(), 0);
        self.0
    }
}

pub(super) fn one(bytes: &[u8]) -> Tar {
    Tar::default().entry("0001/00000001", bytes).about(1, bytes)
}

/// Puts `container` under a cover that matches it and opens it.
pub(super) fn put(sealed: &mut Whole, container: &[u8]) {
    let to: &dyn age::Recipient = &sealed.recipients.reviewers;
    let mut stream = seal::encrypting(std::iter::once(to), Vec::new()).unwrap();
    stream.write_all(container).unwrap();
    sealed.exhibits = stream.finish().unwrap();
    let digest = Digest::of(&sealed.exhibits);
    sealed.reseal_cover(|cover| cover.exhibits = digest);
}

fn open_container(container: &[u8]) -> Result<Vec<(u16, ExhibitAbout, Vec<u8>)>, OpenError> {
    let guardian = Person::new(Role::Guardian, 2);
    let mut sealed = whole(1, &[&guardian], &[]);
    put(&mut sealed, container);
    let (key, cover) = sealed.opened_cover(&guardian).unwrap();
    all_exhibits(&cover, &key, &sealed.exhibits)
}

fn assert_refused(what: &str, container: &[u8], cause: ContainerError) {
    match open_container(container) {
        Err(OpenError::Exhibits(found)) => assert_eq!(found, cause, "{what}"),
        Err(other) => panic!("{what}: {other:?}"),
        Ok(found) => panic!("{what}: opened with {} exhibits", found.len()),
    }
}

type Change = fn(&mut Header);

#[test]
fn an_honest_container_made_by_hand_opens() {
    let two = one(b"one").entry("0002/00000001", b"").about(2, b"");
    assert_eq!(open_container(&two.end()).unwrap().len(), 2);
    assert_eq!(open_container(&Tar::default().end()).unwrap().len(), 0);
    let guardian = Person::new(Role::Guardian, 2);
    let sealed = whole(1, &[&guardian], &[("a", "", b"words")]);
    let (key, _) = sealed.opened_cover(&guardian).unwrap();
    let made = open::open_with(&key.0, &sealed.exhibits, 1 << 20).unwrap();
    assert!(*made == one(b"words").end(), "the writer makes the same bytes");
}

#[test]
fn links_folders_and_foreign_headers_are_refused() {
    let kinds = [
        ("symlink", EntryType::Symlink),
        ("hard link", EntryType::Link),
        ("folder", EntryType::Directory),
        ("fifo", EntryType::Fifo),
        ("device", EntryType::Char),
        ("pax header", EntryType::XHeader),
        ("global pax header", EntryType::XGlobalHeader),
        ("long name", EntryType::GNULongName),
        ("sparse file", EntryType::GNUSparse),
        ("contiguous file", EntryType::Continuous),
        ("unknown kind", EntryType::new(b'Z')),
    ];
    for (what, kind) in kinds {
        let hostile = Tar::default().foreign("0001/00000001", |header| header.set_entry_type(kind));
        assert_refused(what, &hostile.about(1, b"").end(), NotARegularFile);
    }
    let changes: [(&str, Change); 5] = [
        ("owner", |header| header.set_uid(1000)),
        ("mode", |header| header.set_mode(0o4755)),
        ("time", |header| header.set_mtime(1)),
        ("owner's name", |header| header.set_username("root").unwrap()),
        ("link name", |header| header.set_link_name_literal("/etc/passwd").unwrap()),
    ];
    for (what, change) in changes {
        let hostile = Tar::default().foreign("0001/00000001", change).about(1, b"");
        assert_refused(what, &hostile.end(), ForeignHeader);
    }
}

#[test]
fn only_the_names_of_pieces_and_descriptions_exist() {
    for name in [
        "0001/a",
        "etc/passwd",
        "../../etc/passwd",
        "/etc/passwd",
        "",
        "0001/",
        "0000/00000001",
        "1/1",
        "0001/0000001",
        "0001/00000000",
    ] {
        let hostile = Tar::default().foreign(name, |_| ()).about(1, b"");
        assert_refused(name, &hostile.end(), BadName);
    }
}

#[test]
fn entries_stand_once_and_in_order() {
    let swapped = Tar::default().about(1, b"x").entry("0001/00000001", b"x");
    assert_refused("about first", &swapped.end(), OutOfOrder);
    let second = Tar::default().entry("0002/00000001", b"x").about(2, b"x");
    assert_refused("second first", &second.end(), OutOfOrder);
    let again = one(b"x").entry("0001/00000001", b"y").about(1, b"y");
    assert_refused("exhibit again", &again.end(), Duplicate);
    assert_refused("about again", &one(b"x").about(1, b"x").end(), Duplicate);
    let full = vec![1; PIECE];
    let piece_again = Tar::default().entry("0001/00000001", &full).entry("0001/00000001", b"x");
    assert_refused("piece again", &piece_again.end(), Duplicate);
    let gap = Tar::default().entry("0001/00000001", &full).entry("0001/00000003", b"x");
    assert_refused("a piece missing", &gap.end(), OutOfOrder);
    let other = Tar::default().entry("0001/00000001", &full).entry("0002/00000001", b"x");
    assert_refused("another exhibit inside", &other.end(), OutOfOrder);
}

#[test]
fn pieces_have_the_sizes_they_can_have() {
    let short = Tar::default().entry("0001/00000001", b"a").entry("0001/00000002", b"b");
    assert_refused("short piece", &short.about(1, b"ab").end(), BadSize);
    let large = vec![1; PIECE + 1];
    assert_refused("large piece", &one(&large).end(), BadSize);
    let full = vec![1; PIECE];
    let empty = Tar::default().entry("0001/00000001", &full).entry("0001/00000002", b"");
    assert_refused("empty piece", &empty.about(1, &full).end(), BadSize);
    let about = Tar::default().entry("0001/00000001", b"").entry("0001/about.json", &full);
    assert_refused("large about", &about.end(), BadSize);
}

#[test]
fn a_container_that_ends_early_is_refused_even_if_it_authenticates() {
    let file = vec![1; 3000];
    let honest = one(&file).end();
    for length in [0, 1, 511, 512, 513, 2000, 4096, 4097, 4608] {
        assert_refused(&format!("{length}"), &honest[..length], Truncated);
    }
    let unended = Tar::default().entry("0001/00000001", &file).end();
    assert_refused("no about", &unended, Truncated);
    assert_refused("no padding", &honest[..honest.len() - 1], WrongPadding);
    let mut longer = honest.clone();
    longer.resize(honest.len() + 512, 0);
    assert_refused("too much padding", &longer, WrongPadding);
}

#[test]
fn only_zeros_stand_where_nothing_should() {
    let mut tail = one(b"x").end();
    *tail.last_mut().unwrap() = 1;
    assert_refused("tail", &tail, TailNotZero);
    let after_end = one(b"x").raw(|tar| tar.resize(tar.len() + 1024, 0));
    let hidden = after_end.entry("0002/00000001", b"hidden").about(2, b"hidden").end();
    assert_refused("hidden after the end", &hidden, TailNotZero);
    let fill = one(b"x").raw(|tar| tar[513] = b'y').end();
    assert_refused("fill", &fill, FillNotZero);
    let checksum = one(b"x").raw(|tar| tar[150] ^= 1).end();
    assert_refused("checksum", &checksum, BadChecksum);
}

#[test]
fn a_file_that_is_not_as_described_is_refused() {
    let piece = || Tar::default().entry("0001/00000001", b"seen");
    assert_refused("hash", &piece().about(1, b"told").end(), WrongHash);
    assert_refused("length", &piece().about(1, b"told more").end(), WrongLength);
    for json in ["", "{}", "null", r#"{"name":"a","bytes":4}"#] {
        let wrong = piece().entry("0001/about.json", json.as_bytes());
        assert_refused(json, &wrong.end(), BadAbout);
    }
}

#[test]
fn after_a_refusal_nothing_more_comes_out() {
    let guardian = Person::new(Role::Guardian, 2);
    let mut sealed = whole(1, &[&guardian], &[]);
    let bad = Tar::default().entry("0001/00000001", b"seen").about(1, b"told");
    put(&mut sealed, &bad.entry("0002/00000001", b"").about(2, b"").end());
    let (key, cover) = sealed.opened_cover(&guardian).unwrap();
    let mut reader = cover.open_exhibits(&key, Cursor::new(&sealed.exhibits)).unwrap();
    assert!(reader.next_into(|_| Ok(std::io::sink())).is_err());
    let refused = reader.next_into(|_| Ok(std::io::sink())).err().unwrap();
    assert!(matches!(refused, OpenError::Exhibits(Abandoned)), "{refused:?}");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]

    /// Every byte is fixed by the format or covered by a hash, but for those of a description.
    #[test]
    fn a_container_changed_in_one_byte_never_gives_other_files(at in 0_usize..4096, by in 1_u8..) {
        let honest = one(b"words").entry("0002/00000001", b"").about(2, b"").end();
        let mut changed = honest.clone();
        changed[at] ^= by;
        if let Ok(found) = open_container(&changed) {
            let files: Vec<&[u8]> = found.iter().map(|(_, _, bytes)| bytes.as_slice()).collect();
            proptest::prop_assert_eq!(files, [b"words".as_slice(), b""]);
            proptest::prop_assert!(honest[at] != 0, "a byte that must be zero was changed");
        }
    }
}
