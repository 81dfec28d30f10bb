//! Hashes of the tree (RFC 6962 §2.1) and its compact range.

use crate::digest::Digest;

/// Names the format of what a leaf commits to.
const COMMITMENT: &[u8] = b"sandyk/leaf/v1\n";
const LEAF: &[u8] = &[0];
const NODE: &[u8] = &[1];

/// What a leaf commits to, salted, so that nobody can try contents out against it.
///
/// `SHA-256("sandyk/leaf/v1\n" || salt || u8 length of kind || kind || id || content || u32 epoch,
/// big endian || u8 length of week || week)`; the week is empty where there is none. Kind and week are
/// at most 255 bytes; what is longer is cut there, and none is.
#[must_use]
pub fn commitment(
    salt: &[u8; 32],
    kind: &str,
    id: &[u8; 16],
    content: &Digest,
    (epoch, week): (u32, &str),
) -> Digest {
    let ((kind_length, kind), (week_length, week)) = (counted(kind), counted(week));
    let (epoch, content) = (epoch.to_be_bytes(), content.as_bytes());
    Digest::of_parts(&[
        COMMITMENT,
        salt,
        &kind_length,
        kind,
        id,
        content,
        &epoch,
        &week_length,
        week,
    ])
}

/// A text of at most 255 bytes behind its length.
fn counted(text: &str) -> ([u8; 1], &[u8]) {
    let text = text.as_bytes();
    let text = text.get(..usize::from(u8::MAX)).unwrap_or(text);
    ([u8::try_from(text.len()).unwrap_or(u8::MAX)], text)
}

/// The leaf hash of a commitment: `SHA-256(0x00 || commitment)`.
#[must_use]
pub fn leaf_hash(commitment: &Digest) -> Digest {
    leaf_hash_of(commitment.as_bytes())
}

pub(super) fn leaf_hash_of(bytes: &[u8]) -> Digest {
    Digest::of_parts(&[LEAF, bytes])
}

/// `SHA-256(0x01 || left || right)`.
pub(super) fn node_hash(left: &Digest, right: &Digest) -> Digest {
    Digest::of_parts(&[NODE, left.as_bytes(), right.as_bytes()])
}

/// A tree of any size in at most 64 hashes: leaves go in at the right, the root comes out.
#[derive(Clone, Default)]
pub struct Frontier {
    size: u64,
    /// Roots of full subtrees with their heights, left to right, heights falling.
    nodes: Vec<(u32, Digest)>,
}

impl Frontier {
    /// Adds a leaf, by its leaf hash.
    pub fn push(&mut self, leaf_hash: Digest) {
        let (mut height, mut node) = (0_u32, leaf_hash);
        while let Some((_, left)) = self.nodes.pop_if(|(there, _)| *there == height) {
            node = node_hash(&left, &node);
            height = height.saturating_add(1);
        }
        self.nodes.push((height, node));
        self.size = self.size.saturating_add(1);
    }

    /// Leaves so far.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root over all leaves so far; of none, SHA-256 of nothing.
    #[must_use]
    pub fn root(&self) -> Digest {
        let subtrees = self.nodes.iter().rev().map(|(_, node)| *node);
        subtrees.reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(|| Digest::of(b""))
    }
}

