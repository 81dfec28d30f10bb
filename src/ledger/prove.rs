//! Proofs that a leaf is in a tree, and that a tree grew from another (RFC 6962 §2.1.1, §2.1.2).
//!
//! In scope: making them from a [`Tree`], which keeps one hash for every 256 leaves, and checking
//! them. Out of scope: where leaves lie; whoever makes a proof lends a way to read a few of them.

use std::ops::Range;

use super::tree::{Frontier, node_hash};
use crate::digest::Digest;

/// Leaves under one hash that is kept; a proof reads at most two such runs.
pub const RUN: u64 = 256;
const RUN_LEAVES: usize = 256;
/// More hashes than any proof has.
pub const MAX_PROOF: usize = 128;

/// A tree of any size in a quarter of a byte for each leaf; its leaves lie elsewhere.
#[derive(Clone, Default)]
pub struct Tree {
    size: u64,
    /// Roots of full runs, of pairs of runs, of fours, and so on.
    levels: Vec<Vec<Digest>>,
    /// Leaves after the last full run.
    tail: Vec<Digest>,
}

impl Tree {
    /// Adds a leaf, by its leaf hash.
    pub fn push(&mut self, leaf_hash: Digest) {
        self.tail.push(leaf_hash);
        self.size = self.size.saturating_add(1);
        if self.tail.len() < RUN_LEAVES {
            return;
        }
        let mut node = root_of(&self.tail);
        self.tail.clear();
        for height in 0.. {
            if self.levels.len() <= height {
                self.levels.push(Vec::new());
            }
            let Some(level) = self.levels.get_mut(height) else { return };
            level.push(node);
            let Some([left, right]) = full_pair(level) else { return };
            node = node_hash(left, right);
        }
    }

    /// Leaves so far.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root over the first `size` leaves; `leaves` reads leaf hashes by their indexes.
    ///
    /// # Errors
    /// [`ProveError`]; `leaves` is asked at most once, for a part of one run.
    pub fn root_at<E>(
        &self,
        size: u64,
        leaves: &mut Fetch<'_, E>,
    ) -> Result<Digest, ProveError<E>> {
        self.within(size)?;
        Prover { tree: self, leaves, run: None }.root(0..size)
    }

    /// The proof that leaf `index` is in the tree of the first `size` leaves.
    ///
    /// # Errors
    /// [`ProveError`]; `leaves` is asked at most twice, each time for a part of one run.
    pub fn inclusion<E>(
        &self,
        index: u64,
        size: u64,
        leaves: &mut Fetch<'_, E>,
    ) -> Result<Vec<Digest>, ProveError<E>> {
        self.within(size)?;
        if index >= size {
            return Err(ProveError::Outside);
        }
        let mut prover = Prover { tree: self, leaves, run: None };
        let (mut path, mut range) = (Vec::new(), 0..size);
        while let Some((left, right)) = split(&range) {
            let (inside, beside) = if index < right.start { (left, right) } else { (right, left) };
            path.push(beside);
            range = inside;
        }
        path.into_iter().rev().map(|beside| prover.root(beside)).collect()
    }

    /// The proof that the tree of the first `new` leaves begins with that of the first `old`.
    ///
    /// # Errors
    /// [`ProveError`]; `leaves` is asked at most twice, each time for a part of one run.
    pub fn consistency<E>(
        &self,
        old: u64,
        new: u64,
        leaves: &mut Fetch<'_, E>,
    ) -> Result<Vec<Digest>, ProveError<E>> {
        self.within(new)?;
        if old > new {
            return Err(ProveError::Outside);
        }
        if old == 0 || old == new {
            return Ok(Vec::new());
        }
        let mut prover = Prover { tree: self, leaves, run: None };
        let (mut path, mut range) = (Vec::new(), 0..new);
        while range.end != old {
            let Some((left, right)) = split(&range) else { break };
            let (inside, beside) = if old <= right.start { (left, right) } else { (right, left) };
            path.push(beside);
            range = inside;
        }
        if range.start > 0 {
            path.push(range);
        }
        path.into_iter().rev().map(|beside| prover.root(beside)).collect()
    }

    const fn within<E>(&self, size: u64) -> Result<(), ProveError<E>> {
        if size <= self.size { Ok(()) } else { Err(ProveError::Outside) }
    }

    /// The root of full runs, if `range` is one subtree of them.
    fn kept(&self, range: &Range<u64>) -> Option<Digest> {
        let length = range.end.checked_sub(range.start)?;
        let whole = length.is_power_of_two() && length >= RUN && range.start.is_multiple_of(length);
        let height = length.checked_ilog2()?.checked_sub(RUN.ilog2())?;
        let level = self.levels.get(usize::try_from(height).ok()?).filter(|_| whole)?;
        let place = usize::try_from(range.start.checked_div(length)?).ok()?;
        level.get(place).copied()
    }
}

/// Reads the leaf hashes of a range of indexes, which lies within one run.
pub type Fetch<'f, E> = dyn FnMut(Range<u64>) -> Result<Vec<Digest>, E> + 'f;

