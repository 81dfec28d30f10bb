//! `sandyk review list`: what there is, the urgent first.

use clap::Args;
use serde::Serialize;

use crate::{
    casebook::TargetId,
    cli::{
        exit::{CliError, Exit},
        out::{Format, Out},
        review::{
            cases, files, forget,
            sitting::{name, short},
            standing::Stands,
            words,
        },
        terminal::ForTerminal,
        words::Words,
    },
    clock::{Day, Week},
    forget::{Authority, Reason},
    id::{CaseId, ReaderId, TestimonyId},
    review::{Content, ExhibitsHere, Forgotten, Opened, Session, Unproven, sort_by_urgency},
    testimony::{Code, List},
};

#[derive(Args)]
pub(super) struct ListArgs {
    /// Only testimonies of this case
    #[arg(long, value_name = "CASE")]
    case: Option<String>,
    /// Only testimonies that you have not read
    #[arg(long)]
    unread: bool,
}

/// One testimony in a list.
#[derive(Serialize)]
pub(super) struct Row {
    id: TestimonyId,
    cursor: u64,
    week: Option<Week>,
    /// Set if it is forgotten: nothing else is known of it then.
    #[serde(skip_serializing_if = "Option::is_none")]
    forgotten: Option<Gone>,
    /// Why it is not shown, if it is not proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    unproven: Option<String>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    said: Option<Said>,
    #[serde(flatten)]
    stands: Stands,
    exhibits: &'static str,
    cases: Vec<CaseId>,
    tags: Vec<String>,
    read_by: Vec<ReaderId>,
}

/// By which order a testimony is gone.
#[derive(Serialize)]
struct Gone {
    day: Day,
    reason: Reason,
    by: Authority,
}

#[derive(Serialize)]
struct Said {
    risk: Code,
    risk_flags: Vec<Code>,
    kind: String,
    lang: String,
    role: Code,
    boxes: Vec<Code>,
    may_use: bool,
    has_identity: bool,
    start: String,
}

pub(super) fn run(args: &ListArgs, session: &mut Session, out: &mut Out) -> Result<Exit, CliError> {
    let case = args.case.as_deref().map(|case| cases::find(case, session)).transpose()?;
    let casebook = &session.book.casebook;
    let in_case = |id: TestimonyId| {
        case.is_none_or(|case| {
            casebook.cases.get(&case).is_some_and(|c| c.testimonies.contains_key(&id))
        })
    };
    let unread = |id: TestimonyId| {
        !casebook.opened.get(&id).is_some_and(|by| by.contains_key(&session.reader()))
    };
    let mut testimonies = session.open_all();
    testimonies.retain(|t| in_case(t.id) && (!args.unread || unread(t.id)));
    sort_by_urgency(&mut testimonies);
    let gone = if case.is_none() && !args.unread { session.forgotten() } else { &[] };
    if out.format() == Format::Json {
        let row = |t| Row::of(t, session);
        let all = testimonies.iter().map(row).chain(gone.iter().map(Row::gone));
        out.json(&all.collect::<Vec<_>>())?;
        return Ok(Exit::Done);
    }
    rows(&testimonies, session, out)?;
    say_locked(testimonies.iter().filter(|t| is_locked(t)).count(), out);
    gone.iter().try_for_each(|gone| out.item(0, &forget::sentence(gone)))?;
    if testimonies.is_empty() && gone.is_empty() && out.format() == Format::Table {
        match (case, args.unread) {
            (None, false) => out.tell(
                "There are no testimonies here yet. `sandyk sync` fetches what there is.",
                &Words::of("list-none"),
            ),
            (_, true) => out.tell("You have read everything here.", &Words::of("list-all-read")),
            (Some(_), false) => {
                out.tell("There are no testimonies in this case.", &Words::of("list-none-in-case"));
            }
        }
    }
    Ok(Exit::Done)
}

/// Whether it came without an envelope for this reader.
pub(super) const fn is_locked(opened: &Opened) -> bool {
    matches!(opened.content, Err(Unproven::NotSealedToYou))
}

