//! `sandyk review show` and `read`: one testimony on the screen.

use clap::Args;
use serde::Serialize;

use crate::{
    casebook::{Op, TargetId},
    cli::{
        exit::{CliError, Exit},
        out::{Format, Out},
        review::{
            account, answers, cases, files, forget,
            list::{self, Row, TO_BE_SEALED},
            reply,
            sitting::{name, short, write},
            standing, words,
        },
        words::{Told as _, Words},
    },
    digest::Digest,
    id::TestimonyId,
    review::{Content, Opened, Session, Unproven, pick, sort_by_urgency},
    sealed::Cover,
    testimony::{Account, Identity, List},
};

#[derive(Args)]
pub(super) struct ShowArgs {
    /// The testimony: the beginning of its id
    id: String,
    /// Show names and contact too; guardians only
    #[arg(long)]
    names: bool,
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    row: Row,
    remarks: Vec<cases::Words>,
    thread: Vec<standing::Later>,
    replies: Vec<reply::Sent>,
    leaf: Digest,
    cover: &'a Cover,
    account: &'a Account,
    #[serde(skip_serializing_if = "Option::is_none")]
    names: Option<Identity>,
}

pub(super) fn show(
    args: &ShowArgs,
    session: &mut Session,
    out: &mut Out,
) -> Result<Exit, CliError> {
    let id = find(&args.id, session)?;
    let opened = session.open_one(id).ok_or_else(not_in_the_feed)?;
    let content = opened.content.as_ref().map_err(not_proven)?;
    let names = if args.names { Some(names(id, content, session)?) } else { None };
    note_opened(id, session, out);
    present(&opened, names, session, out)
}

pub(super) fn next(session: &mut Session, out: &mut Out) -> Result<Exit, CliError> {
    let me = session.reader();
    let mut waiting = session.open_all();
    let casebook = &session.book.casebook;
    let read = |id| casebook.opened.get(&id).is_some_and(|by| by.contains_key(&me));
    let locked = waiting.iter().filter(|t| list::is_locked(t)).count();
    waiting.retain(|t| t.content.is_ok() && !read(t.id));
    sort_by_urgency(&mut waiting);
    let Some(first) = waiting.first() else {
        list::say_locked(locked, out);
        out.tell(
            "You have read everything that can be opened here.\n   next: `sandyk sync` fetches what is \
             new; `sandyk review list` shows all",
            &Words::of("read-all"),
        );
        return Ok(Exit::NothingToDo);
    };
    note_opened(first.id, session, out);
    let exit = present(first, None, session, out)?;
    out.say("");
    match waiting.len().saturating_sub(1) {
        0 => out.tell("That was the last one you had not read.", &Words::of("read-last")),
        more => out.tell(
            format!("{more} more to read: sandyk review read"),
            &Words::of("read-more").count("count", more),
        ),
    }
    Ok(exit)
}

/// The testimony that is named by the beginning of its id.
pub(super) fn find(prefix: &str, session: &Session) -> Result<TestimonyId, CliError> {
    pick(prefix, session.ids()).map_err(|e| {
        if let Some(gone) = forget::find(prefix, session) {
            return CliError::refused(gone)
                .kept("the order, with its signatures, and the leaf in the feed tree")
                .advice("nothing brings it back; what you copied out before is yours to destroy")
                .words(Words::of("forgotten-here").with("given", prefix));
        }
        CliError::failed(&e)
            .kept("nothing was changed")
            .advice("`sandyk review list` shows the beginnings of the ids")
            .words(e.words())
    })
}

/// A testimony of which only files lie here.
pub(super) fn not_in_the_feed() -> CliError {
    CliError::failed("it is not in the feed")
        .kept("nothing was changed")
        .advice("run sandyk sync, then look at the list again")
        .words(Words::of("not-in-the-feed"))
}

/// A testimony that cannot be shown.
pub(super) fn not_proven(why: &Unproven) -> CliError {
    if matches!(why, Unproven::NotSealedToYou) {
        return CliError::refused(why.to_string())
            .kept("it stays in the workspace as it is")
            .advice(TO_BE_SEALED)
            .words(why.words());
    }
    let refused = CliError::refused(format!("this testimony is not proven: {why}"))
        .kept("nothing of it was shown; it stays in the workspace as it is");
    refused
        .advice(if matches!(why, Unproven::Missing(_)) {
            "run sandyk sync; if it stays so, ask a colleague"
        } else {
            "tell your colleagues: the server or the disk changed something"
        })
        .words(Words::of("not-proven").why(why.words()))
}

