//! `sandyk admin init` and `invite`: the beginning.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rand::rngs::OsRng;

use crate::{
    admin::{self, Founded, Founding},
    cli::{
        admin::{open, refused, save_new, show},
        exit::{CliError, Exit},
        out::Out,
        passphrase,
        words::Words,
    },
    clock::Day,
    keyring::{DEFAULT_DAYS, KeyringError, MAX_ROOTS, Role},
    recipient::Kind,
    secret::SecretText,
};

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// The organisation's name, as witnesses and readers know it
    #[arg(long, value_name = "NAME")]
    pub(super) organisation: String,
    /// A new folder for the ceremony
    #[arg(long, value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// How many root keys to make; the last one is the printed spare
    #[arg(long, default_value_t = 3, value_name = "N")]
    pub(super) roots: usize,
    /// The public half of a root key that its holder made, instead of making any here; the last one
    /// is the spare
    #[arg(long, value_name = "FILE", conflicts_with = "roots")]
    pub(super) root_pub: Vec<PathBuf>,
    /// How many of them must sign
    #[arg(long, default_value_t = 2, value_name = "K")]
    pub(super) threshold: usize,
    /// What all reading keys withstand; it cannot be changed later
    #[arg(long, value_enum, default_value_t = KindArg::PostQuantum)]
    pub(super) kind: KindArg,
    /// For how many days the first keyring is good, at most 400
    #[arg(long, default_value_t = DEFAULT_DAYS)]
    pub(super) days: i64,
    /// Where the desk will answer, for invitations
    #[arg(long, value_name = "URL", default_value = "")]
    pub(super) desk_address: String,
    /// Where witnesses will find the form, for invitations
    #[arg(long, value_name = "URL", default_value = "")]
    pub(super) intake_address: String,
    /// A file with the passphrase of root-1, then of root-2, and so on; asked for if left out
    #[arg(long, value_name = "FILE")]
    pub(super) passphrase_file: Vec<PathBuf>,
    /// scrypt's cost, for rehearsals
    #[arg(long, default_value_t = 18, hide = true)]
    pub(super) work_factor: u8,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum KindArg {
    /// A quantum computer too; opened by age 1.3 or newer
    PostQuantum,
    /// Today's computers only; opened by every age, Debian 12's too
    Classic,
}

