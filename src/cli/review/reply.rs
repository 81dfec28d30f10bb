//! `sandyk review reply`: an answer to a witness, written here, shown, signed, released.
//!
//! Promises: 1. the words come from the terminal or from a named file, never from the command line;
//! typed ones lie nowhere in the clear; 2. what will be sent is shown before it is signed; 3. nothing
//! is released without `--send` or a typed yes.

use std::{
    io::{self, IsTerminal as _, Read as _},
    path::{Path, PathBuf},
};

use clap::Args;
use rand::rngs::OsRng;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{
    cli::{
        exit::{CliError, Exit},
        others::warn_if_open,
        out::{Format, Out},
        review::{
            read,
            sitting::{name, short},
        },
        words::{Told as _, Words},
    },
    clock::{Clock as _, Day, SystemClock},
    digest::Digest,
    files,
    id::{ReaderId, ReplyId, TestimonyId},
    reply::{MAX_TEXT, Reply, SignedReply},
    review::{Addressed, Place, ReplyActError, Session, pick},
    secret::SecretText,
};

#[derive(Args)]
pub(super) struct ReplyArgs {
    /// The testimony: the beginning of its id
    id: String,
    /// Take the words from this file; without it they are typed here, or taken from your draft
    #[arg(long, value_name = "FILE")]
    message_file: Option<PathBuf>,
    /// Only keep it as your draft, which nobody else can read
    #[arg(long, conflicts_with_all = ["send", "again"])]
    draft: bool,
    /// Release it: sign it, tell the colleagues, put it into the outbox
    #[arg(long, conflicts_with = "again")]
    send: bool,
    /// Release this reply again, whoever wrote it: the beginning of its id, as `show` has it
    #[arg(long, value_name = "REPLY", conflicts_with = "message_file")]
    again: Option<String>,
}

/// A reply as JSON.
#[derive(Serialize)]
pub(super) struct Sent {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<ReplyId>,
    testimony: TestimonyId,
    by: ReaderId,
    number: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    day: Option<Day>,
    recipient: Digest,
    text: String,
    state: &'static str,
    /// Why its witness would be told that it is forged.
    #[serde(skip_serializing_if = "Option::is_none")]
    forged: Option<String>,
    /// Who released it again.
    again: Vec<ReaderId>,
}

impl Sent {
    fn of(reply: &Reply, state: &'static str) -> Self {
        let Reply { recipient, testimony, by, number, text, .. } = reply.clone();
        let (id, day, forged, again) = (None, None, None, Vec::new());
        Self { id, testimony, by, number, day, recipient, text, state, forged, again }
    }
}

pub(super) fn run(
    args: &ReplyArgs,
    session: &mut Session,
    out: &mut Out,
) -> Result<Exit, CliError> {
    let id = read::find(&args.id, session)?;
    warn_of_strangers(id, session, out);
    if let Some(again) = &args.again {
        return release_again(id, again, session, out);
    }
    let words = words(id, args, session, out)?;
    let addressed = session.address(id, words.expose()).map_err(|e| explain(&e))?;
    let wanted = if args.draft { false } else { args.send || may_be_asked(out) };
    show(&addressed, out)?;
    if !wanted || !(args.send || says_yes(out)?) {
        session.keep_draft(id, words.expose()).map_err(|e| explain(&e))?;
        if out.format() == Format::Json {
            out.json(&Sent::of(&addressed.reply, "draft"))?;
        }
        let id = short(&id.to_string());
        out.tell(
            format!(
                "Not sent. It is kept as your draft, sealed to you alone.\n   next: sandyk review \
                 reply {id} --send"
            ),
            &Words::of("reply-drafted").with("id", &id),
        );
        return Ok(Exit::Done);
    }
    let signed = session
        .release(addressed, SystemClock.today(), &mut OsRng)
        .map_err(|error| explain(&error))?;
    if let Some(file) = &args.message_file {
        let file = file.display();
        out.warn(
            format!("{file} still holds the words in the clear: delete it"),
            &Words::of("reply-in-the-clear").with("file", file),
        );
    }
    tell(&signed, out)
}