/// A proof that cannot be made.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ProveError<E> {
    /// The tree has no such leaf or size.
    #[error("the tree is not that large")]
    Outside,
    /// The leaves could not be read.
    #[error("the leaves could not be read: {0}")]
    Leaves(E),
    /// Fewer leaves came than there are.
    #[error("leaves of the tree are missing where they should lie")]
    Missing,
}

/// Makes one proof; remembers the run that it read last.
struct Prover<'p, 'f, E> {
    tree: &'p Tree,
    leaves: &'p mut Fetch<'f, E>,
    run: Option<(Range<u64>, Vec<Digest>)>,
}

impl<E> Prover<'_, '_, E> {
    /// The root over a range that is a subtree of some size.
    fn root(&mut self, range: Range<u64>) -> Result<Digest, ProveError<E>> {
        if let Some(kept) = self.tree.kept(&range) {
            return Ok(kept);
        }
        match split(&range) {
            Some((left, right)) if range.end.saturating_sub(range.start) > RUN => {
                Ok(node_hash(&self.root(left)?, &self.root(right)?))
            }
            _ => self.short(&range),
        }
    }

    /// The root over a range within one run.
    fn short(&mut self, range: &Range<u64>) -> Result<Digest, ProveError<E>> {
        let tail = self.tree.size.saturating_sub(self.tree.size % RUN);
        if range.start >= tail {
            return slice(&self.tree.tail, tail, range).map(root_of).ok_or(ProveError::Missing);
        }
        let first = range.start.saturating_sub(range.start % RUN);
        let run = first..first.saturating_add(RUN);
        if self.run.as_ref().is_none_or(|(held, _)| *held != run) {
            let leaves = (self.leaves)(run.clone()).map_err(ProveError::Leaves)?;
            self.run = Some((run, leaves));
        }
        let held = self.run.as_ref().and_then(|(run, held)| slice(held, run.start, range));
        held.map(root_of).ok_or(ProveError::Missing)
    }
}

/// Left and right part of a subtree, or `None` for a leaf or nothing.
fn split(range: &Range<u64>) -> Option<(Range<u64>, Range<u64>)> {
    let length = range.end.checked_sub(range.start).filter(|length| *length > 1)?;
    let middle = range.start.checked_add(length.checked_next_power_of_two()? >> 1)?;
    Some((range.start..middle, middle..range.end))
}

fn slice<'l>(leaves: &'l [Digest], first: u64, range: &Range<u64>) -> Option<&'l [Digest]> {
    let place = |index: u64| usize::try_from(index.checked_sub(first)?).ok();
    leaves.get(place(range.start)?..place(range.end)?)
}

fn root_of(leaves: &[Digest]) -> Digest {
    let mut tree = Frontier::default();
    tree.extend(leaves.iter().copied());
    tree.root()
}

/// The last two of a level, if they are a pair under one node.
fn full_pair(level: &[Digest]) -> Option<[&Digest; 2]> {
    match level {
        [.., left, right] if level.len().is_multiple_of(2) => Some([left, right]),
        _ => None,
    }
}

/// The root of `size` leaves that follows from leaf `index` and its proof; `None` for no proof.
#[must_use]
pub fn root_from(leaf: &Digest, index: u64, size: u64, proof: &[Digest]) -> Option<Digest> {
    if index >= size {
        return None;
    }
    let (mut place, mut last, mut node) = (index, size.checked_sub(1)?, *leaf);
    for beside in proof {
        if last == 0 {
            return None;
        }
        if place & 1 == 1 || place == last {
            node = node_hash(beside, &node);
            up_to_odd(&mut place, &mut last);
        } else {
            node = node_hash(&node, beside);
        }
        place >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(node)
}

/// Whether `proof` shows that the tree of `new` begins with the tree of `old`; sizes with roots.
#[must_use]
pub fn is_consistent(old: (u64, &Digest), new: (u64, &Digest), proof: &[Digest]) -> bool {
    let ((old_size, old_root), (new_size, new_root)) = (old, new);
    if old_size == 0 || old_size >= new_size {
        let same = old_size != new_size || old_root == new_root;
        return old_size <= new_size && same && proof.is_empty();
    }
    let first = old_size.is_power_of_two().then_some(old_root);
    let mut nodes = first.into_iter().chain(proof);
    let Some(start) = nodes.next() else { return false };
    let (mut place, mut last) = (old_size.saturating_sub(1), new_size.saturating_sub(1));
    let odd = place.trailing_ones();
    place >>= odd;
    last >>= odd;
    let (mut before, mut after) = (*start, *start);
    for beside in nodes {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            before = node_hash(beside, &before);
            after = node_hash(beside, &after);
            up_to_odd(&mut place, &mut last);
        } else {
            after = node_hash(&after, beside);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && before == *old_root && after == *new_root
}

/// Goes up over nodes that have nothing to their right at this size.
const fn up_to_odd(place: &mut u64, last: &mut u64) {
    while *place & 1 == 0 && *place != 0 {
        *place >>= 1;
        *last >>= 1;
    }
}
