//! Frames as the format says, and what is no frame.

use super::*;

fn journal(dir: &tempfile::TempDir) -> Journal {
    let path = dir.path().join("journal");
    let mut header = [MAGIC.as_slice(), &VERSION.to_le_bytes(), &[7; 16]].concat();
    header.extend(crc32c::crc32c(&header).to_le_bytes());
    files::save(&path, &header, Audience::Owner, Existing::Refuse).unwrap();
    Journal::open(&path).unwrap()
}

fn frame() -> Frame<'static> {
    let event = EventRow { cursor: 2, leaf: [9; 32], payload: Raw(b"pay") };
    Frame::Changes(vec![Change {
        number: 300,
        id: [1; 16],
        puts: vec![(Raw(b"key"), Raw(b"value"))],
        deletes: vec![Raw(b"d")],
        attach: vec![[3; 16]],
        event: Some(event),
    }])
}

#[test]
fn a_frame_has_the_bytes_of_the_format() {
    let dir = tempfile::tempdir().unwrap();
    let mut laid_out = Vec::new();
    journal(&dir).lay_out(&frame(), &mut laid_out).unwrap();
    let mut payload = vec![0, 1, 0xac, 2];
    payload.extend([1; 16]);
    payload.extend(b"\x01\x03key\x05value\x01\x01d\x01");
    payload.extend([3; 16]);
    payload.extend(b"\x01\x02");
    payload.extend([9; 32]);
    payload.extend(b"\x03pay");
    let len = u32::try_from(payload.len()).unwrap().to_le_bytes();
    let crc = crc32c::crc32c(&[[7; 16].as_slice(), &len, &payload].concat());
    assert_eq!(laid_out, [len.as_slice(), &crc.to_le_bytes(), &payload].concat());
}

#[test]
fn a_frame_reads_back_where_it_was_appended() {
    let dir = tempfile::tempdir().unwrap();
    let journal = journal(&dir);
    let (mut laid_out, mut back) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        journal.lay_out(&frame(), &mut laid_out).unwrap();
        let at = journal.committed();
        assert_eq!(journal.next_payload(), at + 8);
        journal.append(&laid_out).unwrap();
        let next = journal.frame_at(at, journal.committed(), &mut back).unwrap();
        assert_eq!(next, Some(journal.committed()));
        assert_eq!(back, laid_out[8..]);
    }
}

#[test]
fn an_impossible_length_is_a_bad_frame_before_anything_is_allocated() {
    let dir = tempfile::tempdir().unwrap();
    let journal = journal(&dir);
    for len in [0, u32::MAX, u32::try_from(MAX_FRAME).unwrap() + 1] {
        let mut bytes = len.to_le_bytes().to_vec();
        bytes.resize(64, 0);
        journal.file.write_all_at(&bytes, HEADER).unwrap();
        let mut back = Vec::new();
        assert_eq!(journal.frame_at(HEADER, u64::MAX, &mut back).unwrap(), None);
        assert_eq!(back.capacity(), 0);
    }
}

#[test]
fn a_frame_too_large_to_read_back_is_not_written() {
    let dir = tempfile::tempdir().unwrap();
    let value = vec![0; MAX_FRAME];
    let Frame::Changes(mut changes) = frame();
    changes[0].puts.push((Raw(b"large"), Raw(&value)));
    let laid_out = journal(&dir).lay_out(&Frame::Changes(changes), &mut Vec::new());
    assert_eq!(laid_out.unwrap_err().kind(), io::ErrorKind::FileTooLarge);
}

#[test]
fn another_stores_frame_is_a_bad_one() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, mut laid_out) = (journal(&dir), Vec::new());
    journal.lay_out(&frame(), &mut laid_out).unwrap();
    journal.append(&laid_out).unwrap();
    journal.store = [8; 16];
    let end = journal.committed();
    assert_eq!(journal.frame_at(HEADER, end, &mut laid_out).unwrap(), None);
}
