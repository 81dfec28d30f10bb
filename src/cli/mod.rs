//! The command line: one file per role.
//!
//! Promises: 1. a command is a sentence: `sandyk ROLE VERB`; 2. data goes to stdout, words to stderr;
//! 3. the exit code is one of [`exit::Exit`]; 4. an error says what happened, what was kept and what
//! to do, in the language of the person.

use std::{ffi::OsString, process::ExitCode};

use clap::{CommandFactory as _, Parser, Subcommand, error::ErrorKind};

#[cfg(feature = "admin")]
pub mod admin;
#[cfg(feature = "sync")]
mod audit;
#[cfg(feature = "serve")]
pub mod backup;
#[cfg(feature = "demo")]
pub mod demo;
#[cfg(any(feature = "admin", feature = "review", feature = "serve", feature = "sync"))]
mod doctor;
#[cfg(any(feature = "admin", feature = "review", feature = "serve"))]
mod drill;
pub mod exit;
mod fold;
pub mod man;
#[cfg(any(feature = "review", feature = "sync"))]
pub mod notify;
#[cfg(any(feature = "admin", feature = "review", feature = "sync"))]
pub mod others;
pub mod out;
#[cfg(any(feature = "admin", feature = "review"))]
mod page;
#[cfg(any(feature = "admin", feature = "review"))]
pub mod passphrase;
#[cfg(feature = "serve")]
pub mod rescue;
#[cfg(feature = "serve")]
pub mod restore;
#[cfg(feature = "review")]
pub mod review;
#[cfg(feature = "serve")]
pub mod serve;
mod speech;
#[cfg(any(feature = "review", feature = "sync"))]
mod stop;
#[cfg(feature = "sync")]
pub mod sync;
pub mod terminal;
pub mod usage;
pub mod verify;
#[cfg(feature = "sync")]
mod views;
pub mod words;

use crate::locale::Lang;

use self::{
    exit::{CliError, Exit},
    out::{Format, Out},
};

/// Takes testimony that a state cannot read.
#[derive(Parser)]
#[command(name = "sandyk", version, arg_required_else_help = true)]
struct Cli {
    /// Answers as JSON, for programs.
    #[arg(long, global = true)]
    json: bool,
    /// Says what goes wrong in this language, instead of the machine's: ky, ru, uz-Cyrl, uz-Latn, en.
    #[arg(long, global = true, value_name = "TAG", value_parser = tag)]
    language: Option<Lang>,
    #[command(subcommand)]
    role: Role,
}

#[derive(Subcommand)]
enum Role {
    #[cfg(feature = "demo")]
    Demo(demo::DemoArgs),
    #[cfg(feature = "serve")]
    Serve(serve::ServeArgs),
    #[cfg(feature = "sync")]
    Sync(sync::SyncArgs),
    #[cfg(feature = "review")]
    Review(review::ReviewArgs),
    #[cfg(any(feature = "review", feature = "sync"))]
    Notify(notify::NotifyArgs),
    #[cfg(feature = "admin")]
    Admin(admin::AdminArgs),
    #[cfg(feature = "serve")]
    Backup(backup::BackupArgs),
    #[cfg(feature = "serve")]
    Restore(restore::RestoreArgs),
    #[cfg(feature = "serve")]
    Rescue(rescue::RescueArgs),
    Verify(verify::VerifyArgs),
    /// Prints a script that completes commands, for bash, zsh, fish, elvish or powershell.
    Completions {
        /// The shell to complete in.
        shell: clap_complete::Shell,
    },
    Man(man::ManArgs),
}

/// Parses, runs, and says how it went.
#[must_use]
pub fn main() -> ExitCode {
    run(std::env::args_os()).into()
}

fn run(args: impl Iterator<Item = OsString>) -> Exit {
    let args: Vec<OsString> = args.collect();
    let lang = words::machine::language(&args);
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => return not_run(&error, &args, lang),
    };
    let format = if cli.json { Format::Json } else { Format::Table };
    let mut out = Out::standard(format).speaking(lang);
    let done = role(cli.role, &mut out).and_then(|exit| out.finish().map(|()| exit));
    done.unwrap_or_else(|error| {
        if error.exit() != Exit::Done {
            Out::standard(Format::Table).speaking(lang).error(&error);
        }
        error.exit()
    })
}

/// Help and versions are answers, and the parser prints them; the rest is a wrong command line.
fn not_run(error: &clap::Error, args: &[OsString], lang: Lang) -> Exit {
    let asked = !error.use_stderr();
    if asked || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = error.print();
        return if asked { Exit::Done } else { Exit::Usage };
    }
    let said = usage::explain(error, &Cli::command(), args);
    Out::standard(Format::Table).speaking(lang).error(&said);
    said.exit()
}

/// A language by its tag.
fn tag(text: &str) -> Result<Lang, String> {
    Lang::parse(text).ok_or_else(|| "ky, ru, uz-Cyrl, uz-Latn or en".to_owned())
}

fn role(role: Role, out: &mut Out) -> Result<Exit, CliError> {
    match role {
        #[cfg(feature = "demo")]
        Role::Demo(args) => demo::run(&args, out),
        #[cfg(feature = "serve")]
        Role::Serve(args) => serve::run(&args, out),
        #[cfg(feature = "sync")]
        Role::Sync(args) => sync::run(args, out),
        #[cfg(feature = "review")]
        Role::Review(args) => review::run(args, out),
        #[cfg(any(feature = "review", feature = "sync"))]
        Role::Notify(args) => notify::run(&args, out),
        #[cfg(feature = "admin")]
        Role::Admin(args) => admin::run(args, out),
        #[cfg(feature = "serve")]
        Role::Backup(args) => backup::run(&args, out),
        #[cfg(feature = "serve")]
        Role::Restore(args) => restore::run(&args, out),
        #[cfg(feature = "serve")]
        Role::Rescue(args) => rescue::run(&args, out),
        Role::Verify(args) => verify::run(&args, out),
        Role::Completions { shell } => {
            let mut command = Cli::command();
            clap_complete::generate(shell, &mut command, "sandyk", &mut std::io::stdout());
            Ok(Exit::Done)
        }
        Role::Man(args) => man::run(&args, Cli::command(), out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
    }

    /// The lines of a page that are to be typed.
    #[cfg(feature = "demo")]
    fn typed(page: &str) -> Vec<&str> {
        let blocks = page.split("```").skip(1).step_by(2);
        let lines = blocks.flat_map(str::lines).map(str::trim);
        lines.filter(|line| line.starts_with("sandyk ")).collect()
    }

    #[cfg(feature = "demo")]
    #[test]
    fn every_command_of_the_guides_is_understood_and_is_the_same_in_every_language() {
        let guide = |lang, page| {
            let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
            crate::files::load_text(&root.join(format!("docs/guide/{lang}/{page}.md")), 1 << 16)
        };
        for page in ["border", "passphrase", "device", "joining"] {
            let english = guide("en", page).unwrap();
            assert!(!typed(&english).is_empty(), "{page}");
            for lang in ["ru", "ky", "uz"] {
                assert_eq!(typed(&guide(lang, page).unwrap()), typed(&english), "{lang}/{page}");
            }
            for line in typed(&english) {
                let told = Cli::command().try_get_matches_from(line.split(' '));
                assert!(told.is_ok(), "{page}: {line}: {}", told.unwrap_err());
            }
        }
    }
}
