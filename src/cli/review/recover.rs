//! `sandyk review recover`: getting lost keys back with the help of holders.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use rand::rngs::OsRng;
use serde::Serialize;

use crate::{
    cli::{
        exit::{CliError, Exit},
        out::{Format, Out},
        passphrase,
        review::Places,
        words::{Told as _, Words},
    },
    files::{self, Audience, Existing},
    review::{
        Holder, HolderPub, KeysError, Opening, Passphrase, Plan, RecoveryError, keep_recovered,
        make_holder, make_recovery, open_recovery,
    },
};

#[derive(Subcommand)]
pub(super) enum RecoverCommand {
    /// Make a holder's key; each holder does this on a machine of their own
    Holder(HolderArgs),
    /// Seal your keys so that any K of the holders together get them back
    Make(MakeArgs),
    /// Open a recovery file as for a real loss, and keep nothing
    Rehearse(OpenArgs),
    /// Get keys back; with some of the holders only, open their layers
    Restore(RestoreArgs),
}

#[derive(Args)]
pub(super) struct HolderArgs {
    /// The file for the key; its public half goes beside it, with the ending .pub
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// How slow guessing the passphrase is made: 2^N
    #[arg(long, value_name = "N", default_value_t = 18, hide = true)]
    work_factor: u8,
}

