//! `sandyk review case`: folders of reviewers.

use clap::Subcommand;
use rand::rngs::OsRng;
use serde::Serialize;

use crate::{
    casebook::{Case, Casebook, Op, TargetId},
    cli::{
        exit::{CliError, Exit},
        out::{Format, Out},
        review::{
            list,
            sitting::{name, short, write},
        },
        terminal::ForTerminal,
        words::{self, Told as _},
    },
    clock::Day,
    id::{CaseId, ReaderId},
    review::{Session, pick, sort_by_urgency},
};

#[derive(Subcommand)]
pub(super) enum CaseCommand {
    /// Open a case
    New {
        /// Its title, for reviewers' eyes only
        title: String,
    },
    /// List all cases
    List,
    /// Show a case and the testimonies in it
    Show {
        /// The case: the beginning of its id, or its title
        case: String,
    },
}

#[derive(Serialize)]
struct Row {
    id: CaseId,
    title: Option<String>,
    opened_by: Option<ReaderId>,
    day: Option<Day>,
    testimonies: usize,
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    row: Row,
    remarks: Vec<Words>,
    testimonies_in_it: Vec<list::Row>,
}

/// A remark as it is shown.
#[derive(Serialize)]
pub(super) struct Words {
    by: ReaderId,
    day: Day,
    text: String,
}

pub(super) fn run(
    command: CaseCommand,
    session: &mut Session,
    out: &mut Out,
) -> Result<Exit, CliError> {
    match command {
        CaseCommand::New { title } => new(&title, session, out),
        CaseCommand::List => list(session, out),
        CaseCommand::Show { case } => show(&case, session, out),
    }
}

fn new(title: &str, session: &mut Session, out: &mut Out) -> Result<Exit, CliError> {
    let case = CaseId::random(&mut OsRng);
    write(session, &[Op::OpenCase { case, title: title.to_owned() }])?;
    match out.format() {
        Format::Json => {
            let row = Row {
                id: case,
                title: Some(title.to_owned()),
                opened_by: Some(session.reader()),
                day: None,
                testimonies: 0,
            };
            out.json(&row)?;
        }
        Format::Table => out.line(case)?,
    }
    let title = ForTerminal(title).one_line(TITLE);
    out.tell(
        format!("Opened the case \"{title}\"."),
        &words::Words::of("case-opened").with("title", &title),
    );
    say_when_it_goes_out(out);
    let case = short(&case.to_string());
    out.tell(
        format!("Next: sandyk review tag ID --case {case}"),
        &words::Words::of("case-next").with("case", &case),
    );
    Ok(Exit::Done)
}

/// When the others see what was written.
pub(super) fn say_when_it_goes_out(out: &mut Out) {
    out.tell(
        "It goes out at the next `sandyk sync`; the others see it after theirs.",
        &words::Words::of("goes-out"),
    );
}

fn list(session: &Session, out: &mut Out) -> Result<Exit, CliError> {
    let cases = &session.book.casebook.cases;
    let rows: Vec<Row> = cases.iter().map(|(id, case)| Row::of(*id, case)).collect();
    match out.format() {
        Format::Json => out.json(&rows)?,
        Format::Table if rows.is_empty() => {
            out.tell(
                "There are no cases yet. Open one: sandyk review case new TITLE",
                &words::Words::of("cases-none"),
            );
        }
        Format::Table => {
            let cells = rows.iter().map(|row| {
                vec![
                    short(&row.id.to_string()),
                    row.title.clone().unwrap_or_else(|| UNPROVEN.to_owned()),
                    row.testimonies.to_string(),
                    row.opened_by.map(|by| name(session, by)).unwrap_or_default(),
                    row.day.map(|day| day.to_string()).unwrap_or_default(),
                ]
            });
            let cells: Vec<_> = cells.collect();
            out.table(&["id", "title", "testimonies", "opened by", "on, they say"], &cells)?;
        }
    }
    Ok(Exit::Done)
}