impl Extend<Digest> for Frontier {
    fn extend<I: IntoIterator<Item = Digest>>(&mut self, leaf_hashes: I) {
        for leaf_hash in leaf_hashes {
            self.push(leaf_hash);
        }
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;
    use proptest::prelude::*;

    use super::*;

    /// The definition of RFC 6962 §2.1, word by word.
    fn naive(leaves: &[Digest]) -> Digest {
        match leaves {
            [] => Digest::of(b""),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() >> 1);
                node_hash(&naive(left), &naive(right))
            }
        }
    }

    /// Inputs and roots of the certificate-transparency reference tree, sizes 1 to 8.
    const REFERENCE: [(&str, &str); 8] = [
        ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
        ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
        ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
        ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
        ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
        ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
        (
            "606162636465666768696a6b6c6d6e6f",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ),
    ];

    #[test]
    fn the_roots_are_those_of_the_reference_tree() {
        let mut tree = Frontier::default();
        assert_eq!(
            tree.root().to_string(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        for (input, root) in REFERENCE {
            tree.push(leaf_hash_of(&HEXLOWER.decode(input.as_bytes()).unwrap()));
            assert_eq!(tree.root().to_string(), root, "size {}", tree.size());
        }
    }

    #[test]
    fn the_leaf_hashes_are_those_of_the_reference() {
        // RFC 6962 test data: the empty leaf, and "L123456".
        let hash = |bytes| leaf_hash_of(bytes).to_string();
        assert_eq!(hash(b""), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
        assert_eq!(
            hash(b"L123456"),
            "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"
        );
        assert_eq!(
            node_hash_of(b"N123", b"N456"),
            "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"
        );
    }

    /// A node hash over inputs of any length, as the published vector has them.
    fn node_hash_of(left: &[u8], right: &[u8]) -> String {
        Digest::of_parts(&[NODE, left, right]).to_string()
    }

    #[test]
    fn every_input_of_a_commitment_changes_it() {
        let (content, when) = (Digest::of(b"x"), (1, "2026-W47"));
        let one = commitment(&[1; 32], "testimony", &[2; 16], &content, when);
        let others = [
            commitment(&[3; 32], "testimony", &[2; 16], &content, when),
            commitment(&[1; 32], "testimonz", &[2; 16], &content, when),
            commitment(&[1; 32], "testimon", &[2; 16], &content, when),
            commitment(&[1; 32], "testimony", &[4; 16], &content, when),
            commitment(&[1; 32], "testimony", &[2; 16], &Digest::of(b"y"), when),
            commitment(&[1; 32], "testimony", &[2; 16], &content, (2, "2026-W47")),
            commitment(&[1; 32], "testimony", &[2; 16], &content, (1, "2026-W46")),
            commitment(&[1; 32], "testimony", &[2; 16], &content, (1, "")),
        ];
        assert!(!others.contains(&one));
        assert_ne!(leaf_hash(&one), one);
    }

    #[test]
    fn a_commitment_has_the_bytes_of_the_format() {
        let mut bytes = b"sandyk/leaf/v1\n".to_vec();
        bytes.extend([7; 32]);
        bytes.push(9);
        bytes.extend(b"testimony");
        bytes.extend([8; 16]);
        bytes.extend(Digest::of(b"cover").as_bytes());
        bytes.extend([0, 0, 1, 2, 8]);
        bytes.extend(b"2026-W47");
        let (content, when) = (Digest::of(b"cover"), (258, "2026-W47"));
        let made = commitment(&[7; 32], "testimony", &[8; 16], &content, when);
        assert_eq!(made, Digest::of(&bytes));
    }

    proptest! {
        #[test]
        fn a_frontier_has_the_root_of_the_definition(leaves in prop::collection::vec(any::<[u8; 32]>(), 0..200)) {
            let leaves: Vec<Digest> = leaves.into_iter().map(Digest::from_bytes).collect();
            let mut tree = Frontier::default();
            tree.extend(leaves.iter().copied());
            prop_assert_eq!(tree.size(), leaves.len() as u64);
            prop_assert_eq!(tree.root(), naive(&leaves));
        }

        #[test]
        fn a_changed_moved_or_missing_leaf_changes_the_root(size in 2_u64..80, at: prop::sample::Index) {
            let leaves: Vec<Digest> = (0..size).map(|n| Digest::of(&n.to_le_bytes())).collect();
            let at = at.index(leaves.len());
            let (mut changed, mut missing, mut moved) = (leaves.clone(), leaves.clone(), leaves.clone());
            changed[at] = Digest::of(b"other");
            missing.remove(at);
            moved.rotate_left(1);
            let root = |leaves: &[Digest]| {
                let mut tree = Frontier::default();
                tree.extend(leaves.iter().copied());
                tree.root()
            };
            for other in [changed, missing, moved] {
                prop_assert_ne!(root(&other), root(&leaves));
            }
        }
    }
}
