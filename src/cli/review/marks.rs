//! `sandyk review tag`, `untag`, `remark`: what reviewers put on things.

use clap::Args;

use crate::{
    casebook::{Op, Tag, TargetId},
    cli::{
        exit::{CliError, Exit},
        out::{Format, Out},
        review::{
            cases, read,
            sitting::{short, write},
        },
        terminal::ForTerminal,
        words::{Told as _, Words},
    },
    id::{CaseId, TestimonyId},
    review::{Session, pick},
    testimony::{List, Taxonomy},
};

#[derive(Args)]
#[command(group(clap::ArgGroup::new("what").required(true).multiple(true)))]
pub(super) struct TagArgs {
    /// Testimonies: the beginnings of their ids
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
    /// Put them into this case
    #[arg(long, value_name = "CASE", group = "what")]
    case: Option<String>,
    /// Why they belong to the case
    #[arg(long, value_name = "TEXT", requires = "case")]
    why: Option<String>,
    /// Put these tags on them
    #[arg(long, value_name = "CODE", num_args = 1.., group = "what")]
    add: Vec<String>,
}

#[derive(Args)]
#[command(group(clap::ArgGroup::new("what").required(true).multiple(true)))]
pub(super) struct UntagArgs {
    /// Testimonies: the beginnings of their ids
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
    /// Take them out of this case
    #[arg(long, value_name = "CASE", group = "what")]
    case: Option<String>,
    /// Why they do not belong to the case
    #[arg(long, value_name = "TEXT", requires = "case", default_value = "")]
    why: String,
    /// Take these tags off them
    #[arg(long, value_name = "CODE", num_args = 1.., group = "what")]
    remove: Vec<String>,
}

#[derive(Args)]
pub(super) struct RemarkArgs {
    /// A testimony or a case: the beginning of its id
    id: String,
    /// The words, for reviewers' eyes only
    text: String,
}

pub(super) fn tag(args: &TagArgs, session: &mut Session, out: &mut Out) -> Result<Exit, CliError> {
    let (ids, codes) = (testimonies(&args.ids, session)?, codes(&args.add)?);
    let case = args.case.as_deref().map(|case| cases::find(case, session)).transpose()?;
    warn_of_strange(&codes, out);
    let mut acts = Vec::new();
    for testimony in ids {
        if let Some(case) = case.filter(|case| !is_in(testimony, *case, session)) {
            acts.push(Op::LinkTestimony { case, testimony, note: args.why.clone() });
        }
        let target = TargetId::from_bytes(*testimony.as_bytes());
        let new = codes.iter().filter(|code| !has(target, code, session));
        acts.extend(new.map(|code| Op::Tag { target, code: code.clone(), remove: false }));
    }
    finish(&acts, session, out)
}

pub(super) fn untag(
    args: &UntagArgs,
    session: &mut Session,
    out: &mut Out,
) -> Result<Exit, CliError> {
    let (ids, codes) = (testimonies(&args.ids, session)?, codes(&args.remove)?);
    let case = args.case.as_deref().map(|case| cases::find(case, session)).transpose()?;
    let mut acts = Vec::new();
    for testimony in ids {
        if let Some(case) = case.filter(|case| is_in(testimony, *case, session)) {
            acts.push(Op::UnlinkTestimony { case, testimony, why: args.why.clone() });
        }
        let target = TargetId::from_bytes(*testimony.as_bytes());
        let there = codes.iter().filter(|code| has(target, code, session));
        acts.extend(there.map(|code| Op::Tag { target, code: code.clone(), remove: true }));
    }
    finish(&acts, session, out)
}

pub(super) fn remark(
    args: RemarkArgs,
    session: &mut Session,
    out: &mut Out,
) -> Result<Exit, CliError> {
    let RemarkArgs { id, text } = args;
    let testimonies = session.ids().map(|id| TargetId::from_bytes(*id.as_bytes()));
    let cases = session.book.casebook.cases.keys().map(|id| TargetId::from_bytes(*id.as_bytes()));
    let target = pick(&id, testimonies.chain(cases)).map_err(|e| {
        CliError::failed(&e)
            .kept("nothing was written")
            .advice("see `sandyk review list` and `sandyk review case list`")
            .words(e.words())
    })?;
    if text.trim().is_empty() {
        return Err(CliError::usage("the remark is empty")
            .kept("nothing was written")
            .words(Words::of("remark-empty")));
    }
    finish(&[Op::Remark { target, text }], session, out)
}

