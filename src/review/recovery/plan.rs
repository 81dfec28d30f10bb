//! What is public of a recovery: how many holders, how many of them are needed, their keys.

use std::{collections::BTreeSet, path::Path};

use crate::{
    files,
    hybrid::HybridRecipient,
    id::ReaderId,
    review::recovery::{Holder, HolderPub, RecoveryError},
};

/// Most holders: 70 sets at the most.
pub const MAX_HOLDERS: usize = 8;

/// Who can get the keys back: any `needed` of the holders, numbered from 1 in their order.
#[derive(Clone, PartialEq, Eq)]
pub struct Plan {
    needed: usize,
    holders: Vec<HybridRecipient>,
}

impl Plan {
    /// Any `needed` of these holders.
    ///
    /// # Errors
    /// [`RecoveryError::Counts`] unless 2 ≤ `needed` ≤ holders ≤ [`MAX_HOLDERS`];
    /// [`RecoveryError::SameHolder`].
    pub fn new(needed: usize, holders: Vec<HolderPub>) -> Result<Self, RecoveryError> {
        let count = holders.len();
        if !(2..=count).contains(&needed) || count > MAX_HOLDERS {
            return Err(RecoveryError::Counts { holders: count, needed });
        }
        let holders: Vec<_> = holders.into_iter().map(|holder| holder.recipient).collect();
        for (second, key) in (1_usize..).zip(&holders) {
            let earlier = (1..second).zip(&holders).find(|(_, other)| *other == key);
            if let Some((first, _)) = earlier {
                return Err(RecoveryError::SameHolder { first, second });
            }
        }
        Ok(Self { needed, holders })
    }

    /// How many must come together.
    #[must_use]
    pub const fn needed(&self) -> usize {
        self.needed
    }

    /// Every set of holders that can get the keys back, each ascending.
    #[must_use]
    pub fn sets(&self) -> Vec<Vec<usize>> {
        (0_u32..1 << self.holders.len())
            .map(|set| {
                let is_in = move |place: u32| set >> place & 1 == 1;
                (0..)
                    .zip(1..=self.holders.len())
                    .filter(move |(place, _)| is_in(*place))
                    .map(|(_, n)| n)
            })
            .map(Iterator::collect)
            .filter(|set: &Vec<usize>| set.len() == self.needed)
            .collect()
    }

    pub(super) fn recipients(&self, set: &[usize]) -> Vec<&HybridRecipient> {
        (1_usize..)
            .zip(&self.holders)
            .filter(|(n, _)| set.contains(n))
            .map(|(_, key)| key)
            .collect()
    }

    /// Which of the plan's holders these are.
    pub(super) fn numbers_of(&self, holders: &[&Holder]) -> Vec<usize> {
        let keys: Vec<_> = holders.iter().map(|holder| holder.identity.recipient()).collect();
        (1_usize..)
            .zip(&self.holders)
            .filter(|(_, key)| keys.contains(key))
            .map(|(n, _)| n)
            .collect()
    }

    /// `holders-1+3.age`.
    pub(in crate::review) fn file_name(set: &[usize]) -> String {
        let numbers: Vec<_> = set.iter().map(ToString::to_string).collect();
        format!("{BEFORE}{}{AFTER}", numbers.join("+"))
    }

    /// The holders that a file's name tells, ascending; none if it tells nothing.
    pub(super) fn holders_of(path: &Path) -> Vec<usize> {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let numbers = name.strip_prefix(BEFORE).and_then(|name| name.strip_suffix(AFTER));
        let numbers: Option<BTreeSet<usize>> =
            numbers.and_then(|all| all.split('+').map(|n| n.parse().ok()).collect());
        numbers.unwrap_or_default().into_iter().collect()
    }

    pub(super) fn to_text(&self, reader: ReaderId) -> String {
        let mut text = format!("{TITLE}reader {reader}\nneeded {}\n", self.needed);
        let holders = (1_usize..).zip(&self.holders).map(|(n, key)| format!("holder {n} {key}\n"));
        text.extend(holders);
        text
    }

    pub(in crate::review) fn load(path: &Path) -> Result<Self, RecoveryError> {
        let text = files::load_text(path, MAX_PLAN).map_err(RecoveryError::at(path))?;
        Self::parse(&text).ok_or_else(|| RecoveryError::NotARecovery { path: path.to_owned() })
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_prefix(TITLE)?.lines();
        let reader: ReaderId = lines.next()?.strip_prefix("reader ")?.parse().ok()?;
        let needed = lines.next()?.strip_prefix("needed ")?.parse().ok()?;
        let holder = |(n, line): (usize, &str)| {
            let key = line.strip_prefix(&format!("holder {n} "))?;
            HybridRecipient::parse(key).ok().map(|recipient| HolderPub { recipient })
        };
        let holders = (1_usize..).zip(lines).map(holder).collect::<Option<Vec<_>>>()?;
        let plan = Self::new(needed, holders).ok()?;
        (plan.to_text(reader) == text).then_some(plan)
    }
}

const TITLE: &str = "sandyk recovery v1\n";
const BEFORE: &str = "holders-";
const AFTER: &str = ".age";
/// Largest plan, in bytes.
const MAX_PLAN: u64 = 32 << 10;
