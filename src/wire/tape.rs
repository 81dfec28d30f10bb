//! The tar pages of the desk: plain ustar, written in one way and read in no other.
//!
//! Promises: 1. a header is a function of name and size alone, and any other header is refused, so
//! there are no links, devices, long names, owners or times; 2. names are at most 100 bytes of
//! `a-z 0-9 - . /`, with no empty, `.` or `..` step; 3. the end is two zero blocks, and after them zero blocks only.
//! Does not: decide which names are expected: the reader of a page asks for each by name.
//! Spec: POSIX ustar, `docs/format/desk.md`.

use std::io::{self, Read as _};

use tar::{EntryType, Header};

const BLOCK: usize = 512;
/// The largest size that eleven octal digits hold.
const MAX_SIZE: u64 = (8 << 30) - 1;

/// Bytes that an entry of `size` bytes takes on the tape.
#[must_use]
pub fn entry_bytes(size: u64) -> u64 {
    size.div_ceil(512).saturating_mul(512).saturating_add(512)
}

/// Bytes of the end of a tape.
pub const END_BYTES: u64 = 1024;

/// The header of an entry.
///
/// # Errors
/// [`TapeError::Name`] for a name that no tape of ours has.
pub fn header(name: &str, size: u64) -> Result<[u8; BLOCK], TapeError> {
    if !is_plain(name) {
        return Err(TapeError::Name);
    }
    if size > MAX_SIZE {
        return Err(TapeError::Header);
    }
    let mut header = Header::new_ustar();
    header.set_path(name).map_err(|_| TapeError::Name)?;
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o600);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    header.set_cksum();
    Ok(*header.as_bytes())
}

/// Writes one entry whose bytes are at hand.
///
/// # Errors
/// What `out` says, or [`TapeError::Name`] as an invalid input.
pub fn write_entry(out: &mut impl io::Write, name: &str, bytes: &[u8]) -> io::Result<()> {
    let size = u64::try_from(bytes.len()).map_err(io::Error::other)?;
    let read = copy_entry(out, name, size, &mut &*bytes)?;
    debug_assert_eq!(read, size, "a slice gives all its bytes");
    Ok(())
}

/// Writes one entry of exactly `size` bytes from `from`; gives `size`.
///
/// # Errors
/// [`io::ErrorKind::UnexpectedEof`] if `from` ends early, else what reader or writer says.
pub fn copy_entry(
    out: &mut impl io::Write,
    name: &str,
    size: u64,
    from: &mut impl io::Read,
) -> io::Result<u64> {
    out.write_all(&header(name, size).map_err(io::Error::other)?)?;
    let copied = io::copy(&mut from.take(size), out)?;
    if copied != size {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let padding = entry_bytes(size).saturating_sub(512).saturating_sub(size);
    io::copy(&mut io::repeat(0).take(padding), out)?;
    Ok(copied)
}

/// Writes the end of the tape.
///
/// # Errors
/// What `out` says.
pub fn write_end(out: &mut impl io::Write) -> io::Result<()> {
    out.write_all(&[0; 1024])
}

/// Writes the end of the tape and padding up to `bytes` in all, of which `written` are there.
///
/// # Errors
/// What `out` says.
pub fn write_end_padded(out: &mut impl io::Write, written: u64, bytes: u64) -> io::Result<()> {
    let left = bytes.saturating_sub(written).max(END_BYTES);
    io::copy(&mut io::repeat(0).take(left), out).map(drop)
}

/// A tape that is read entry by entry, each expected by name.
pub struct Tape<'a> {
    rest: &'a [u8],
}

impl<'a> Tape<'a> {
    /// A tape of bytes that were taken in under a limit.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Name and size of the next entry, without moving on; `None` at the end.
    ///
    /// # Errors
    /// [`TapeError`] if what stands there is no header of ours.
    pub fn peek(&self) -> Result<Option<(&'a str, u64)>, TapeError> {
        let block: &[u8; BLOCK] = self.rest.first_chunk().ok_or(TapeError::Cut)?;
        if block.iter().all(|&b| b == 0) {
            return Ok(None);
        }
        let (field, _) = block.split_first_chunk::<100>().ok_or(TapeError::Cut)?;
        let end = field.iter().position(|&b| b == 0).unwrap_or(field.len());
        let name = self.rest.get(..end).and_then(|n| str::from_utf8(n).ok());
        let name = name.filter(|n| is_plain(n)).ok_or(TapeError::Name)?;
        let mut given = Header::new_old();
        given.as_mut_bytes().copy_from_slice(block);
        let size = given.size().map_err(|_| TapeError::Header)?;
        if header(name, size)? != *block {
            return Err(TapeError::Header);
        }
        Ok(Some((name, size)))
    }