/// Says how a reader comes to open what is not sealed to them, if there is any.
pub(super) fn say_locked(count: usize, out: &mut Out) {
    if count > 0 {
        out.tell(
            format!("not sealed to you yet: {count}\n   next: {TO_BE_SEALED}"),
            &Words::of("list-locked").count("count", count),
        );
    }
}

/// What brings a reader the envelopes that they lack.
pub(super) const TO_BE_SEALED: &str = "a colleague runs `sandyk review rewrap`, then `sandyk sync`; after that you \
                                       run `sandyk sync`";

/// Writes testimonies as JSON, as a table where there is room, else one below the other.
pub(super) fn rows(
    testimonies: &[Opened],
    session: &Session,
    out: &mut Out,
) -> Result<(), CliError> {
    let row = |t| Row::of(t, session);
    if out.format() == Format::Json {
        return out.json(&testimonies.iter().map(row).collect::<Vec<_>>());
    }
    let seen: Vec<Seen> = testimonies.iter().map(|t| Seen::of(t, &row(t), session)).collect();
    if seen.is_empty() {
        return Ok(());
    }
    if out.width().is_some_and(|width| width < WIDE) {
        return seen.iter().try_for_each(|seen| seen.card(out));
    }
    let cells: Vec<Vec<String>> = seen.into_iter().map(Seen::cells).collect();
    out.table(&HEAD, &cells)
}

impl Row {
    pub(super) fn of(opened: &Opened, session: &Session) -> Self {
        let Opened { id, cursor, leaf: _, week, exhibits, content } = opened;
        let casebook = &session.book.casebook;
        let target = TargetId::from_bytes(*id.as_bytes());
        let tags = casebook.tags.get(&target).into_iter().flat_map(|tags| tags.keys());
        let read_by = casebook.opened.get(id).into_iter().flat_map(|by| by.keys().copied());
        Self {
            id: *id,
            cursor: *cursor,
            week: *week,
            forgotten: None,
            unproven: content.as_ref().err().map(ToString::to_string),
            said: content.as_ref().ok().map(Said::of),
            stands: Stands::of(*id, session),
            exhibits: match exhibits {
                ExhibitsHere::No => "not here",
                ExhibitsHere::Arriving { .. } => "arriving",
                ExhibitsHere::Yes { .. } => "here",
            },
            cases: casebook.cases_of(*id).map(|(case, _)| case).collect(),
            tags: tags.map(|tag| tag.as_str().to_owned()).collect(),
            read_by: read_by.collect(),
        }
    }

    fn gone(forgotten: &Forgotten) -> Self {
        let Forgotten { id, cursor, day, reason, by } = *forgotten;
        Self {
            id,
            cursor,
            week: None,
            forgotten: Some(Gone { day, reason, by }),
            unproven: None,
            said: None,
            stands: Stands::default(),
            exhibits: "not here",
            cases: Vec::new(),
            tags: Vec::new(),
            read_by: Vec::new(),
        }
    }

    /// Cases and tags in words; of very many only the first, and how many more.
    pub(super) fn marks(&self, session: &Session) -> String {
        let cases = self.cases.iter().map(|case| cases::title(*case, &session.book.casebook));
        let mut words: Vec<String> = cases.chain(self.tags.iter().cloned()).take(MARKS).collect();
        let more = self.cases.len().saturating_add(self.tags.len()).saturating_sub(MARKS);
        if more > 0 {
            words.push(format!("and {more} more (--json has all)"));
        }
        words.join(", ")
    }

    /// Who has read it, as far as they have synced.
    pub(super) fn readers(&self, session: &Session) -> String {
        if self.read_by.is_empty() {
            return "nobody yet".to_owned();
        }
        self.read_by.iter().map(|by| name(session, *by)).collect::<Vec<_>>().join(", ")
    }
}

/// One testimony in words, for eyes.
struct Seen {
    id: String,
    week: String,
    danger: String,
    from: String,
    about: String,
    files: String,
    marks: String,
    readers: String,
    begins: String,
}

