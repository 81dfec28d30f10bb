//! `sandyk demo`: every role on one machine, with invented testimonies.
//!
//! It runs the same commands a person would type, as processes of the same binary, and leaves a folder
//! that is laid out as a real installation is.

mod cast;
mod media;
mod send;
mod stage;
mod tour;

use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
};

use clap::Args;

use super::{
    exit::{CliError, Exit},
    out::Out,
    words::{Told as _, Words},
};

/// Shows the whole path on this machine, with invented testimonies.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Where everything is made; must not exist yet. Default: a new folder `sandyk-demo-…` here.
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// End after the tour instead of staying up.
    #[arg(long)]
    once: bool,
    /// Where the form listens.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    intake: SocketAddr,
    /// Where the desk listens.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8081")]
    desk: SocketAddr,
}

/// Makes keys, starts the server, sends, syncs, reads, tags; then stays up unless told not to.
///
/// # Errors
/// The first step that did not work, with what it said.
pub fn run(args: &DemoArgs, out: &mut Out) -> Result<Exit, CliError> {
    if !args.intake.ip().is_loopback() || !args.desk.ip().is_loopback() {
        return Err(CliError::refused(
            "a demo listens on this machine only, on 127.0.0.1 or [::1]",
        )
        .kept("nothing was made")
        .advice("leave --intake and --desk out, or name another port of 127.0.0.1")
        .words(Words::of("demo-loopback")));
    }
    free(args)?;
    let folder = match &args.folder {
        Some(folder) => {
            crate::files::make_folder(folder).map_err(|error| {
                CliError::failed(format!("{}: {error}", folder.display()))
                    .kept("nothing was made")
                    .advice("name a folder in a place where you may write")
                    .words(
                        Words::of("demo-folder")
                            .with("folder", folder.display())
                            .why(error.words()),
                    )
            })?;
            if folder.read_dir()?.next().is_some() {
                return Err(CliError::refused(format!("{} is not empty", folder.display()))
                    .kept("everything in it")
                    .advice("name a folder that does not exist yet")
                    .words(Words::of("demo-not-empty").with("folder", folder.display())));
            }
            folder.canonicalize()?
        }
        None => tempfile::Builder::new()
            .prefix("sandyk-demo-")
            .tempdir_in(std::env::current_dir()?)
            .map_err(|error| {
                CliError::failed(format!("no folder could be made here: {error}"))
                    .kept("nothing was made")
                    .advice("name one with --folder, in a place where you may write")
                    .words(Words::of("demo-no-folder").why(error.words()))
            })?
            .keep(),
    };
    tour::walk(&folder, args, out)
}

/// Refuses to begin if somebody listens already where the server would.
fn free(args: &DemoArgs) -> Result<(), CliError> {
    let (_intake, _desk) =
        (bind("form", "--intake", args.intake)?, bind("desk", "--desk", args.desk)?);
    Ok(())
}

fn bind(what: &str, option: &'static str, address: SocketAddr) -> Result<TcpListener, CliError> {
    TcpListener::bind(address).map_err(|error| {
        CliError::refused(format!("the {what} cannot listen on {address}: {error}"))
            .kept("nothing was made and nothing was started")
            .advice(format!(
                "end what listens there (another demo?), or name another port with {option}, for \
                 example:\n       sandyk demo --intake 127.0.0.1:8090 --desk 127.0.0.1:8091"
            ))
            .words(
                Words::of("demo-busy")
                    .with("address", address)
                    .with("option", option)
                    .why(error.words()),
            )
    })
}