fn release_again(
    id: TestimonyId,
    named: &str,
    session: &mut Session,
    out: &mut Out,
) -> Result<Exit, CliError> {
    let first = session.threads().first_of(id);
    let all: Vec<ReplyId> = session.replies(first).iter().map(|(w, _)| w.signed.id()).collect();
    let reply = pick(named, all).map_err(|e| {
        CliError::failed(&e)
            .kept("nothing was released")
            .advice("`sandyk review show ID` shows the replies and the beginnings of their ids")
            .words(e.words())
    })?;
    let today = SystemClock.today();
    let signed = session.release_again((first, reply), today, &mut OsRng);
    tell(&signed.map_err(|error| explain(&error))?, out)
}

fn tell(signed: &SignedReply, out: &mut Out) -> Result<Exit, CliError> {
    if out.format() == Format::Json {
        let id = Some(signed.id());
        out.json(&Sent { id, ..Sent::of(signed.reply(), "released") })?;
    }
    out.tell(
        "Released. It goes out with a `sandyk sync`; your colleagues see it after theirs.",
        &Words::of("reply-released"),
    );
    out.tell("Nobody learns whether and when the witness reads it.", &Words::of("reply-unseen"));
    Ok(Exit::Done)
}

/// The words: from the file, else typed here, else those of the draft.
fn words(
    id: TestimonyId,
    args: &ReplyArgs,
    session: &Session,
    out: &mut Out,
) -> Result<SecretText, CliError> {
    if let Some(file) = &args.message_file {
        return from_file(file, out);
    }
    if let Some(draft) = session.draft(id).map_err(|e| explain(&e))? {
        out.tell(
            "These are the words of your draft; --message-file puts others in their place.",
            &Words::of("reply-from-draft"),
        );
        return Ok(draft);
    }
    if !io::stdin().is_terminal() {
        return Err(CliError::usage("there are no words to send, and no terminal to type them at")
            .kept("nothing was written")
            .advice("run it in a terminal, or name a file: --message-file FILE")
            .words(Words::of("reply-no-terminal")));
    }
    out.tell("Type your answer. A line with nothing but a dot ends it.", &Words::of("reply-type"));
    typed()
}

fn from_file(file: &Path, out: &mut Out) -> Result<SecretText, CliError> {
    let limit = u64::try_from(MAX_TEXT).unwrap_or(u64::MAX).saturating_mul(2);
    let text = files::load_text(file, limit).map_err(|error| {
        CliError::failed(format!("{}: {error}", file.display()))
            .kept("nothing was written")
            .advice("name a text file of at most 12 KiB that you may read")
            .words(Words::of("reply-file").with("file", file.display()).why(error.words()))
    })?;
    warn_if_open(file, out);
    Ok(SecretText::new(text))
}

/// Lines from the terminal up to one with a dot alone, or to the end.
fn typed() -> Result<SecretText, CliError> {
    let mut text = Zeroizing::new(String::with_capacity(MAX_TEXT.saturating_mul(4)));
    loop {
        let line = line()?;
        if line.is_empty() || line.trim_end_matches(['\r', '\n']) == "." {
            return Ok(SecretText::new(text.to_string()));
        }
        text.push_str(&line);
        if text.len() > MAX_TEXT {
            // Too long already: whoever checks it says so.
            return Ok(SecretText::new(text.to_string()));
        }
    }
}

