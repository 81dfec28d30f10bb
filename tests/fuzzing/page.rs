//! Pages of the feed from a desk that holds the ledger key and lies about everything else.

use ed25519_dalek::SigningKey;
use sandyk::{
    id::ReaderId,
    ledger::{Checkpoint, Frontier, feed::FeedItem},
    note::{KeyName, NamedKey},
    sync::{Proved, Prover},
    wire::{CHECKPOINT_ENTRY, HEAD_ENTRY, Head, tape},
};

use super::stage::{ORGANISATION, STAGE};

pub(crate) fn run(input: &[u8]) -> bool {
    let (name, key) = (KeyName::parse("sandyk-ledger").unwrap(), SigningKey::from_bytes(&[5; 32]));
    let named = NamedKey { name: name.clone(), key: key.verifying_key() };
    let prover = Prover {
        organisation: ORGANISATION,
        pinned: &named,
        chain: &STAGE.chain,
        reader: ReaderId::from_bytes([1; 16]),
    };
    // As it is: no such note was ever signed.
    assert!(prover.prove(input).is_err() || input.starts_with(b"checkpoint.note"));
    let mut leaves = Frontier::default();
    let mut events = tape::Tape::new(input);
    let mut bytes = 0_u64;
    while let Ok(Some((entry, size))) = events.peek() {
        let Ok(content) = events.expect(entry, size) else { break };
        bytes += size;
        if entry.ends_with("/item.json") {
            let item = serde_json::from_slice::<FeedItem>(content).ok();
            let Some(leaf) = item.and_then(|item| item.leaf().ok()) else { break };
            leaves.push(leaf);
        }
    }
    let origin = ORGANISATION.to_owned();
    let checkpoint = Checkpoint { origin, size: leaves.size(), root: leaves.root() };
    let note = checkpoint.sign(&name, &key).unwrap().to_text();
    let head = Head { head: leaves.size(), ledger_key: named.to_text() };
    let mut page = Vec::new();
    tape::write_entry(&mut page, CHECKPOINT_ENTRY, note.as_bytes()).unwrap();
    let head = serde_json::to_vec(&head).unwrap();
    tape::write_entry(&mut page, HEAD_ENTRY, &head).unwrap();
    page.extend_from_slice(input);
    let Ok(Proved { events, files }) = prover.prove(&page) else { return false };
    assert_eq!(events, leaves.size());
    let mut paths: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
    for path in &paths {
        let plain = |step: &str| !matches!(step, "" | "." | "..");
        assert!(!path.starts_with('/') && path.split('/').all(plain), "{path}");
    }
    assert!(files.iter().map(|(_, size)| size).sum::<u64>() <= bytes);
    let all = paths.len();
    paths.sort_unstable();
    paths.dedup();
    assert_eq!(paths.len(), all, "two files of one name");
    true
}
