//! `sandyk admin root`: a root key made where its holder is.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use rand::rngs::OsRng;

use crate::{
    admin::{self, RootKey},
    cli::{
        admin::{refused, save_new},
        exit::{CliError, Exit},
        out::Out,
        page, passphrase,
        words::Words,
    },
    keyring::KeyringError,
    note::KeyName,
};

#[derive(Debug, Subcommand)]
pub(super) enum RootCommand {
    /// Make one root key on its holder's own machine
    Make(MakeArgs),
    /// Print a root key file as a page that can be typed back
    Paper(PaperArgs),
    /// Type a printed root key back, line by line
    Restore(RestoreArgs),
}

#[derive(Debug, Args)]
pub(super) struct MakeArgs {
    /// Its name in signatures, root-4 or one like it; it says nothing of the person
    #[arg(long, value_name = "NAME")]
    pub(super) name: String,
    /// The root key file to write; NAME.pub is written beside it
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// A file with its passphrase; asked for if left out
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// scrypt's cost, for rehearsals
    #[arg(long, default_value_t = 18, hide = true)]
    work_factor: u8,
}

#[derive(Debug, Args)]
pub(super) struct PaperArgs {
    /// The root key file, root-3-spare.age or one like it
    #[arg(long, value_name = "FILE")]
    pub(super) root: PathBuf,
    /// The page to write; shown if left out
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct RestoreArgs {
    /// The root key file to write
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
    /// A file with the typed lines; asked for line by line if left out
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// A file with its passphrase; asked for if left out
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

pub(super) fn run(command: RootCommand, out: &mut Out) -> Result<Exit, CliError> {
    match command {
        RootCommand::Make(args) => make(&args, out),
        RootCommand::Paper(args) => print(&args, out),
        RootCommand::Restore(args) => restore(&args, out),
    }
}

fn make(args: &MakeArgs, out: &mut Out) -> Result<Exit, CliError> {
    let name = KeyName::parse(&args.name).or_else(|e| refused(KeyringError::from(e)))?;
    let key = RootKey::generate(name, &mut OsRng);
    let words = passphrase::ask_new(args.passphrase_file.as_ref(), &args.name, out)?;
    let (file, public) = (&args.out, args.out.with_extension("pub"));
    save_new(file, &key.to_file(&words, args.work_factor).or_else(refused)?)?;
    save_new(&public, &admin::write_root_pub(&key).or_else(refused)?)?;
    out.table(
        &["root", "fingerprint", "file"],
        &[vec![args.name.clone(), key.named().fingerprint(), file.display().to_string()]],
    )?;
    out.steps(&[
        (
            "Give the .pub file to whoever holds the ceremony's folder, and read the fingerprint out.",
            Words::of("root-made-give"),
        ),
        (
            "They run `sandyk admin roots --add`, or `sandyk admin init --root-pub` at the beginning.",
            Words::of("root-made-next"),
        ),
    ]);
    Ok(Exit::Done)
}

fn print(args: &PaperArgs, out: &mut Out) -> Result<Exit, CliError> {
    let page = RootKey::page(&args.root).or_else(refused)?;
    page::give(&page, args.out.as_deref(), out)?;
    out.steps(&[
        (
            "Print it on a printer that keeps no copies; then destroy the file of the page.",
            Words::of("paper-print"),
        ),
        (
            "Type it back once, now: `sandyk admin root restore --out NEW`. What was never tried is no spare.",
            Words::of("paper-try"),
        ),
        (
            "Whoever has the page and its passphrase has the root key: keep them in two places.",
            Words::of("paper-apart"),
        ),
    ]);
    Ok(Exit::Done)
}

fn restore(args: &RestoreArgs, out: &mut Out) -> Result<Exit, CliError> {
    let sealed = page::take(args.page.as_deref(), out)?;
    save_new(&args.out, &RootKey::from_page(&sealed))?;
    let words =
        passphrase::ask(args.passphrase_file.as_ref(), &args.out.display().to_string(), out)?;
    let named = RootKey::open(&args.out, &words).or_else(refused)?.named();
    out.line(format!("{}  {}", named.name.as_str(), named.fingerprint()))?;
    out.tell(
        "It opens. Compare the fingerprint with that of `sandyk admin keyring show`.",
        &Words::of("paper-restored"),
    );
    Ok(Exit::Done)
}