#[derive(Args)]
pub(super) struct MakeArgs {
    /// A holder's public half; once for each, in the order that gives them their numbers
    #[arg(long, value_name = "FILE", required = true)]
    holder: Vec<PathBuf>,
    /// How many of the holders must come together
    #[arg(long, value_name = "K", default_value_t = 2)]
    needed: usize,
    /// A new folder for the recovery files
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

#[derive(Args)]
pub(super) struct OpenArgs {
    /// A recovery file, such as holders-1+3.age
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The key of a holder who is here; once for each
    #[arg(long, value_name = "FILE", required = true)]
    holder: Vec<PathBuf>,
    /// A file with the passphrase of the first holder's key, then of the second; asked for if left out
    #[arg(long, value_name = "FILE")]
    holder_passphrase_file: Vec<PathBuf>,
}

#[derive(Args)]
pub(super) struct RestoreArgs {
    #[command(flatten)]
    open: OpenArgs,
    /// How slow guessing the passphrase is made: 2^N
    #[arg(long, value_name = "N", default_value_t = 18, hide = true)]
    work_factor: u8,
}

/// What was made, as JSON.
#[derive(Serialize)]
struct Made {
    needed: usize,
    holders: Vec<String>,
    files: Vec<PathBuf>,
}

/// How opening went, as JSON.
#[derive(Serialize)]
struct Went {
    reader: Option<String>,
    fingerprint: Option<String>,
    still_sealed_to: Vec<usize>,
    file: Option<PathBuf>,
}

pub(super) fn run(
    command: &RecoverCommand,
    places: &Places,
    out: &mut Out,
) -> Result<Exit, CliError> {
    match command {
        RecoverCommand::Holder(args) => holder(args, places, out),
        RecoverCommand::Make(args) => make(args, places, out),
        RecoverCommand::Rehearse(args) => match open(args, out)? {
            Opening::Whole(recovered) => {
                tell_whole(&recovered.public, None, out)?;
                out.tell(
                    "Rehearsed: these holders can get the keys back. Nothing was written.",
                    &Words::of("recover-rehearsed"),
                );
                Ok(Exit::Done)
            }
            Opening::Next { holders, .. } => {
                tell_next(&holders, None, out)?;
                out.tell(
                    "Rehearsed: their layers open. Nothing was written.",
                    &Words::of("recover-rehearsed-layers"),
                );
                Ok(Exit::Done)
            }
        },
        RecoverCommand::Restore(args) => restore(args, places, out),
    }
}

fn holder(args: &HolderArgs, places: &Places, out: &mut Out) -> Result<Exit, CliError> {
    let public = args.out.with_extension("pub");
    let file = places.resolve()?.passphrase_file;
    let words = passphrase::ask_new(file.as_ref(), "the holder's key", out)?;
    let lock = Passphrase { words: &words, work_factor: args.work_factor };
    let made = make_holder(&args.out, &public, &lock, &mut OsRng).map_err(|e| explain(&e))?;
    out.line(made.fingerprint())?;
    let (public, own) = (public.display(), args.out.display());
    out.steps(&[
        (
            &format!("Give {public} to the reader, and compare the fingerprint."),
            Words::of("recover-holder-give").with("file", &public),
        ),
        (
            &format!(
                "Keep {own} away from your daily machine; it may be printed. Its passphrase apart \
                 from it."
            ),
            Words::of("recover-holder-keep").with("file", &own),
        ),
    ]);
    Ok(Exit::Done)
}

fn make(args: &MakeArgs, places: &Places, out: &mut Out) -> Result<Exit, CliError> {
    let config = places.resolve()?;
    let keys = config.keys.ok_or_else(no_keys_option)?;
    let holders =
        args.holder.iter().map(|file| HolderPub::load(file)).collect::<Result<Vec<_>, _>>();
    let holders = holders.map_err(|e| explain(&e))?;
    let fingerprints: Vec<String> = holders.iter().map(HolderPub::fingerprint).collect();
    let plan = Plan::new(args.needed, holders).map_err(|e| explain(&e))?;
    tell_plan(&plan, &fingerprints, out);
    let words = passphrase::ask(config.passphrase_file.as_ref(), "your keys", out)?;
    let made = make_recovery(&keys, &words, &plan, &args.to).map_err(|e| explain(&e))?;
    let files: Vec<_> = made.files.into_iter().map(|name| args.to.join(name)).collect();
    match out.format() {
        Format::Json => {
            let needed = plan.needed();
            out.json(&Made { needed, holders: fingerprints, files })?;
        }
        Format::Table => {
            for file in &files {
                out.line(file.display())?;
            }
        }
    }
    if made.on_a_device {
        out.warn(
            "the key that opens testimonies is on your device and not in these files: without the device \
             they bring back only what signs for you\n   \
             next: see that another reader opens everything; whoever loses the device joins anew",
            &Words::of("warn-recovers-no-device"),
        );
    }
    tell_made(out);
    Ok(Exit::Done)
}

fn tell_plan(plan: &Plan, fingerprints: &[String], out: &mut Out) {
    let (needed, holders) = (plan.needed(), fingerprints.len());
    out.tell(
        format!(
            "Any {needed} of these {holders} holders will be able to read everything that you can:"
        ),
        &Words::of("recover-who-reads").count("needed", needed).count("holders", holders),
    );
    for (n, fingerprint) in (1_usize..).zip(fingerprints) {
        out.tell(
            format!("    holder {n}: {fingerprint}"),
            &Words::of("recover-number").count("number", n).with("fingerprint", fingerprint),
        );
    }
}

fn tell_made(out: &mut Out) {
    out.steps(&[
        ("Compare each fingerprint with its holder, by voice.", Words::of("recover-compare")),
        (
            "Print the files, or copy the folder to two places; the holders' keys lie elsewhere.",
            Words::of("recover-print"),
        ),
        (
            "Rehearse with the holders: sandyk review recover rehearse FILE --holder …",
            Words::of("recover-rehearse"),
        ),
        (
            "Rehearse once a year; when a holder changes, make it anew and destroy this one.",
            Words::of("recover-yearly"),
        ),
    ]);
}

fn restore(args: &RestoreArgs, places: &Places, out: &mut Out) -> Result<Exit, CliError> {
    let config = places.resolve()?;
    let keys = config.keys.ok_or_else(no_keys_option)?;
    if keys.exists() {
        return Err(explain(&RecoveryError::AlreadyHere { path: keys }));
    }
    let folder = args.open.file.parent().unwrap_or(Path::new("."));
    match open(&args.open, out)? {
        Opening::Whole(recovered) => {
            let words = passphrase::ask_new(config.passphrase_file.as_ref(), "your keys", out)?;
            let lock = Passphrase { words: &words, work_factor: args.work_factor };
            keep_recovered(&recovered, folder, &keys, &lock).map_err(|e| explain(&e))?;
            tell_whole(&recovered.public, Some(&keys), out)?;
            out.steps(&[
                (
                    "Compare the fingerprint with a colleague's keyring, by voice.",
                    Words::of("recover-compare-keyring"),
                ),
                (
                    "If the old machine is in strange hands, have these keys replaced.",
                    Words::of("recover-replace"),
                ),
            ]);
            Ok(Exit::Done)
        }
        Opening::Next { file, name, holders } => {
            let path = folder.join(name);
            files::save(&path, file.as_bytes(), Audience::Owner, Existing::Refuse)
                .map_err(|cause| explain(&RecoveryError::File { path: path.clone(), cause }))?;
            tell_next(&holders, Some(&path), out)?;
            out.tell(
                "Carry the folder to that holder and run the same with their key.",
                &Words::of("recover-carry"),
            );
            Ok(Exit::Done)
        }
    }
}

fn open(args: &OpenArgs, out: &mut Out) -> Result<Opening, CliError> {
    let files = &args.holder_passphrase_file;
    let holder = |(n, path): (usize, &PathBuf)| {
        let words = passphrase::ask(files.get(n), &path.display().to_string(), out)?;
        Holder::open(path, &words).map_err(|e| explain(&e))
    };
    let holders = args.holder.iter().enumerate().map(holder).collect::<Result<Vec<_>, _>>()?;
    open_recovery(&args.file, &holders).map_err(|e| explain(&e))
}

fn tell_whole(
    public: &crate::keyring::ReaderPub,
    keys: Option<&Path>,
    out: &mut Out,
) -> Result<(), CliError> {
    let (reader, role) = (public.id, public.role.word());
    if out.format() == Format::Json {
        return out.json(&Went {
            reader: Some(reader.to_string()),
            fingerprint: Some(public.fingerprint()),
            still_sealed_to: Vec::new(),
            file: keys.map(Path::to_owned),
        });
    }
    out.line(format!("The keys of {role} {reader}"))?;
    out.item(4, &public.fingerprint())?;
    keys.map_or(Ok(()), |keys| out.line(format!("are in {}", keys.display())))
}

fn tell_next(holders: &[usize], file: Option<&Path>, out: &mut Out) -> Result<(), CliError> {
    if out.format() == Format::Json {
        let (still_sealed_to, file) = (holders.to_vec(), file.map(Path::to_owned));
        return out.json(&Went { reader: None, fingerprint: None, still_sealed_to, file });
    }
    let still: Vec<String> = holders.iter().map(ToString::to_string).collect();
    out.line(format!("Still sealed to holder {}.", still.join(", then ")))?;
    file.map_or(Ok(()), |file| out.line(file.display()))
}

fn no_keys_option() -> CliError {
    CliError::usage("no --keys was given")
        .kept("nothing was made")
        .advice("add --keys DIR: a folder for your keys, best on a machine without a network")
        .words(Words::of("init-no-keys-option"))
}

fn explain(error: &RecoveryError) -> CliError {
    let refused = match error {
        RecoveryError::Keys(KeysError::NotOpened(_))
        | RecoveryError::Counts { .. }
        | RecoveryError::SameHolder { .. }
        | RecoveryError::AlreadyHere { .. }
        | RecoveryError::NotTheReader => CliError::refused(error),
        RecoveryError::Keys(_)
        | RecoveryError::NotAHolderPub { .. }
        | RecoveryError::NotAHolder { .. }
        | RecoveryError::HolderNotOpened { .. }
        | RecoveryError::NotARecovery { .. }
        | RecoveryError::NotTheseHolders { .. }
        | RecoveryError::Damaged { .. }
        | RecoveryError::NotSealed(_)
        | RecoveryError::File { .. } => CliError::failed(error),
    };
    let advice = match error {
        RecoveryError::Keys(_) => "name the folder that `sandyk review init` made",
        RecoveryError::Counts { .. } => "name two to eight holders, and two or more as --needed",
        RecoveryError::SameHolder { .. } => "every holder makes a key of their own",
        RecoveryError::NotAHolderPub { .. } => "name the .pub file that the holder gave you",
        RecoveryError::NotAHolder { .. } => "name the file that `recover holder` made",
        RecoveryError::HolderNotOpened { .. } => "type it again; nobody can look it up",
        RecoveryError::NotARecovery { .. } => "name one of the files holders-….age",
        RecoveryError::NotTheseHolders { .. } => {
            "fetch the first of them, or take the file of other holders"
        }
        RecoveryError::Damaged { .. } => "take another copy, or the file of other holders",
        RecoveryError::NotTheReader => "somebody exchanged files: take another copy of the folder",
        RecoveryError::AlreadyHere { .. } => "name another, new one",
        RecoveryError::NotSealed(_) | RecoveryError::File { .. } => {
            "check the disk and that you may write there, then try again"
        }
    };
    refused.kept("nothing was written, nothing was changed").advice(advice).words(error.words())
}
