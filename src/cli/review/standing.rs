//! Where a testimony stands among what its witness sent later, and what may be done with it now.

use serde::Serialize;

use crate::{
    cli::{
        exit::CliError,
        out::Out,
        review::{sitting::short, words},
        words::Told as _,
    },
    clock::{Day, Week},
    digest::Digest,
    id::TestimonyId,
    review::{MayNot, Member, Opened, Place, Session, Standing, Withdrawn},
    testimony::{Code, Kind, List, Tri},
};

/// The same, for a row of a list.
#[derive(Default, Serialize)]
pub(super) struct Stands {
    /// The first testimony of its thread, if that is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<TestimonyId>,
    /// What it says to continue, and why that is not proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_proven: Option<Stranger>,
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn: Option<Taken>,
    /// What it may be used for now; `null` if nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    uses: Option<Vec<Code>>,
}

#[derive(Serialize)]
struct Stranger {
    names: TestimonyId,
    why: String,
}

/// A withdrawal as JSON.
#[derive(Serialize)]
pub(super) struct Taken {
    pub(super) id: TestimonyId,
    pub(super) week: Option<Week>,
    pub(super) destroy_from: Option<Day>,
    pub(super) freely: Option<Tri>,
}

impl From<Withdrawn> for Taken {
    fn from(withdrawn: Withdrawn) -> Self {
        let Withdrawn { id, week, destroy_from, freely } = withdrawn;
        Self { id, week, destroy_from, freely }
    }
}

impl Stands {
    pub(super) fn of(id: TestimonyId, session: &Session) -> Self {
        let threads = session.threads();
        let (mut first, mut not_proven) = (None, None);
        match threads.place(id) {
            Place::First => {}
            Place::Continues { first: of } => first = Some(of),
            Place::NotProven { named: names, why } => {
                not_proven = Some(Stranger { names, why: why.to_string() });
            }
        }
        let standing = session.standing(id);
        Self {
            first,
            not_proven,
            withdrawn: standing.as_ref().and_then(|s| s.withdrawn).map(Taken::from),
            uses: standing.map(|s| if s.withdrawn.is_some() { vec![] } else { s.agreed.uses }),
        }
    }

    pub(super) const fn is_withdrawn(&self) -> bool {
        self.withdrawn.is_some()
    }

    pub(super) fn keeps_only(&self) -> bool {
        self.uses.as_ref().is_none_or(Vec::is_empty)
    }

    /// What it continues, to stand behind other words.
    pub(super) fn in_a_word(&self) -> String {
        match (&self.first, &self.not_proven) {
            (Some(first), _) => format!(" of {}", short(&first.to_string())),
            (None, Some(Stranger { names, .. })) => {
                format!(" NOT PROVEN to be of {}", short(&names.to_string()))
            }
            (None, None) => String::new(),
        }
    }
}

/// One thing that a witness sent, in its thread.
#[derive(Serialize)]
pub(super) struct Later {
    id: TestimonyId,
    week: Option<Week>,
    cursor: u64,
    leaf: Digest,
    kind: Kind,
    freely: Option<Tri>,
    proven: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    why_not: Option<String>,
}

impl Later {
    fn of(member: &Member, why_not: Option<String>) -> Self {
        let Member { id, week, cursor, leaf, kind, .. } = *member;
        let freely = member.pressure.as_ref().map(|pressure| pressure.freely);
        Self { id, week, cursor, leaf, kind, freely, proven: why_not.is_none(), why_not }
    }
}

/// Everything of the thread of a testimony, proven or not.
pub(super) fn later(id: TestimonyId, session: &Session) -> Vec<Later> {
    let threads = session.threads();
    let proven = threads.thread(id).map(|member| Later::of(member, None));
    let others = threads.strangers(id).map(|(m, why)| Later::of(m, Some(why.to_string())));
    proven.chain(others).collect()
}

/// Refuses to take anything out of what its witness withdrew.
pub(super) fn refuse_withdrawn(id: TestimonyId, session: &Session) -> Result<(), CliError> {
    let withdrawn = session.standing(id).and_then(|standing| standing.withdrawn);
    withdrawn.map_or(Ok(()), |Withdrawn { id, .. }| Err(may_not(&MayNot::Withdrawn { id })))
}

/// Something may not be used.
pub(super) fn may_not(why: &MayNot) -> CliError {
    CliError::refused(why)
        .kept("nothing was taken out, and everything stays where it is")
        .advice("`sandyk review consent ID` shows what its witness said; `reply` can ask")
        .words(why.words())
}

