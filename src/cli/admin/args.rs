//! What can be said after `sandyk admin`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::{
    keyring::{DEFAULT_DAYS, Role},
    recipient::Kind,
};

/// The administrators' ceremony: offline, files in, files out
#[derive(Debug, Args)]
pub struct AdminArgs {
    #[command(subcommand)]
    pub(super) command: AdminCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum AdminCommand {
    /// Make the root keys and begin the first keyring
    Init(InitArgs),
    /// Write the file that a new reader is given
    Invite(InviteArgs),
    /// Take readers and their machines into the draft
    Add(AddArgs),
    /// Sign the draft with one root key
    Sign(SignArgs),
    /// Draft the next keyring, which only lasts longer
    Renew(RenewArgs),
    /// Sign an order to forget with one root key, where there is one guardian only
    Forget(ForgetArgs),
    /// Show, verify or publish keyrings
    #[command(subcommand)]
    Keyring(KeyringCommand),
    /// Say what the site must serve: draft, sign and publish its manifest
    #[command(subcommand)]
    Manifest(ManifestCommand),
}

#[derive(Debug, Subcommand)]
pub(super) enum ManifestCommand {
    /// Write down what this version of sandyk would serve with that configuration
    Draft(ManifestDraftArgs),
    /// Sign a manifest with one root key
    Sign(ManifestSignArgs),
    /// Check the signed manifest as servers do, and put it where they read it
    Publish(ManifestPublishArgs),
}

#[derive(Debug, Args)]
pub(super) struct ManifestDraftArgs {
    /// A copy of the server's configuration
    #[arg(long, value_name = "FILE")]
    pub(super) config: PathBuf,
    /// One more than that of the manifest before
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(super) number: u32,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct ManifestSignArgs {
    /// The ceremony's folder
    #[arg(long, value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// The manifest; the signature is added to it
    #[arg(long, value_name = "FILE")]
    pub(super) manifest: PathBuf,
    /// The root key file, root-1.age or one like it
    #[arg(long, value_name = "FILE")]
    pub(super) root: PathBuf,
    /// A file with its passphrase; asked for if left out
    #[arg(long, value_name = "FILE")]
    pub(super) passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ManifestPublishArgs {
    /// The ceremony's folder
    #[arg(long, value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// The signed manifest
    #[arg(long, value_name = "FILE")]
    pub(super) manifest: PathBuf,
    /// The folder that the server reads
    #[arg(long, value_name = "DIR")]
    pub(super) to: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(super) enum KeyringCommand {
    /// Show the draft, or what is published
    Show(ShowArgs),
    /// Verify a published folder against roots learned elsewhere
    Verify(VerifyArgs),
    /// Check the signed draft as servers do, and put it where they read it
    Publish(PublishArgs),
}

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

#[derive(Debug, Args)]
pub(super) struct AddArgs {
    /// The ceremony's folder
    #[arg(long, value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// reader.pub and device.pub files, in any order
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct SignArgs {
    /// The ceremony's folder
    #[arg(long, value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// The root key file, root-1.age or one like it
    #[arg(long, value_name = "FILE")]
    pub(super) root: PathBuf,
    /// A file with its passphrase; asked for if left out
    #[arg(long, value_name = "FILE")]
    pub(super) passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ForgetArgs {
    /// The order that the guardian signed
    #[arg(long, value_name = "FILE")]
    pub(super) order: PathBuf,
    /// The root key file, root-1.age or one like it
    #[arg(long, value_name = "FILE")]
    pub(super) root: PathBuf,
    /// A file with its passphrase; asked for if left out
    #[arg(long, value_name = "FILE")]
    pub(super) passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct RenewArgs {
    /// The ceremony's folder
    #[arg(long, value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// For how many days from today it is good, at most 400
    #[arg(long, default_value_t = DEFAULT_DAYS)]
    pub(super) days: i64,
}

#[derive(Debug, Args)]
#[group(id = "place", required = true, multiple = false)]
pub(super) struct Place {
    /// The ceremony's folder: shows the draft, or the newest published if there is none
    #[arg(long, value_name = "DIR")]
    pub(super) folder: Option<PathBuf>,
    /// A published folder: shows the newest
    #[arg(long, value_name = "DIR")]
    pub(super) published: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    #[command(flatten)]
    pub(super) place: Place,
}

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// The published folder
    #[arg(long, value_name = "DIR")]
    pub(super) published: PathBuf,
    /// The roots.txt you trust, from another source than the folder
    #[arg(long, value_name = "FILE")]
    pub(super) roots: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct PublishArgs {
    /// The ceremony's folder
    #[arg(long, value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// The folder that the server reads
    #[arg(long, value_name = "DIR")]
    pub(super) to: PathBuf,
}
