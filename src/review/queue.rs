//! What to read first.

use std::cmp::Reverse;

use crate::{review::opening::Opened, testimony::Taxonomy};

/// Sorts the urgent ones first, among equals the newest, and what cannot be opened last.
pub fn sort_by_urgency(testimonies: &mut [Opened]) {
    let taxonomy = Taxonomy::embedded();
    testimonies.sort_by_key(|opened| {
        let urgency = opened
            .content
            .as_ref()
            .map_or(u8::MAX, |content| taxonomy.urgency(content.account.triage.risk.as_str()));
        (urgency, Reverse(opened.cursor))
    });
}
