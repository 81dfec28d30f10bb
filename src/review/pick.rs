//! Naming a thing by the beginning of its id.

use crate::id::{ID_CHARS, Id};

/// The one of `ids` that begins with `prefix`, at least 4 characters.
///
/// # Errors
/// Says whether nothing or several begin so, and which.
pub fn pick<Kind>(
    prefix: &str,
    ids: impl IntoIterator<Item = Id<Kind>>,
) -> Result<Id<Kind>, PickError> {
    let prefix = prefix.to_ascii_lowercase();
    if prefix.chars().count() < SHORTEST {
        return Err(PickError::TooShort { prefix });
    }
    let mut found: Vec<Id<Kind>> =
        ids.into_iter().filter(|id| id.to_string().starts_with(&prefix)).collect();
    found.sort();
    found.dedup();
    match found.as_slice() {
        [id] => Ok(*id),
        [] => Err(PickError::Nothing { prefix }),
        several => {
            let shown = several.iter().take(SHOWN).map(ToString::to_string).collect::<Vec<_>>();
            Err(PickError::Several { prefix, shown: shown.join(", "), all: several.len() })
        }
    }
}

/// No single thing was named.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PickError {
    /// Too little of an id.
    #[error("{prefix:?} is too short: give at least {SHORTEST} of the {ID_CHARS} characters")]
    TooShort {
        /// What was given.
        prefix: String,
    },
    /// Nothing begins so.
    #[error("nothing here begins with {prefix:?}")]
    Nothing {
        /// What was given.
        prefix: String,
    },
    /// Several begin so.
    #[error("{all} begin with {prefix:?}: {shown}")]
    Several {
        /// What was given.
        prefix: String,
        /// Some of them.
        shown: String,
        /// How many there are.
        all: usize,
    },
}

/// Fewest characters that name a thing.
pub(super) const SHORTEST: usize = 4;
const SHOWN: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::TestimonyId;

    #[test]
    fn a_beginning_names_one_thing_or_says_why_not() {
        let (a, b) = (TestimonyId::from_bytes([0; 16]), TestimonyId::from_bytes([255; 16]));
        let near = TestimonyId::from_bytes([0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(pick("7777", [a, b, b]), Ok(b));
        assert_eq!(pick(&a.to_string(), [a, near]), Ok(a));
        assert_eq!(pick("AAAAAAAAAA", [a]), Ok(a));
        assert_eq!(pick("777", [b]), Err(PickError::TooShort { prefix: "777".into() }));
        assert_eq!(pick("zzzz", [b]), Err(PickError::Nothing { prefix: "zzzz".into() }));
        let error = pick("aaaa", [a, near]).unwrap_err().to_string();
        assert!(error.contains(&a.to_string()) && error.contains(&near.to_string()), "{error}");
    }
}
