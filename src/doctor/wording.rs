//! Which languages were read by somebody who speaks them.

use crate::{
    finding::Finding,
    locale::{Lang, Locale},
};

/// Whether native speakers have signed off what witnesses and readers are told.
///
/// The sign-off stands in the head of each file of `locales/`, beside the words that it is about.
#[must_use]
pub fn wording() -> Finding {
    let draft = |lang: &Lang| Locale::of(*lang).ok().is_none_or(|l| l.signed_off().is_none());
    let drafts: Vec<&str> = Lang::ALL.iter().filter(|l| draft(l)).map(|lang| lang.tag()).collect();
    if drafts.is_empty() {
        return Finding::good("wording", "read by native speakers");
    }
    let tags = drafts.join(", ");
    Finding::note("wording-is-a-draft").with("tags", &tags).says(
        format!("nobody who speaks them as a first language has signed off the pages in: {tags}"),
        "a wrong word can frighten a witness away, or change what was consented to",
        "have a native speaker read locales/TAG.ftl and write name and day after `### sign-off:`",
    )
}