impl From<KindArg> for Kind {
    fn from(kind: KindArg) -> Self {
        match kind {
            KindArg::PostQuantum => Self::PostQuantum,
            KindArg::Classic => Self::Classic,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum RoleArg {
    /// Reads accounts and exhibits
    Reviewer,
    /// Reads identities too
    Guardian,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Reviewer => Self::Reviewer,
            RoleArg::Guardian => Self::Guardian,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct InviteArgs {
    /// The ceremony's folder
    #[arg(long, value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// What the new reader may read
    #[arg(long)]
    pub(super) role: RoleArg,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
}

pub(super) fn init(args: &InitArgs, today: Day, out: &mut Out) -> Result<Exit, CliError> {
    let founding = Founding {
        organisation: args.organisation.clone(),
        kind: args.kind.into(),
        threshold: args.threshold,
        desk_address: args.desk_address.clone(),
        intake_address: args.intake_address.clone(),
        not_after: today.plus_days(args.days),
        work_factor: args.work_factor,
    };
    if !args.root_pub.is_empty() {
        return init_with(args, &founding, today, out);
    }
    let passphrases = passphrases(args, out)?;
    founding.check_days(today).or_else(refused)?;
    let founded =
        admin::found(&args.folder, &founding, &passphrases, &mut OsRng).or_else(refused)?;
    show::write_founded(&founded, out)?;
    say_founded(&founded, out);
    Ok(Exit::Done)
}

/// Begins with root keys that were made elsewhere: no machine ever holds two of them.
fn init_with(
    args: &InitArgs,
    founding: &Founding,
    today: Day,
    out: &mut Out,
) -> Result<Exit, CliError> {
    let roots = args.root_pub.iter().map(|file| admin::read_root_pub(file));
    let roots = roots.collect::<Result<Vec<_>, _>>().or_else(refused)?;
    founding.check_days(today).or_else(refused)?;
    let trust = admin::found_with(&args.folder, founding, roots, &mut OsRng).or_else(refused)?;
    show::write_founded(&Founded { trust, root_files: args.root_pub.clone() }, out)?;
    out.tell(
        "Compare each fingerprint with the holder of that root, by voice.",
        &Words::of("founded-compare"),
    );
    out.steps(&[
        (
            "Put roots.txt and the fingerprint of all roots on pages that others archive.",
            Words::of("founded-pages"),
        ),
        (
            "Next: `sandyk admin invite` for each reader, at least one of them a guardian.",
            Words::of("founded-next"),
        ),
    ]);
    Ok(Exit::Done)
}

fn passphrases(args: &InitArgs, out: &mut Out) -> Result<Vec<SecretText>, CliError> {
    let files = &args.passphrase_file;
    if !(2..=MAX_ROOTS).contains(&args.roots) {
        return refused(KeyringError::RootCount { found: args.roots });
    }
    if !files.is_empty() && files.len() != args.roots {
        let found = files.len();
        return Err(CliError::usage(format!("{} roots and {found} passphrase files", args.roots))
            .kept("nothing was written")
            .advice("name one file for each root, in their order, or none")
            .words(
                Words::of("admin-passphrase-files")
                    .count("roots", args.roots)
                    .count("found", found),
            ));
    }
    (0..args.roots)
        .map(|n| passphrase::ask_new(files.get(n), &format!("root-{}", n.saturating_add(1)), out))
        .collect()
}

fn say_founded(founded: &Founded, out: &mut Out) {
    let (roots, threshold) = (founded.trust.roots.len(), founded.trust.threshold);
    out.tell(
        format!("Made {roots} root keys; any {threshold} of them sign."),
        &Words::of("founded").count("roots", roots).count("threshold", threshold),
    );
    out.steps(&[
        (
            "Carry each root key file to another person and machine, and delete it here.",
            Words::of("founded-carry"),
        ),
        (
            "Print the spare, write its passphrase down apart from it, keep both in a third place.",
            Words::of("founded-spare"),
        ),
        (
            "Put roots.txt and the fingerprint of all roots on pages that others archive.",
            Words::of("founded-pages"),
        ),
        (
            "Next: `sandyk admin invite` for each reader, at least one of them a guardian.",
            Words::of("founded-next"),
        ),
    ]);
}

pub(super) fn invite(args: &InviteArgs, out: &mut Out) -> Result<Exit, CliError> {
    let role = Role::from(args.role);
    let ceremony = open(&args.folder)?;
    let invitation = admin::invite(&ceremony, role).or_else(refused)?;
    save_new(&args.out, &invitation.to_text())?;
    let (role, file) = (role.word(), args.out.display());
    out.tell(
        format!("Wrote {file}, an invitation for a {role}. Its fingerprint:"),
        &Words::of("invited").with("role", role).with("file", &file),
    );
    out.line(invitation.fingerprint())?;
    if invitation.desk_address.is_empty() {
        out.tell(
            "It names no address of the desk; the reader must be told.",
            &Words::of("invited-no-address"),
        );
    }
    let (hand, reader) = (
        ("Hand it over, and compare the fingerprint by voice.", Words::of("invited-hand")),
        (
            "The reader runs `sandyk review init` and `sandyk sync init`, and gives back two files.",
            Words::of("invited-reader"),
        ),
    );
    if ceremony.published().or_else(refused)?.is_none() {
        let next = ("Next: `sandyk admin add reader.pub device.pub`.", Words::of("invited-next"));
        out.steps(&[hand, reader, next]);
        return Ok(Exit::Done);
    }
    // SECURITY: administrators alone add no reader to an organisation that has some.
    out.steps(&[
        hand,
        reader,
        (
            "Two readers who are listed meet the new one, run `sandyk review vouch reader.pub`, and give you \
             their vouches.",
            Words::of("invited-vouch"),
        ),
        (
            "Next: `sandyk admin add reader.pub device.pub` and both vouches.",
            Words::of("invited-next-vouched"),
        ),
    ]);
    Ok(Exit::Done)
}
