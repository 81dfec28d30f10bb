//! `sandyk admin add`, `retire`, `roots`, `rotate` and `renew`: what the next keyring will say.

use std::path::PathBuf;

use clap::Args;

use crate::{
    admin::{self, AdminError, Ceremony, Draft, Entrant, KeyringView, Member, RootChange, Term},
    cli::{
        admin::{SIGN_NEXT, open, refused, show},
        exit::{CliError, Exit},
        out::Out,
        words::Words,
    },
    clock::Day,
    keyring::DEFAULT_DAYS,
};

#[derive(Debug, Args)]
pub(super) struct AddArgs {
    /// The ceremony's folder
    #[arg(long, value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// reader.pub and device.pub files, and vouches for new readers, in any order
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    term: TermArgs,
}

#[derive(Debug, Args)]
pub(super) struct RetireArgs {
    /// The ceremony's folder
    #[arg(long, value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// Ids of readers, who go with their machines, or of single machines; a beginning is enough
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
    #[command(flatten)]
    term: TermArgs,
}

#[derive(Debug, Args)]
pub(super) struct RootsArgs {
    /// The ceremony's folder
    #[arg(long, value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// The public half of a root key that comes in, root-4.pub or one like it
    #[arg(long, value_name = "FILE")]
    add: Vec<PathBuf>,
    /// The name of a root that goes
    #[arg(long, value_name = "NAME")]
    remove: Vec<String>,
    /// How many of the roots must sign from then on
    #[arg(long, value_name = "K")]
    threshold: Option<usize>,
    #[command(flatten)]
    term: TermArgs,
}

#[derive(Debug, Args)]
pub(super) struct RotateArgs {
    /// The ceremony's folder
    #[arg(long, value_name = "DIR")]
    pub(super) folder: PathBuf,
    #[command(flatten)]
    term: TermArgs,
}

#[derive(Debug, Args)]
pub(super) struct RenewArgs {
    /// The ceremony's folder
    #[arg(long, value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// To be kept, not published: for when nobody can hold a ceremony; once or twice
    #[arg(long)]
    ahead: bool,
    #[command(flatten)]
    term: TermArgs,
}

#[derive(Debug, Args)]
pub(super) struct TermArgs {
    /// For how many days from today a new draft is good, at most 400
    #[arg(long, default_value_t = DEFAULT_DAYS)]
    days: i64,
}

impl TermArgs {
    fn from(&self, today: Day) -> Term {
        Term { today, not_after: today.plus_days(self.days) }
    }
}

pub(super) fn add(args: &AddArgs, today: Day, out: &mut Out) -> Result<Exit, CliError> {
    let ceremony = open(&args.folder)?;
    let entrants = args.files.iter().map(|file| Entrant::load(file));
    let entrants = entrants.collect::<Result<Vec<_>, _>>().or_else(refused)?;
    let added = admin::add(&ceremony, entrants, args.term.from(today)).or_else(refused)?;
    show::write_members("added/1", &added, out)?;
    out.tell(
        "Taken into the draft; signatures made before, if any, no longer count.",
        &Words::of("added"),
    );
    say_draft(&ceremony, today, out)?;
    out.steps(&[
        (
            "Compare each fingerprint with its owner, in person or by voice.",
            Words::of("added-compare"),
        ),
        (SIGN_NEXT, Words::of("sign-next")),
    ]);
    Ok(Exit::Done)
}

pub(super) fn retire(args: &RetireArgs, today: Day, out: &mut Out) -> Result<Exit, CliError> {
    let ceremony = open(&args.folder)?;
    let gone = admin::retire(&ceremony, &args.ids, args.term.from(today)).or_else(refused)?;
    show::write_members("retired/1", &gone, out)?;
    out.tell(
        "Left out of the draft; signatures made before, if any, no longer count.",
        &Words::of("retired"),
    );
    say_draft(&ceremony, today, out)?;
    out.steps(&[
        (
            "Until it is published nothing changes; `sandyk admin suspend` closes the desk to a machine at once.",
            Words::of("retired-until"),
        ),
        (
            "What a reader has fetched already cannot be taken back.",
            Words::of("retired-copied"),
        ),
        (SIGN_NEXT, Words::of("sign-next")),
    ]);
    Ok(Exit::Done)
}