fn finish(acts: &[Op], session: &mut Session, out: &mut Out) -> Result<Exit, CliError> {
    let n = acts.len();
    if n > 0 {
        write(session, acts)?;
    }
    if out.format() == Format::Json {
        out.json(&serde_json::json!({ "written": n }))?;
    } else if n == 0 {
        out.tell("There is nothing to do: it is so already.", &Words::of("marks-nothing"));
    } else {
        for act in acts {
            let (english, words) = done(act, session);
            out.tell(english, &words);
        }
        cases::say_when_it_goes_out(out);
    }
    Ok(if n == 0 { Exit::NothingToDo } else { Exit::Done })
}

/// What was done, in a sentence: in English, and its words.
fn done(act: &Op, session: &Session) -> (String, Words) {
    let title = |case| {
        let title = cases::title(case, &session.book.casebook);
        ForTerminal(&title).one_line(TITLE)
    };
    let id = |target: TargetId| short(&target.to_string());
    match act {
        Op::LinkTestimony { case, testimony, .. } => {
            let (id, title) = (short(&testimony.to_string()), title(*case));
            let words = Words::of("mark-linked").with("id", &id).with("title", &title);
            (format!("Put {id} into the case \"{title}\"."), words)
        }
        Op::UnlinkTestimony { case, testimony, .. } => {
            let (id, title) = (short(&testimony.to_string()), title(*case));
            let words = Words::of("mark-unlinked").with("id", &id).with("title", &title);
            (format!("Took {id} out of the case \"{title}\"."), words)
        }
        Op::Tag { target, code, remove: false } => {
            let (id, code) = (id(*target), code.as_str());
            let words = Words::of("mark-tagged").with("id", &id).with("code", code);
            (format!("Tagged {id} with {code}."), words)
        }
        Op::Tag { target, code, remove: true } => {
            let (id, code) = (id(*target), code.as_str());
            let words = Words::of("mark-untagged").with("id", &id).with("code", code);
            (format!("Took the tag {code} off {id}."), words)
        }
        Op::Remark { target, .. } => {
            let id = id(*target);
            (format!("Put your remark on {id}."), Words::of("mark-remark").with("id", &id))
        }
        Op::OpenCase { title, .. } => {
            let title = ForTerminal(title).one_line(TITLE);
            (
                format!("Opened the case \"{title}\"."),
                Words::of("case-opened").with("title", &title),
            )
        }
        Op::Opened { testimony } => {
            let id = short(&testimony.to_string());
            (format!("Wrote down that you read {id}."), Words::of("mark-read").with("id", &id))
        }
        Op::Checkpoint { size, .. } => {
            let words = Words::of("mark-feed").count("count", *size);
            (format!("Wrote down that your feed has {size} events."), words)
        }
        Op::Reply { testimony, .. } | Op::ReplyAgain { testimony, .. } => {
            let id = short(&testimony.to_string());
            (format!("Released a reply to {id}."), Words::of("mark-reply").with("id", &id))
        }
    }
}

fn testimonies(named: &[String], session: &Session) -> Result<Vec<TestimonyId>, CliError> {
    named.iter().map(|prefix| read::find(prefix, session)).collect()
}

fn codes(given: &[String]) -> Result<Vec<Tag>, CliError> {
    let parse = |text: &String| {
        Tag::parse(text).map_err(|e| {
            CliError::usage(format!("{text:?}: {e}"))
                .kept("nothing was written")
                .advice("a tag is small letters, figures and hyphens, such as forced-confession")
                .words(Words::of("tag-refused").with("given", text).why(e.words()))
        })
    };
    given.iter().map(parse).collect()
}

fn is_in(testimony: TestimonyId, case: CaseId, session: &Session) -> bool {
    session.book.casebook.cases_of(testimony).any(|(id, _)| id == case)
}

fn has(target: TargetId, code: &Tag, session: &Session) -> bool {
    session.book.casebook.tags.get(&target).is_some_and(|tags| tags.contains_key(code))
}

fn warn_of_strange(codes: &[Tag], out: &mut Out) {
    let taxonomy = Taxonomy::embedded();
    let known = |code: &Tag| LISTS.iter().any(|l| taxonomy.find(*l, code.as_str()).is_some());
    for code in codes.iter().filter(|code| !known(code)) {
        let code = code.as_str();
        out.warn(
            format!(
                "{code} is in no list of this version's taxonomy; the tag is put on all the same"
            ),
            &Words::of("tag-unknown").with("code", code),
        );
    }
}

/// Characters of a title when it is repeated.
const TITLE: usize = 120;
/// The lists whose codes make tags.
const LISTS: [List; 14] = [
    List::Harm,
    List::Method,
    List::PerpetratorType,
    List::Motive,
    List::PlaceType,
    List::Place,
    List::Institution,
    List::EvidenceKind,
    List::ThreatKind,
    List::RiskFlag,
    List::Legal,
    List::Need,
    List::Reliability,
    List::ViolationStatus,
];
