//! Proofs against the definition, against forgery, and against the published crate `tlog_tiles`.
#![expect(clippy::arithmetic_side_effects, reason = "small numbers of tests")]

use std::{convert::Infallible, ops::Range};

use proptest::prelude::*;
use tlog_tiles::{
    check_record, check_tree, prove_record, prove_tree, stored_hash_index,
    stored_hashes_for_record_hash,
};

use super::{
    Checkpoint, Frontier, LedgerKey, Proof, ProveError, PublicFiles, RUN, Tree, commitment,
    is_consistent, leaf_hash,
    public::{self, LogEntry, Promise},
    root_from,
};
use crate::{
    clock::Week,
    digest::Digest,
    note::{KeyName, NamedKey},
    secret::Secret,
};

fn leaves(size: u64) -> Vec<Digest> {
    (0..size).map(|n| leaf_hash(&Digest::of(&n.to_le_bytes()))).collect()
}

fn root(leaves: &[Digest]) -> Digest {
    let mut frontier = Frontier::default();
    frontier.extend(leaves.iter().copied());
    frontier.root()
}

fn tree(leaves: &[Digest]) -> Tree {
    let mut tree = Tree::default();
    for leaf in leaves {
        tree.push(*leaf);
    }
    tree
}

fn of(leaves: &[Digest]) -> impl FnMut(Range<u64>) -> Result<Vec<Digest>, Infallible> {
    let leaves = leaves.to_vec();
    move |range| {
        assert!(range.end - range.start <= RUN && range.start / RUN == (range.end - 1) / RUN);
        Ok(leaves[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()]
            .to_vec())
    }
}

/// A tree as `tlog_tiles` keeps it.
struct Partner(Vec<tlog_tiles::Hash>);

impl tlog_tiles::HashReader for Partner {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        Ok(indexes.iter().map(|n| self.0[usize::try_from(*n).unwrap()]).collect())
    }
}

fn partner(leaves: &[Digest]) -> Partner {
    let mut partner = Partner(Vec::new());
    for (n, leaf) in (0..).zip(leaves) {
        assert_eq!(stored_hash_index(0, n), partner.0.len() as u64);
        let new = stored_hashes_for_record_hash(n, theirs(leaf), &partner).unwrap();
        partner.0.extend(new);
    }
    partner
}

fn theirs(hash: &Digest) -> tlog_tiles::Hash {
    tlog_tiles::Hash(*hash.as_bytes())
}

fn all_theirs(proof: &[Digest]) -> Vec<tlog_tiles::Hash> {
    proof.iter().map(theirs).collect()
}

/// Sizes around the runs, and whatever comes.
fn sizes() -> impl Strategy<Value = u64> {
    prop_oneof![1..40_u64, 250..262_u64, 510..515_u64, 1..1600_u64]
}