pub(super) fn roots(args: &RootsArgs, today: Day, out: &mut Out) -> Result<Exit, CliError> {
    let RootsArgs { folder, add, remove, threshold, term } = args;
    if add.is_empty() && remove.is_empty() && threshold.is_none() {
        return Err(CliError::usage("name what changes: --add, --remove or --threshold")
            .kept("nothing was changed")
            .words(Words::of("roots-name-a-change")));
    }
    let ceremony = open(folder)?;
    let add = add.iter().map(|file| admin::read_root_pub(file));
    let add = add.collect::<Result<Vec<_>, _>>().or_else(refused)?;
    let change = RootChange { add, drop: remove.clone(), threshold: *threshold };
    let draft = admin::change_roots(&ceremony, change, term.from(today)).or_else(refused)?;
    let roots: Vec<Member> = draft.keyring.roots.iter().map(Member::root).collect();
    show::write_members("roots/1", &roots, out)?;
    say_draft(&ceremony, today, out)?;
    out.steps(&[
        (
            "As many of the roots before must sign as had to, and as many of the new ones as must.",
            Words::of("roots-both-sign"),
        ),
        (SIGN_NEXT, Words::of("sign-next")),
    ]);
    Ok(Exit::Done)
}

pub(super) fn rotate(args: &RotateArgs, today: Day, out: &mut Out) -> Result<Exit, CliError> {
    let ceremony = open(&args.folder)?;
    let draft = renewed(&ceremony, &args.term, today).or_else(refused)?;
    write_drafted(&draft, out)?;
    say_draft(&ceremony, today, out)?;
    out.steps(&[
        ("Change it now: `sandyk admin add`, `retire` and `roots`.", Words::of("rotated-change")),
        (SIGN_NEXT, Words::of("sign-next")),
    ]);
    Ok(Exit::Done)
}

pub(super) fn renew(args: &RenewArgs, today: Day, out: &mut Out) -> Result<Exit, CliError> {
    let ceremony = open(&args.folder)?;
    if args.ahead {
        let draft = admin::renew_ahead(&ceremony, args.term.days, today).or_else(refused)?;
        write_drafted(&draft, out)?;
        out.tell(
            "Drafted to be kept; nothing but the last day changes.",
            &Words::of("drafted-ahead"),
        );
        out.steps(&[
            (SIGN_NEXT, Words::of("sign-next")),
            ("Then: `sandyk admin keyring keep`.", Words::of("drafted-keep")),
        ]);
        return Ok(Exit::Done);
    }
    let draft = renewed(&ceremony, &args.term, today).or_else(refused)?;
    write_drafted(&draft, out)?;
    out.tell("Drafted; nothing but the last day changes.", &Words::of("drafted"));
    out.tell(SIGN_NEXT, &Words::of("sign-next"));
    Ok(Exit::Done)
}

fn renewed(ceremony: &Ceremony, term: &TermArgs, today: Day) -> Result<Draft, AdminError> {
    admin::renew(ceremony, today, term.from(today).not_after)
}

fn write_drafted(draft: &Draft, out: &mut Out) -> Result<(), CliError> {
    out.line(format!("epoch {} until {}", draft.keyring.epoch, draft.keyring.not_after))
}

/// What the draft changes as it is now.
fn say_draft(ceremony: &Ceremony, today: Day, out: &mut Out) -> Result<(), CliError> {
    let Some(draft) = ceremony.draft().or_else(refused)? else { return Ok(()) };
    let base = ceremony.base(draft.purpose).or_else(refused)?;
    let devices = ceremony.devices().or_else(refused)?;
    let view = KeyringView::of_draft(&draft, &base, &devices, today).or_else(refused)?;
    show::say_changes(&view, out);
    show::say_warnings(&view, out);
    Ok(())
}