/// What must be seen before anything else.
pub(super) fn banner(id: TestimonyId, session: &Session, out: &mut Out) -> Result<(), CliError> {
    let threads = session.threads();
    match threads.place(id) {
        Place::First => {}
        Place::Continues { first } => {
            let first = short(&first.to_string());
            out.fact("Continues", &format!("{first}; signed by the same receipt"))?;
        }
        Place::NotProven { named, why } => {
            let named = short(&named.to_string());
            out.fact("NOT PROVEN", &format!("it says to continue {named}, but {why}"))?;
            out.fact("", "it changes nothing there; ask the witness of the first one by a reply")?;
        }
    }
    let Some(Withdrawn { id: by, week, destroy_from, freely }) =
        session.standing(id).and_then(|standing| standing.withdrawn)
    else {
        return retracted(id, session, out);
    };
    let by = short(&by.to_string());
    out.fact("** WITHDRAWN", &format!("by {by}{}; USE IT FOR NOTHING", came(week)))?;
    out.fact("Taken back", free(freely))?;
    if let Some(day) = destroy_from {
        out.fact("Destroyed", &format!("not before {day}, and only by two guardians"))?;
    }
    retracted(id, session, out)
}

/// That a later word took the account back; the account itself stands.
fn retracted(id: TestimonyId, session: &Session, out: &mut Out) -> Result<(), CliError> {
    let threads = session.threads();
    let mut thread = threads.thread(id);
    let Some(first) = thread.next().filter(|first| first.id == id) else { return Ok(()) };
    for later in thread.filter(|m| matches!(m.kind, Kind::Correction | Kind::Withdrawal)) {
        let freely = later.pressure.as_ref().map(|pressure| pressure.freely);
        let what = if later.kind == Kind::Correction { "corrected" } else { "retracted" };
        let (by, leaf) = (short(&later.id.to_string()), first.leaf);
        let stood = first.week.map_or_else(String::new, |week| format!(" of week {week}"));
        let words = format!(
            "{what} by {by}{}; first account{stood} stands, leaf {leaf}; {}",
            came(later.week),
            free(freely)
        );
        out.fact(if what == "corrected" { "Corrected" } else { "Retracted" }, &words)?;
    }
    Ok(())
}

/// What may be done now, if that is not what the account alone says.
pub(super) fn agreed(id: TestimonyId, session: &Session, out: &mut Out) -> Result<(), CliError> {
    let Some(standing) = session.standing(id) else { return Ok(()) };
    let alone = standing.versions.len() == 1 && session.threads().first_of(id) == id;
    if alone && standing.withdrawn.is_none() {
        return Ok(());
    }
    out.fact("NOW agreed to", &in_words(&standing))?;
    if standing.agreed.ask_first && standing.withdrawn.is_none() {
        out.fact("", "ASK FIRST, every time")?;
    }
    standing.agreed.conditions.iter().try_for_each(|condition| out.said("Only if", condition))
}

/// What is agreed to, in words.
pub(super) fn in_words(standing: &Standing) -> String {
    if standing.withdrawn.is_some() {
        "NOTHING: it is withdrawn".to_owned()
    } else if standing.agreed.uses.is_empty() {
        "NOTHING: keep only, show it to nobody outside".to_owned()
    } else {
        words::all(List::ConsentUse, &standing.agreed.uses)
    }
}

/// What its witness sent before and after, and what only says so.
pub(super) fn thread(opened: &Opened, session: &Session, out: &mut Out) -> Result<(), CliError> {
    let all = later(opened.id, session);
    if all.iter().all(|later| later.id == opened.id) {
        return Ok(());
    }
    out.heading("What this witness sent")?;
    for later in &all {
        let here = if later.id == opened.id { " (this one)" } else { "" };
        let id = short(&later.id.to_string());
        let asked = later.freely.map_or(String::new(), |f| format!("; {}", free(Some(f))));
        let what = words::kind(later.kind);
        match &later.why_not {
            None => out.item(2, &format!("{id}  {what}{}{asked}{here}", came(later.week)))?,
            Some(why) => {
                out.item(2, &format!("{id}  NOT PROVEN, changes nothing: {what}: {why}{here}"))?;
            }
        }
    }
    Ok(())
}

/// Whether something was said freely, in words.
pub(super) const fn free(freely: Option<Tri>) -> &'static str {
    match freely {
        Some(Tri::Yes) => "says to be free to say so",
        Some(Tri::No) => "says NOT to be free: it may be forced",
        Some(Tri::Unknown) => "does not say whether it is free",
        None => "was not asked whether it is free",
    }
}

fn came(week: Option<Week>) -> String {
    week.map_or_else(String::new, |week| format!(", came in week {week}"))
}