fn show(case: &str, session: &Session, out: &mut Out) -> Result<Exit, CliError> {
    let id = find(case, session)?;
    let casebook = &session.book.casebook;
    let unknown = Case::default();
    let case = casebook.cases.get(&id).unwrap_or(&unknown);
    let mut testimonies: Vec<_> =
        case.testimonies.keys().filter_map(|id| session.open_one(*id)).collect();
    sort_by_urgency(&mut testimonies);
    let target = TargetId::from_bytes(*id.as_bytes());
    if out.format() == Format::Json {
        let rows = testimonies.iter().map(|t| list::Row::of(t, session));
        let shown = Shown {
            row: Row::of(id, case),
            remarks: remarks(target, casebook),
            testimonies_in_it: rows.collect(),
        };
        out.json(&shown)?;
        return Ok(Exit::Done);
    }
    out.line(format!("Case {}", short(&id.to_string())))?;
    out.said("Title", &title(id, casebook))?;
    if let Some((_, mark)) = &case.opened {
        let by = name(session, mark.by);
        let said = if by == "you" { "you say" } else { "they say" };
        out.fact("Opened by", &format!("{by} on {}, {said}", mark.day))?;
    }
    out.fact("Testimonies", &case.testimonies.len().to_string())?;
    out.fact("Id", &id.to_string())?;
    say_remarks(target, session, out)?;
    out.line("")?;
    list::rows(&testimonies, session, out)?;
    if case.testimonies.is_empty() {
        let id = short(&id.to_string());
        out.tell(
            format!("Nothing is in it yet: sandyk review tag ID --case {id}"),
            &words::Words::of("case-empty").with("case", &id),
        );
    }
    let missing = case.testimonies.len().saturating_sub(testimonies.len());
    if missing > 0 {
        out.tell(
            format!(
                "{missing} testimonies of this case are not in this workspace yet: sandyk sync"
            ),
            &words::Words::of("case-missing").count("count", missing),
        );
    }
    Ok(Exit::Done)
}

/// The case that is named by the beginning of its id, or by its whole title.
pub(super) fn find(named: &str, session: &Session) -> Result<CaseId, CliError> {
    let cases = &session.book.casebook.cases;
    let titled = |case: &Case| case.opened.as_ref().is_some_and(|(title, _)| title == named);
    let mut by_title = cases.iter().filter(|(_, case)| titled(case)).map(|(id, _)| *id);
    match (by_title.next(), by_title.next()) {
        (Some(id), None) => Ok(id),
        (Some(_), Some(_)) => Err(CliError::failed(format!("several cases are called {named:?}"))
            .advice("name it by the beginning of its id: sandyk review case list")
            .words(words::Words::of("case-several").with("given", named))),
        (None, _) => pick(named, cases.keys().copied()).map_err(|e| {
            CliError::failed(&e).advice("see sandyk review case list").words(e.words())
        }),
    }
}

/// The title of a case on the screen.
pub(super) fn title(case: CaseId, casebook: &Casebook) -> String {
    let opened = casebook.cases.get(&case).and_then(|case| case.opened.as_ref());
    opened.map_or_else(|| UNPROVEN.to_owned(), |(title, _)| title.clone())
}

/// The remarks on something.
pub(super) fn remarks(target: TargetId, casebook: &Casebook) -> Vec<Words> {
    let remarks = casebook.remarks.get(&target).into_iter().flatten();
    remarks.map(|r| Words { by: r.mark.by, day: r.mark.day, text: r.text.clone() }).collect()
}

/// Writes the remarks on something, set apart by a bar.
pub(super) fn say_remarks(
    target: TargetId,
    session: &Session,
    out: &mut Out,
) -> Result<(), CliError> {
    for words in remarks(target, &session.book.casebook) {
        let by = name(session, words.by);
        let said = if by == "you" { "you say" } else { "they say" };
        out.item(2, &format!("Remark of {by} on {}, {said}:", words.day))?;
        out.quoted(2, &words.text)?;
    }
    Ok(())
}

impl Row {
    fn of(id: CaseId, case: &Case) -> Self {
        let (title, mark) = case.opened.clone().unzip();
        let (opened_by, day) = mark.map(|mark| (mark.by, mark.day)).unzip();
        Self { id, title, opened_by, day, testimonies: case.testimonies.len() }
    }
}

/// Characters of a title when it is repeated.
const TITLE: usize = 120;
const UNPROVEN: &str = "(its opening is not proven)";
