//! Names and ways of contact: the part that only guardians open.

use serde::{Deserialize, Serialize};

use super::{
    Code, FuzzyDate,
    limits::{Bad, LINE, LIST, NAME, list, text},
};

/// Who people are and how to reach them.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The schema, [`SCHEMA`](super::SCHEMA).
    pub schema: String,
    /// Who wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitter: Option<Named>,
    /// Names by the number of the affected person in the account.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub affected: Vec<(u16, Named)>,
    /// Names by the number of the responsible person in the account.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub responsible: Vec<(u16, Named)>,
    /// How to write back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
}

/// A person by name.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// As it was typed, [`NAME`].
    pub name: String,
    /// Other spellings and names, [`NAME`] each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_names: Vec<String>,
    /// Date of birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub born: Option<FuzzyDate>,
    /// Pronoun, [`NAME`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pronoun: Option<String>,
}

/// How to write back safely.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// List `contact_mode`.
    pub mode: Code,
    /// The way, [`LINE`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way: Option<String>,
    /// When it is safe, [`LINE`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe_when: Option<String>,
    /// An agreed sign or pretext, [`LINE`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign: Option<String>,
}

impl Named {
    /// A person of whom only the name is known.
    #[must_use]
    pub fn new(name: String) -> Self {
        Self { name, other_names: Vec::new(), born: None, pronoun: None }
    }

    fn check(&self, field: &'static str) -> Result<(), Bad> {
        text(Some(&self.name), NAME, field)?;
        text(self.pronoun.as_ref(), NAME, field)?;
        list(&self.other_names, LIST, field)?;
        self.other_names.iter().try_for_each(|name| text(Some(name), NAME, field))?;
        self.born.as_ref().map_or(Ok(()), |born| born.check(field))
    }
}

impl Identity {
    /// Holds no name and no way of contact; a bare wish "only on this site" names nobody.
    #[must_use]
    pub fn names_nobody(&self) -> bool {
        let Self { schema: _, submitter, affected, responsible, contact } = self;
        let reachable = contact.as_ref().is_some_and(|contact| {
            contact.way.is_some() || contact.safe_when.is_some() || contact.sign.is_some()
        });
        submitter.is_none() && affected.is_empty() && responsible.is_empty() && !reachable
    }

    /// Is every text and list within its limit?
    ///
    /// # Errors
    /// Names the first field that is not, or the schema of another version.
    pub fn check(&self) -> Result<(), Bad> {
        if self.schema != super::SCHEMA {
            return Err(Bad::Schema);
        }
        self.submitter.as_ref().map_or(Ok(()), |named| named.check("submitter"))?;
        list(&self.affected, LIST, "affected")?;
        list(&self.responsible, LIST, "responsible")?;
        self.affected.iter().try_for_each(|(_, named)| named.check("affected"))?;
        self.responsible.iter().try_for_each(|(_, named)| named.check("responsible"))?;
        let Some(contact) = &self.contact else { return Ok(()) };
        [&contact.way, &contact.safe_when, &contact.sign]
            .into_iter()
            .try_for_each(|answer| text(answer.as_ref(), LINE, "contact"))
    }
}
