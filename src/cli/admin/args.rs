//! What can be said after `sandyk admin`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::admin::{
    doctor::DoctorArgs,
    found::{InitArgs, InviteArgs},
    keyring::KeyringCommand,
    manifest::ManifestCommand,
    members::{AddArgs, RenewArgs, RetireArgs, RootsArgs, RotateArgs},
    root::RootCommand,
    signing::{DraftCommand, SignArgs},
    suspend::SuspendArgs,
};

/// The administrators' ceremony: offline, files in, files out
#[derive(Debug, Args)]
pub struct AdminArgs {
    /// Play the step and all that follows in a scratch folder, with throw-away roots
    #[arg(long, global = true)]
    pub(super) rehearse: bool,
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
    /// Leave readers or machines out of the next keyring
    Retire(RetireArgs),
    /// Change the roots, or how many of them must sign
    Roots(RootsArgs),
    /// Begin the next keyring, to be changed before it is signed
    Rotate(RotateArgs),
    /// Draft the next keyring, which only lasts longer
    Renew(RenewArgs),
    /// Sign the draft, or a file that goes around, with one root key
    Sign(SignArgs),
    /// Send a draft around in one file, and take the signatures back
    #[command(subcommand)]
    Draft(DraftCommand),
    /// Make a root key on its holder's machine, print it, type it back
    #[command(subcommand)]
    Root(RootCommand),
    /// Close the desk to one machine at once, with one root key
    Suspend(SuspendArgs),
    /// Sign an order to forget with one root key, where there is one guardian only
    Forget(ForgetArgs),
    /// Show, verify or publish keyrings
    #[command(subcommand)]
    Keyring(KeyringCommand),
    /// Look whether keyring, roots and this machine are well, and say what to do
    Doctor(DoctorArgs),
    /// Say what the site must serve: draft, sign and publish its manifest
    #[command(subcommand)]
    Manifest(ManifestCommand),
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