    /// The bytes of the next entry, which must be `name` and at most `limit` bytes.
    ///
    /// # Errors
    /// [`TapeError`], by name.
    pub fn expect(&mut self, name: &str, limit: u64) -> Result<&'a [u8], TapeError> {
        match self.peek()? {
            Some((found, size)) if found == name && size <= limit => self.take(size),
            Some((found, _)) if found == name => Err(TapeError::TooLong { name: name.to_owned() }),
            found => Err(TapeError::Unexpected {
                expected: name.to_owned(),
                found: found.map_or("the end", |(found, _)| found).to_owned(),
            }),
        }
    }

    /// As [`Tape::expect`], or `None` if the next entry has another name.
    ///
    /// # Errors
    /// [`TapeError`], by name.
    pub fn expect_or_skip(
        &mut self,
        name: &str,
        limit: u64,
    ) -> Result<Option<&'a [u8]>, TapeError> {
        match self.peek()? {
            Some((found, _)) if found == name => self.expect(name, limit).map(Some),
            _ => Ok(None),
        }
    }

    /// Checks that the tape ends here; zero blocks after the end are padding.
    ///
    /// # Errors
    /// [`TapeError::End`] if it does not, or goes on after its end.
    pub fn end(&self) -> Result<(), TapeError> {
        let blocks = self.rest.len() >= 2 * BLOCK && self.rest.len().is_multiple_of(BLOCK);
        let ends = blocks && self.rest.iter().all(|&b| b == 0);
        if ends { Ok(()) } else { Err(TapeError::End) }
    }

    fn take(&mut self, size: u64) -> Result<&'a [u8], TapeError> {
        let whole = usize::try_from(entry_bytes(size)).map_err(|_| TapeError::Cut)?;
        let size = usize::try_from(size).map_err(|_| TapeError::Cut)?;
        let (entry, rest) = self.rest.split_at_checked(whole).ok_or(TapeError::Cut)?;
        let body = entry.get(BLOCK..).unwrap_or_default();
        let (bytes, padding) = body.split_at_checked(size).ok_or(TapeError::Cut)?;
        if padding.iter().any(|&b| b != 0) {
            return Err(TapeError::Padding);
        }
        self.rest = rest;
        Ok(bytes)
    }
}

fn is_plain(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.');
    let step = |s: &str| !matches!(s, "" | "." | "..") && s.bytes().all(plain);
    name.len() < 100 && name.split('/').all(step)
}