#[test]
fn every_small_tree_proves_every_leaf_and_every_past() {
    let all = leaves(40);
    let tree = tree(&all);
    for size in 1..=40_usize {
        let (n, now) = (size as u64, root(&all[..size]));
        assert_eq!(tree.root_at(n, &mut of(&all)), Ok(now));
        for (index, leaf) in (0..).zip(&all[..size]) {
            let proof = tree.inclusion(index, n, &mut of(&all)).unwrap();
            assert_eq!(root_from(leaf, index, n, &proof), Some(now), "{index} of {n}");
        }
        for old in 0..=size {
            let proof = tree.consistency(old as u64, n, &mut of(&all)).unwrap();
            let before = root(&all[..old]);
            assert!(is_consistent((old as u64, &before), (n, &now), &proof), "{old} to {n}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn proofs_are_those_of_the_published_crate(
        size in sizes(), index: prop::sample::Index, old: prop::sample::Index,
    ) {
        let all = leaves(size);
        let (tree, partner) = (tree(&all), partner(&all));
        let (index, old) = (index.index(all.len()), old.index(all.len()) + 1);
        let (n, m, now) = (index as u64, old as u64, root(&all));
        let proof = tree.inclusion(n, size, &mut of(&all)).unwrap();
        prop_assert_eq!(&all_theirs(&proof), &prove_record(size, n, &partner).unwrap());
        let (their_root, their_leaf) = (theirs(&now), theirs(&all[index]));
        check_record(&all_theirs(&proof), size, their_root, n, their_leaf).unwrap();
        let proof = tree.consistency(m, size, &mut of(&all)).unwrap();
        prop_assert_eq!(&all_theirs(&proof), &prove_tree(size, m, &partner).unwrap());
        let before = theirs(&root(&all[..old]));
        check_tree(&all_theirs(&proof), size, their_root, m, before).unwrap();
    }

    #[test]
    fn a_changed_proof_leaf_place_or_size_proves_nothing(
        size in sizes(), index: prop::sample::Index, hit: prop::sample::Index,
    ) {
        let all = leaves(size);
        let (tree, now, index) = (tree(&all), root(&all), index.index(all.len()));
        let (n, leaf) = (index as u64, &all[index]);
        let good = tree.inclusion(n, size, &mut of(&all)).unwrap();
        prop_assert_eq!(root_from(leaf, n, size, &good), Some(now));
        prop_assert_ne!(root_from(&Digest::of(b"other"), n, size, &good), Some(now));
        let mut longer = good.clone();
        longer.push(now);
        prop_assert_ne!(root_from(leaf, n, size, &longer), Some(now));
        prop_assert_eq!(root_from(leaf, size, size, &good), None);
        if !good.is_empty() {
            let mut bad = good.clone();
            let hit = hit.index(bad.len());
            bad[hit] = Digest::of(b"other");
            prop_assert_ne!(root_from(leaf, n, size, &bad), Some(now));
            prop_assert_ne!(root_from(leaf, n, size, &good[1..]), Some(now));
            prop_assert_ne!(root_from(leaf, n ^ 1, size, &good), Some(now));
        }
    }

    #[test]
    fn another_past_is_never_consistent(
        size in 2..600_u64, old: prop::sample::Index, hit: prop::sample::Index,
    ) {
        let all = leaves(size);
        let old = old.index(all.len() - 1) + 1;
        let m = old as u64;
        let (now, before) = (root(&all), root(&all[..old]));
        let proof = tree(&all).consistency(m, size, &mut of(&all)).unwrap();
        prop_assert!(is_consistent((m, &before), (size, &now), &proof));
        let mut other = all.clone();
        other[hit.index(old)] = Digest::of(b"other");
        let lie = root(&other[..old]);
        prop_assert!(!is_consistent((m, &lie), (size, &now), &proof));
        prop_assert!(!is_consistent((m, &before), (size, &root(&other)), &proof));
        let theirs = tree(&other).consistency(m, size, &mut of(&other)).unwrap();
        prop_assert!(!is_consistent((m, &before), (size, &root(&other)), &theirs));
        prop_assert!(!is_consistent((size, &now), (m, &before), &proof));
        for cut in 0..proof.len() {
            let mut bad = proof.clone();
            bad[cut] = Digest::of(b"other");
            prop_assert!(!is_consistent((m, &before), (size, &now), &bad));
            bad.remove(cut);
            prop_assert!(!is_consistent((m, &before), (size, &now), &bad));
        }
    }

    #[test]
    fn a_tree_has_the_root_of_every_size_it_had(size in sizes(), then: prop::sample::Index) {
        let all = leaves(size);
        let then = then.index(all.len() + 1);
        let found = tree(&all).root_at(then as u64, &mut of(&all));
        prop_assert_eq!(found, Ok(root(&all[..then])));
    }
}

#[test]
fn what_is_outside_or_missing_is_said() {
    let all = leaves(300);
    let tree = tree(&all);
    assert_eq!(tree.inclusion(300, 300, &mut of(&all)), Err(ProveError::Outside));
    assert_eq!(tree.inclusion(0, 301, &mut of(&all)), Err(ProveError::Outside));
    assert_eq!(tree.consistency(2, 1, &mut of(&all)), Err(ProveError::Outside));
    assert_eq!(tree.root_at(301, &mut of(&all)), Err(ProveError::Outside));
    let mut none = |_: Range<u64>| Ok::<_, Infallible>(Vec::new());
    assert_eq!(tree.inclusion(0, 300, &mut none), Err(ProveError::Missing));
    let mut broken = |_: Range<u64>| Err::<Vec<Digest>, _>("torn");
    assert_eq!(tree.inclusion(0, 300, &mut broken), Err(ProveError::Leaves("torn")));
}

#[test]
fn a_checkpoint_of_ours_is_one_of_the_published_crates() {
    use signed_note::{Note, StandardVerifier, VerifierList};
    let key = ed25519_dalek::SigningKey::from_bytes(&[5; 32]);
    let name = KeyName::parse("sandyk-ledger").unwrap();
    let ours = Checkpoint { origin: "Organisation A".into(), size: 300, root: root(&leaves(300)) };
    let note = ours.sign(&name, &key).unwrap().to_text();
    let named = NamedKey { name, key: key.verifying_key() };
    let theirs = Note::from_bytes(note.as_bytes()).unwrap();
    let verifier = StandardVerifier::new(&named.to_text()).unwrap();
    let verifiers = VerifierList::new(vec![Box::new(verifier)]);
    let (signed, unknown) = theirs.verify(&verifiers).unwrap();
    assert_eq!((signed.len(), unknown.len()), (1, 0));
    let read = tlog_tiles::Checkpoint::from_bytes(theirs.text()).unwrap();
    assert_eq!((read.origin(), read.size()), ("Organisation A", 300));
    assert_eq!(read.hash().0, *ours.root.as_bytes());
}

/// The values of the example in `docs/format/ledger.md`, made by the code.
fn example() -> String {
    let key = LedgerKey::from_seed(&Secret::take(&mut [5; 32])).unwrap();
    let week: Week = "2026-W47".parse().unwrap();
    let commitment =
        commitment(&[7; 32], "testimony", &[8; 16], &Digest::of(b"cover"), (1, "2026-W47"));
    let leaf = leaf_hash(&commitment);
    let mut batch: Vec<Digest> = (0..4096_u32).map(|n| Digest::of(&n.to_le_bytes())).collect();
    batch[1234] = leaf;
    let root = public::root_over(batch.iter().copied());
    let keyring = LogEntry::Keyring { epoch: 1, digest: Digest::of(b"note") };
    let lines = [keyring, LogEntry::Week { week, leaves: 4096, root }].map(|line| line.to_line());
    let promise = Promise { organisation: "Organisation A".into(), week, leaf };
    let promise = promise.sign(&key).unwrap();
    let checkpoint = key.sign_log("Organisation A", &lines).unwrap();
    let (entries, file) = (lines.join("\n"), public::batch_file(&batch));
    let files = PublicFiles { checkpoint: &checkpoint, entries: &entries, batch: &file };
    let named = NamedKey::parse(&key.verifier()).unwrap();
    let proof = serde_json::to_string(&Proof::join(&promise, &files, &named).unwrap()).unwrap();
    let hash = Digest::of(proof.as_bytes());
    format!(
        "commitment {commitment}\nleaf       {leaf}\n\n{entries}\n\n{promise}\n{checkpoint}\n\
         SHA-256 of the proof as one line of JSON: {hash}\n"
    )
}

#[test]
fn the_example_of_the_format_is_what_the_code_makes() {
    let page = include_str!("../../docs/format/ledger.md");
    let example = example();
    assert!(page.contains(&example), "the example should be:\n{example}");
}
