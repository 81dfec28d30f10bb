//! `sandyk sync doctor`: what a reader should look after on the machine with the network.

use std::path::PathBuf;

use crate::{
    cli::{
        doctor,
        exit::{CliError, Exit},
        out::Out,
    },
    clock::{Clock as _, SystemClock},
    sync::{self, Patience, Settings, Wanted},
};

#[derive(Debug, clap::Args)]
pub(super) struct DoctorArgs {
    /// The workspace folder.
    #[arg(long, value_name = "DIR")]
    workspace: PathBuf,
    /// The folder with device.key.
    #[arg(long, value_name = "DIR")]
    device: PathBuf,
    /// Another address of the desk than the invitation's.
    #[arg(long, value_name = "URL")]
    desk: Option<String>,
    /// Tor's proxy, e.g. `socks5h://127.0.0.1:9050`.
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,
}

pub(super) fn run(args: DoctorArgs, out: &mut Out) -> Result<Exit, CliError> {
    let DoctorArgs { workspace, device, desk, proxy } = args;
    let (exhibits, patience) = (Wanted::None, Patience::default());
    let settings = Settings { workspace, device, desk, exhibits, proxy, patience };
    let found = sync::doctor::examine(&settings, &SystemClock);
    doctor::tell("sync", found, SystemClock.today(), out)
}
