//! What only an opened casebook shows: readers from whom nothing came, withdrawals that wait too long.

use std::collections::BTreeMap;

use crate::{
    casebook::{Casebook, Mark},
    clock::Day,
    finding::Finding,
    id::{ReaderId, TestimonyId},
    review::Session,
    testimony::Kind,
};

/// Looks into an opened session; changes nothing in it.
#[must_use]
pub fn inside(session: &Session, today: Day) -> Vec<Finding> {
    vec![silent(session, today), overdue(session, today)]
}

/// Readers of the newest keyring of whom no entry of the last weeks is here.
fn silent(session: &Session, today: Day) -> Finding {
    let newest = newest_days(&session.book.casebook);
    let recent = |id: &ReaderId| newest.get(id).is_some_and(|day| day.days_until(today) <= SILENCE);
    let others = session.chain.current().get().readers.iter().map(|reader| reader.id);
    let others: Vec<ReaderId> = others.filter(|id| *id != session.reader()).collect();
    let silent: Vec<String> = others
        .iter()
        .filter(|id| !recent(id))
        .map(|id| id.to_string().chars().take(SHORT).collect())
        .collect();
    if silent.is_empty() {
        return Finding::good("colleagues", format!("{} were heard lately", others.len()));
    }
    let ids = silent.join(", ");
    Finding::soon("reader-is-silent").count("days", SILENCE).with("ids", &ids).says(
        format!("for more than {SILENCE} days nothing came from readers {ids}"),
        "their machine may not sync, they may be in danger, or somebody may keep their work back",
        "call them; if they cannot be reached, the administrators suspend their machine",
    )
}

/// The newest day on which each reader wrote anything, by their own word.
fn newest_days(book: &Casebook) -> BTreeMap<ReaderId, Day> {
    let opened = book.opened.values().flat_map(BTreeMap::values);
    let tags = book.tags.values().flat_map(BTreeMap::values);
    let remarks = book.remarks.values().flatten().map(|remark| &remark.mark);
    let replies = book.replies.values().flatten().map(|reply| &reply.mark);
    let cases = book.cases.values().flat_map(|case| {
        let links = case.testimonies.values().map(|link| &link.mark);
        links.chain(case.opened.iter().map(|(_, mark)| mark))
    });
    let mut newest = BTreeMap::new();
    for Mark { by, day } in opened.chain(tags).chain(remarks).chain(replies).chain(cases) {
        let known = newest.entry(*by).or_insert(*day);
        *known = (*known).max(*day);
    }
    newest
}

/// What witnesses took back, whose time to think is over and for which no order waits.
fn overdue(session: &Session, today: Day) -> Finding {
    let threads = session.threads();
    let ordered: Vec<TestimonyId> = session.pending().iter().map(|p| p.testimony).collect();
    let is_overdue = |first: &TestimonyId| {
        let withdrawn = session.standing(*first).and_then(|standing| standing.withdrawn);
        let from = withdrawn.and_then(|withdrawn| withdrawn.destroy_from);
        let over = from.is_some_and(|from| today >= from);
        let mut left = threads.thread(*first).filter(|member| !ordered.contains(&member.id));
        over && left.any(|member| member.kind != Kind::Withdrawal)
    };
    let count = threads.firsts().filter(is_overdue).count();
    if count == 0 {
        return Finding::good("withdrawals", "none is overdue");
    }
    Finding::soon("withdrawals-are-overdue").count("count", count).says(
        format!("{count} testimonies were taken back, and the time to think is over"),
        "witnesses were told that these may be destroyed; until then they can be found and opened",
        "`sandyk review withdraw-requests`; two guardians: `sandyk review forget`",
    )
}

/// Days after which a reader from whom nothing came is asked after.
const SILENCE: i64 = 30;
/// Letters of an id that are shown.
const SHORT: usize = 8;