fn names(id: TestimonyId, content: &Content, session: &Session) -> Result<Identity, CliError> {
    session.identity(id, content).map_err(|why| {
        if !matches!(why, Unproven::NotAGuardian) {
            return not_proven(&why);
        }
        CliError::refused("only guardians open names")
            .kept("nothing was shown")
            .advice("leave --names out, or ask a guardian")
            .words(Words::of("names-guardians-only"))
    })
}

/// Writes down that this reader has now seen it; a full disk must not keep them from reading.
fn note_opened(testimony: TestimonyId, session: &mut Session, out: &mut Out) {
    let opened = session.book.casebook.opened.get(&testimony);
    if opened.is_some_and(|by| by.contains_key(&session.reader())) {
        return;
    }
    if let Err(error) = write(session, &[Op::Opened { testimony }]) {
        out.warn("that you read this could not be written down", &Words::of("read-not-noted"));
        out.error(&error);
    }
}

fn present(
    opened: &Opened,
    names: Option<Identity>,
    session: &Session,
    out: &mut Out,
) -> Result<Exit, CliError> {
    let content = opened.content.as_ref().map_err(not_proven)?;
    let row = Row::of(opened, session);
    if out.format() == Format::Json {
        let target = TargetId::from_bytes(*opened.id.as_bytes());
        let remarks = cases::remarks(target, &session.book.casebook);
        let (cover, account) = (content.cover.cover(), &content.account);
        let (thread, replies) =
            (standing::later(opened.id, session), reply::sent(opened.id, session));
        let leaf = opened.leaf;
        out.json(&Shown { row, remarks, thread, replies, leaf, cover, account, names })?;
        return Ok(Exit::Done);
    }
    headline(opened, content, out)?;
    standing::banner(opened.id, session, out)?;
    account::first(&content.account, out)?;
    standing::agreed(opened.id, session, out)?;
    account::story(&content.account, out)?;
    answers::write(&content.account, out)?;
    files::write(opened, content, session, out)?;
    match &names {
        Some(names) => account::names(names, out)?,
        None if content.account.triage.has_identity => {
            out.heading("Names")?;
            out.item(2, "a name or a way of contact is given; guardians open it with --names")?;
        }
        None => {}
    }
    standing::thread(opened, session, out)?;
    reply::write(opened.id, session, out)?;
    casework(opened, &row, session, out)?;
    end(opened, content, out)?;
    Ok(Exit::Done)
}

fn headline(opened: &Opened, content: &Content, out: &mut Out) -> Result<(), CliError> {
    let triage = &content.account.triage;
    let urgent = match triage.risk.as_str() {
        "now" => "  ** URGENT **",
        "soon" => "  ** SOON **",
        _ => "",
    };
    out.line(format!("Testimony {}{urgent}", short(&opened.id.to_string())))?;
    let week = opened.week.map_or_else(String::new, |week| format!(", came in week {week}"));
    out.fact("What it is", &format!("{}{week}", words::kind(content.cover.cover().kind)))?;
    out.fact("From", &words::of(List::Role, &triage.role))?;
    out.fact("Language", words::language(&triage.lang))
}

/// What the reviewers put on it, and who has read it.
fn casework(opened: &Opened, row: &Row, session: &Session, out: &mut Out) -> Result<(), CliError> {
    out.heading("Among the reviewers")?;
    let marks = row.marks(session);
    if !marks.is_empty() {
        out.said("Cases and tags", &marks)?;
    }
    cases::say_remarks(TargetId::from_bytes(*opened.id.as_bytes()), session, out)?;
    let earlier = session.book.casebook.opened.get(&opened.id).into_iter().flatten();
    let mut readers: Vec<String> = earlier
        .filter(|(by, _)| **by != session.reader())
        .map(|(by, mark)| format!("{} on {}, they say", name(session, *by), mark.day))
        .collect();
    readers.push("you".to_owned());
    out.fact("Read by", &readers.join("; "))
}

/// Ids and digests, for whoever compares them.
fn end(opened: &Opened, content: &Content, out: &mut Out) -> Result<(), CliError> {
    out.heading("For the record")?;
    out.fact("Id", &opened.id.to_string())?;
    if let Some(earlier) = content.cover.cover().continues {
        out.fact("Continues", &earlier.to_string())?;
    }
    out.fact("Place in feed", &opened.cursor.to_string())?;
    out.fact("Leaf", &opened.leaf.to_string())?;
    out.fact("Sealed", words::channel(content.account.triage.channel))?;
    out.fact("Page of consent", "sha-256 of the form as the witness saw it:")?;
    out.item(2, &content.account.consent.text.to_string())
}