/// Why a tape was refused.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum TapeError {
    /// A name with other letters, a `..`, or too long.
    #[error("an entry has a name that no page has")]
    Name,
    /// A header with anything in it but name and size.
    #[error("an entry has a header that no page has")]
    Header,
    /// Bytes end in the middle.
    #[error("the page ends in the middle of an entry")]
    Cut,
    /// Something after the end, or no proper end.
    #[error("the page does not end where it should")]
    End,
    /// Something between two entries.
    #[error("there is something between two entries of the page")]
    Padding,
    /// Longer than such an entry can be.
    #[error("the entry {name} is longer than any such entry")]
    TooLong {
        /// Which entry.
        name: String,
    },
    /// Another entry than the one that had to come.
    #[error("the page has {found} where {expected} had to be")]
    Unexpected {
        /// What had to come.
        expected: String,
        /// What came; of plain letters only.
        found: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tape(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut out = Vec::new();
        for (name, bytes) in entries {
            write_entry(&mut out, name, bytes).unwrap();
        }
        write_end(&mut out).unwrap();
        out
    }

    #[test]
    fn a_tape_reads_back_as_written_and_other_tools_read_it_too() {
        let bytes = tape(&[("a.json", b"one"), ("00000000000000000001/cover.age", &[7; 512])]);
        assert_eq!(bytes.len() as u64, entry_bytes(3) + entry_bytes(512) + END_BYTES);
        let mut tape = Tape::new(&bytes);
        assert_eq!(tape.expect_or_skip("b.json", 9), Ok(None));
        assert_eq!(tape.expect("a.json", 3), Ok(b"one".as_slice()));
        assert_eq!(tape.peek(), Ok(Some(("00000000000000000001/cover.age", 512))));
        assert_eq!(tape.expect("00000000000000000001/cover.age", 512).map(<[u8]>::len), Ok(512));
        assert_eq!((tape.peek(), tape.end()), (Ok(None), Ok(())));
        let names: Vec<_> = tar::Archive::new(bytes.as_slice())
            .entries()
            .unwrap()
            .map(|e| e.unwrap().path().unwrap().display().to_string())
            .collect();
        assert_eq!(names, ["a.json", "00000000000000000001/cover.age"]);
    }

    #[test]
    fn names_that_lead_elsewhere_are_neither_written_nor_read() {
        for name in ["../a", "/etc/passwd", "a/../b", "a//b", "a/", ".", "", "A", "a b", "a\\b"] {
            assert_eq!(header(name, 1).err(), Some(TapeError::Name), "{name}");
            let mut raw = Header::new_ustar();
            raw.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
            raw.set_size(0);
            raw.set_mode(0o600);
            raw.set_cksum();
            let block = *raw.as_bytes();
            assert_eq!(Tape::new(&block).peek(), Err(TapeError::Name), "{name}");
        }
    }

    #[test]
    fn links_owners_times_and_wrong_sums_are_refused() {
        let good = header("a", 0).unwrap();
        let change: [fn(&mut Header); 6] = [
            |h| h.set_entry_type(EntryType::Symlink),
            |h| h.set_entry_type(EntryType::GNULongName),
            |h| h.set_mtime(1),
            |h| h.set_uid(1),
            |h| h.set_mode(0o644),
            |h| h.set_size(u64::MAX),
        ];
        for (n, change) in change.into_iter().enumerate() {
            let mut header = Header::new_old();
            header.as_mut_bytes().copy_from_slice(&good);
            change(&mut header);
            header.set_cksum();
            assert_eq!(Tape::new(header.as_bytes()).peek(), Err(TapeError::Header), "{n}");
        }
        let mut sum = good;
        sum[150] ^= 1;
        assert_eq!(Tape::new(&sum).peek(), Err(TapeError::Header));
    }

    #[test]
    fn a_tape_that_is_cut_continued_or_stuffed_is_refused() {
        let whole = tape(&[("a", b"one")]);
        for cut in [0, 1, 511, 512, 600, 1023] {
            assert_eq!(Tape::new(&whole[..cut]).expect("a", 9), Err(TapeError::Cut), "{cut}");
        }
        let mut stuffed = whole.clone();
        stuffed[600] = 1;
        assert_eq!(Tape::new(&stuffed).expect("a", 9), Err(TapeError::Padding));
        let mut said = [whole.as_slice(), &[0; 512]].concat();
        *said.last_mut().unwrap() = 1;
        for end in [whole[..whole.len() - 1].to_vec(), [whole.as_slice(), &[0]].concat(), said] {
            let mut tape = Tape::new(&end);
            tape.expect("a", 9).unwrap();
            assert_eq!(tape.end(), Err(TapeError::End));
        }
        let mut padded = whole[..1024].to_vec();
        write_end_padded(&mut padded, 1024, 64 << 10).unwrap();
        assert_eq!(padded.len(), 64 << 10);
        let mut tape = Tape::new(&padded);
        tape.expect("a", 9).unwrap();
        assert_eq!(tape.end(), Ok(()));
        let too_long = Err(TapeError::TooLong { name: "a".to_owned() });
        assert_eq!(Tape::new(&whole).expect("a", 2), too_long);
        let found = Tape::new(&whole).expect("b", 9).unwrap_err();
        assert_eq!(found.to_string(), "the page has a where b had to be");
    }
}