impl Seen {
    fn of(opened: &Opened, row: &Row, session: &Session) -> Self {
        let (danger, from, about, begins) = row.said.as_ref().map_or_else(
            || {
                let why = row.unproven.clone().unwrap_or_default();
                let state = if is_locked(opened) { "LOCKED" } else { "NOT PROVEN" };
                (state.to_owned(), String::new(), String::new(), why)
            },
            |said| said.words(&row.stands),
        );
        // whoever sealed it or tagged it decides how much this is; a list stays a list
        let brief = |text: &str| ForTerminal(text).one_line(BRIEF);
        Self {
            id: short(&row.id.to_string()),
            week: row.week.map(|week| week.to_string()).unwrap_or_default(),
            danger: brief(&danger),
            from: brief(&from),
            about: brief(&about),
            files: files::in_a_word(opened, session),
            marks: brief(&row.marks(session)),
            readers: brief(&row.readers(session)),
            begins: brief(&begins),
        }
    }

    /// Four lines, none wider than the terminal, and an empty one.
    fn card(&self, out: &mut Out) -> Result<(), CliError> {
        let Self { id, week, danger, from, about, files, marks, readers, begins } = self;
        let loud = danger.starts_with(char::is_uppercase);
        out.line(format!("{id}  {}{danger}", if loud { "" } else { "danger: " }))?;
        let parts = [week, from, about];
        let parts: Vec<&str> = parts.into_iter().map(String::as_str).collect();
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        out.item(CARD, &parts.join(" · "))?;
        out.item(CARD, &format!("files: {files} · read by: {readers}"))?;
        if !marks.is_empty() {
            out.item(CARD, "cases and tags:")?;
            out.quoted(CARD, marks)?;
        }
        let room = out.width().map_or(START, |width| usize::from(width).saturating_sub(CARD + 4));
        out.quoted(CARD, &ForTerminal(begins).one_line(room.clamp(16, START)))?;
        out.line("")
    }

    fn cells(self) -> Vec<String> {
        let Self { id, week, danger, from, about, files, marks, readers, begins } = self;
        vec![id, week, danger, from, about, files, marks, readers, begins]
    }
}

impl Said {
    fn of(content: &Content) -> Self {
        let triage = &content.account.triage;
        Self {
            risk: triage.risk.clone(),
            risk_flags: triage.risk_flags.clone(),
            // What the cover says, which is what counts: a first one can come from any form of a mailbox.
            kind: content.cover.cover().kind.word().to_owned(),
            lang: triage.lang.clone(),
            role: triage.role.clone(),
            boxes: triage.boxes.clone(),
            may_use: triage.may_use,
            has_identity: triage.has_identity,
            start: ForTerminal(&content.account.story).one_line(START),
        }
    }

    /// Danger, who it is from, what it is about, how it begins.
    fn words(&self, stands: &Stands) -> (String, String, String, String) {
        let mut danger = words::danger(&self.risk, &self.risk_flags);
        if stands.is_withdrawn() {
            danger = format!("WITHDRAWN, use it for nothing; {danger}");
        }
        let mut from = words::of(List::Role, &self.role);
        // a tag of the witness's page is at most 48 plain characters, or it is not shown
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if self.lang.len() <= 48 && self.lang.chars().all(plain) {
            from = format!("{from}, {}", self.lang);
        }
        if self.kind != "new" {
            from = format!("{from}, {}", self.kind);
        }
        from.push_str(&stands.in_a_word());
        if stands.keeps_only() {
            from.push_str(", KEEP ONLY");
        }
        let about = self.boxes.iter().map(words::ticked_short).collect::<Vec<_>>().join(", ");
        (danger, from, about, self.start.clone())
    }
}

const HEAD: [&str; 9] =
    ["id", "week", "danger", "from", "about", "files", "cases, tags", "read by", "begins"];
/// Characters of a story in a list.
const START: usize = 72;
/// Characters of one thing about a testimony in a list.
const BRIEF: usize = 160;
/// Cases and tags that are named one by one.
const MARKS: usize = 60;
/// Columns before what stands below an id.
const CARD: usize = 10;
/// Columns from which on a table reads better than one testimony below the other.
const WIDE: u16 = 130;
