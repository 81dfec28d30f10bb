//! What every engine asks of a commit before it looks at the store.

use std::collections::BTreeSet;

use crate::store::{BadCommit, Commit, MAX_COMMIT, MAX_KEY};

/// Bytes that each put, delete, blob or event may cost beyond its content.
const ROW_BYTES: usize = 64;

/// Refuses a commit that is too large or names a key or a blob twice.
pub(super) fn check(commit: &Commit) -> Result<(), BadCommit> {
    let bytes = size(commit);
    if bytes > MAX_COMMIT {
        return Err(BadCommit::TooLarge(bytes));
    }
    let mut keys = BTreeSet::new();
    for key in commit.puts.iter().map(|put| &put.key).chain(&commit.deletes) {
        if key.is_empty() || key.len() > MAX_KEY {
            return Err(BadCommit::KeyLength(key.len()));
        }
        if !keys.insert(key) {
            return Err(BadCommit::KeyTwice);
        }
    }
    let blobs: BTreeSet<_> = commit.attach.iter().collect();
    if blobs.len() == commit.attach.len() { Ok(()) } else { Err(BadCommit::BlobTwice) }
}

/// An upper bound of what the commit takes in the journal.
pub(super) fn size(commit: &Commit) -> usize {
    let puts = commit.puts.iter().map(|put| put.key.len().saturating_add(put.value.len()));
    let deletes = commit.deletes.iter().map(Vec::len);
    let attach = commit.attach.iter().map(|_| 16);
    let event = commit.event.iter().map(|event| event.payload.len());
    puts.chain(deletes)
        .chain(attach)
        .chain(event)
        .fold(ROW_BYTES, |sum, bytes| sum.saturating_add(bytes).saturating_add(ROW_BYTES))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::BlobId,
        store::{Expect, Put},
    };

    fn put(key: &[u8], value: usize) -> Put {
        Put { key: key.to_vec(), value: vec![0; value], expect: Expect::Any }
    }

    #[test]
    fn a_key_or_a_blob_named_twice_is_refused() {
        let twice = Commit { puts: vec![put(b"a", 1), put(b"a", 1)], ..Commit::default() };
        assert_eq!(check(&twice), Err(BadCommit::KeyTwice));
        let both = Commit { puts: vec![put(b"a", 1)], deletes: vec![b"a".to_vec()], ..twice };
        assert_eq!(check(&both), Err(BadCommit::KeyTwice));
        let blob = BlobId::from_bytes([1; 16]);
        let blobs = Commit { attach: vec![blob, blob], ..Commit::default() };
        assert_eq!(check(&blobs), Err(BadCommit::BlobTwice));
    }

    #[test]
    fn keys_and_commits_have_limits() {
        let empty = Commit { puts: vec![put(b"", 1)], ..Commit::default() };
        assert_eq!(check(&empty), Err(BadCommit::KeyLength(0)));
        let long = Commit { deletes: vec![vec![1; MAX_KEY + 1]], ..Commit::default() };
        assert_eq!(check(&long), Err(BadCommit::KeyLength(MAX_KEY + 1)));
        let large = Commit { puts: vec![put(b"a", MAX_COMMIT)], ..Commit::default() };
        assert!(matches!(check(&large), Err(BadCommit::TooLarge(_))));
        let full = Commit { puts: vec![put(b"a", MAX_COMMIT - 200)], ..Commit::default() };
        assert!(check(&full).is_ok());
    }
}