/// One line of the terminal, at most as long as a reply; empty at the end.
fn line() -> Result<Zeroizing<String>, CliError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_TEXT));
    for byte in io::stdin().lock().bytes() {
        let byte = byte.map_err(|error| {
            CliError::failed(format!("what was typed cannot be read: {error}"))
                .kept("nothing was written")
                .words(Words::of("reply-not-typed").why(error.words()))
        })?;
        bytes.push(byte);
        if byte == b'\n' || bytes.len() > MAX_TEXT {
            break;
        }
    }
    Ok(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Whether somebody sits there who can say yes.
fn may_be_asked(out: &Out) -> bool {
    out.format() == Format::Table && io::stdin().is_terminal()
}

fn says_yes(out: &mut Out) -> Result<bool, CliError> {
    out.tell(
        "Send it like this? Type yes to send it; anything else keeps it as your draft.",
        &Words::of("reply-send-it"),
    );
    Ok(line()?.trim() == "yes")
}

/// Shows what will be signed.
fn show(addressed: &Addressed, out: &mut Out) -> Result<(), CliError> {
    if out.format() == Format::Json {
        return Ok(());
    }
    let Reply { recipient, testimony, number, text, .. } = &addressed.reply;
    out.line(format!("Answer to the witness of {}", short(&testimony.to_string())))?;
    out.fact("To", &format!("the mailbox of the receipt; recipient sha-256 {recipient}"))?;
    out.fact("Number", &format!("{number} of yours to this witness"))?;
    out.quoted(2, text)
}

/// Words that continue somebody's account without proof may come from whoever wants to know more.
fn warn_of_strangers(id: TestimonyId, session: &Session, out: &mut Out) {
    if let Place::NotProven { named, .. } = session.threads().place(id) {
        let (id, named) = (short(&id.to_string()), short(&named.to_string()));
        out.warn(
            format!(
                "{id} is not proven to be from the witness of {named}: this answer goes to whoever \
                 wrote {id}\n   next: tell nothing in it that only the witness of {named} may know"
            ),
            &Words::of("warn-reply-stranger").with("given", id).with("id", named),
        );
    }
}

/// The replies to the thread of a testimony, for JSON.
pub(super) fn sent(id: TestimonyId, session: &Session) -> Vec<Sent> {
    let replies = session.replies(id).into_iter().map(|(written, counts)| Sent {
        id: Some(written.signed.id()),
        day: Some(written.mark.day),
        forged: counts.err().map(|why| why.to_string()),
        again: written.again.iter().map(|mark| mark.by).collect(),
        ..Sent::of(written.signed.reply(), "released")
    });
    replies.collect()
}

/// Writes who answered what, under a heading; one's own draft too.
pub(super) fn write(id: TestimonyId, session: &Session, out: &mut Out) -> Result<(), CliError> {
    let (replies, draft) = (sent(id, session), session.draft(id).ok().flatten());
    if replies.is_empty() && draft.is_none() {
        return Ok(());
    }
    out.heading("Answers to the witness")?;
    for Sent { id, by, number, day, text, forged, again, .. } in replies {
        let (by, id) =
            (name(session, by), id.map_or_else(String::new, |id| short(&id.to_string())));
        let day = day.map_or_else(String::new, |day| format!(" on {day}, they say"));
        out.item(2, &format!("{id}  no. {number} of {by}{day}:"))?;
        if let Some(why) = forged {
            out.item(2, &format!("NOT PROVEN, the witness is told that it is forged: {why}"))?;
        }
        out.quoted(2, &text)?;
        for by in again {
            out.item(2, &format!("released again by {}", name(session, by)))?;
        }
    }
    let Some(draft) = draft else { return Ok(()) };
    out.item(2, "Your draft, which nobody else can read:")?;
    out.quoted(2, draft.expose().trim_end())
}

fn explain(error: &ReplyActError) -> CliError {
    let kept = "nothing was signed or released";
    let said = match error {
        ReplyActError::Unproven(why) => return read::not_proven(why),
        ReplyActError::NotHere => return read::not_in_the_feed(),
        ReplyActError::Words(_) => CliError::failed(error)
            .kept(kept)
            .advice("write between 1 byte and 12 KiB of plain text; letters of Cyrillic are two"),
        ReplyActError::NoSuchReply => {
            CliError::failed(error).kept(kept).advice("`sandyk review show ID` shows the replies")
        }
        ReplyActError::Forged(_) => CliError::refused(error)
            .kept(kept)
            .advice("tell your colleagues; write the answer anew"),
        ReplyActError::Write(_) => CliError::failed(error)
            .kept("nothing was released; what was written before stands")
            .advice("sync, then try again; reading goes on"),
        ReplyActError::NotReleased(_) => CliError::failed(error)
            .kept("your colleagues will see it; its number is taken")
            .advice("free the disk, then: sandyk review reply ID --again REPLY"),
        ReplyActError::Draft => CliError::failed(error)
            .kept(kept)
            .advice("delete it from the folder drafts of the workspace, and write it anew"),
        ReplyActError::Seal(_) => CliError::failed(error).kept(kept),
        ReplyActError::Io(_) => {
            CliError::failed(error).kept(kept).advice("free the disk or mend the folder, try again")
        }
    };
    said.words(error.words())
}
