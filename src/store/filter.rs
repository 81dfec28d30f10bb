//! What is surely not in the index, told from memory: a Bloom filter of fixed size.
//!
//! Nearly every commit asks for things that are new: its id, keys that must be absent, its blobs. Were
//! each looked up, the disk would wait for it. A filter that has too much in it says "perhaps" too often
//! and costs time, never a wrong answer. It is written at a clean close and filled anew in a rebuild.

use std::{
    fs::File,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::{digest::Digest, files};

/// Words of 64 bits; 2 MiB together. With a million records and their commit ids it says "perhaps" of two
/// in a hundred that are new, with five million of every third.
const WORDS: usize = 1 << 18;
const PLACES: u64 = 1 << 24;
/// Most bytes of its file: number of the last change, words, CRC-32C of both.
const BYTES: usize = 8 + WORDS * 8 + 4;
/// Most bits of which the file holds the places instead, because that is shorter.
const FEW: usize = WORDS * 2 - 1;

/// The filter.
pub(super) struct Filter {
    words: Vec<AtomicU64>,
    /// The last change of which it knew when it was written.
    number: Option<u64>,
}

impl Filter {
    /// Reads it; it is empty if there is no file, or if that is not what was written.
    pub(super) fn open(path: &Path) -> Self {
        let bytes = files::load(path, u64::try_from(BYTES).unwrap_or(0)).unwrap_or_default();
        Self::of(&bytes).unwrap_or_else(Self::empty)
    }

    fn of(bytes: &[u8]) -> Option<Self> {
        let (content, crc) = bytes.split_last_chunk::<4>()?;
        let (number, rest) = content.split_first_chunk::<8>()?;
        if crc32c::crc32c(content).to_be_bytes() != *crc {
            return None;
        }
        let number = Some(u64::from_be_bytes(*number));
        if bytes.len() == BYTES {
            let (words, _) = rest.as_chunks::<8>();
            let words = words.iter().map(|word| AtomicU64::new(u64::from_be_bytes(*word)));
            return Some(Self { words: words.collect(), number });
        }
        let filter = Self { number, ..Self::empty() };
        let (places, more) = rest.as_chunks::<4>();
        for place in places {
            let (word, bit) = filter.bit(u64::from(u32::from_be_bytes(*place)))?;
            word.fetch_or(bit, Ordering::Relaxed);
        }
        more.is_empty().then_some(filter)
    }

    fn empty() -> Self {
        let words = std::iter::repeat_with(AtomicU64::default);
        Self { words: words.take(WORDS).collect(), number: None }
    }

    /// The last change of which it knew when it was written, if it was.
    pub(super) const fn number(&self) -> Option<u64> {
        self.number
    }

    /// Writes it; making it durable is left to the caller.
    pub(super) fn save(&self, path: &Path, number: u64) -> io::Result<()> {
        let words = || self.words.iter().map(|word| word.load(Ordering::Relaxed));
        let mut bytes = Vec::from(number.to_be_bytes());
        let set = |word: &u64| usize::try_from(word.count_ones()).unwrap_or(64);
        if words().map(|word| set(&word)).sum::<usize>() <= FEW {
            for (at, word) in (0_u32..).zip(words()).filter(|(_, word)| *word != 0) {
                let set = (0..64).filter(|bit| word >> bit & 1 == 1);
                bytes.extend(set.flat_map(|bit| (at << 6 | bit).to_be_bytes()));
            }
        } else {
            bytes.extend(words().flat_map(u64::to_be_bytes));
        }
        bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_be_bytes());
        let mut options = File::options();
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(path);
        file?.write_all(&bytes)
    }

    /// Takes something in; before the index does, so that nobody finds it missing there.
    pub(super) fn add(&self, name: &[u8]) {
        for (word, bit) in self.bits(name) {
            word.fetch_or(bit, Ordering::Relaxed);
        }
    }

    /// `false` if it was never taken in.
    pub(super) fn perhaps(&self, name: &[u8]) -> bool {
        self.bits(name).all(|(word, bit)| word.load(Ordering::Relaxed) & bit != 0)
    }

    fn bits(&self, name: &[u8]) -> impl Iterator<Item = (&AtomicU64, u64)> {
        let digest = *Digest::of(name).as_bytes();
        (0..4).filter_map(move |part| {
            let (parts, _) = digest.as_chunks::<8>();
            self.bit(u64::from_be_bytes(*parts.get(part)?) % PLACES)
        })
    }

    /// The word and the bit at a place.
    fn bit(&self, place: u64) -> Option<(&AtomicU64, u64)> {
        let word = self.words.get(usize::try_from(place >> 6).ok()?)?;
        Some((word, 1 << (place & 63)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn save(path: &Path, bytes: &[u8]) {
        files::save(path, bytes, files::Audience::Owner, files::Existing::Replace).unwrap();
    }

    fn name(n: u32) -> Vec<u8> {
        [b"name/".as_slice(), &n.to_be_bytes()].concat()
    }

    #[test]
    fn what_was_taken_in_is_never_denied_and_hardly_anything_else_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("filter");
        // Few bits are written as their places, many as all the words.
        for (count, longest) in [(0, 12), (100, 1612), (120_000, BYTES - 4), (200_000, BYTES)] {
            let filter = Filter::open(Path::new("/nowhere"));
            assert_eq!((filter.number(), filter.perhaps(b"name")), (None, false));
            (0..count).for_each(|n| filter.add(&name(n)));
            filter.save(&path, 7).unwrap();
            let bytes = usize::try_from(path.metadata().unwrap().len()).unwrap();
            assert!(bytes <= longest && (bytes == BYTES) == (longest == BYTES), "{bytes}");
            let again = Filter::open(&path);
            assert_eq!(again.number(), Some(7));
            for filter in [filter, again] {
                assert!((0..count).all(|n| filter.perhaps(&name(n))));
                let wrong = (count..count + 10_000).filter(|n| filter.perhaps(&name(*n))).count();
                assert!(wrong < 20, "{wrong} of 10 000 beside {count}");
            }
        }
    }

    #[test]
    fn a_file_that_is_not_as_it_was_written_counts_for_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("filter");
        for count in [3, 200_000] {
            let filter = Filter::open(&path);
            (0..count).for_each(|n| filter.add(&name(n)));
            filter.save(&path, 7).unwrap();
            let whole = std::fs::read(&path).unwrap();
            for byte in [0, 7, 8, 9, whole.len() / 2, whole.len() - 4, whole.len() - 1] {
                let mut spoilt = whole.clone();
                spoilt[byte] ^= 1;
                for bytes in [&spoilt, &whole[..byte]] {
                    save(&path, bytes);
                    let read = Filter::open(&path);
                    assert!(read.number().is_none() && !read.perhaps(&name(0)), "byte {byte}");
                }
            }
        }
    }
}
