//! Folders and proxies that were given wrongly, told apart.

use std::{
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use crate::{
    cli::{exit::CliError, words::Words},
    sync::{self, Settings, SyncError},
};

/// A proxy on this machine that does not answer at all: mostly tor that was not started.
pub(super) fn no_proxy(error: &SyncError, proxy: Option<&str>) -> Option<CliError> {
    if !matches!(error, SyncError::Network(_) | SyncError::NoAnswer { .. }) {
        return None;
    }
    let proxy = proxy?;
    let place = proxy.split_once("://").map_or(proxy, |(_, place)| place).trim_end_matches('/');
    let address: SocketAddr = place.replace("localhost", "127.0.0.1").parse().ok()?;
    TcpStream::connect_timeout(&address, PROXY_WAIT).err()?;
    let said = CliError::failed(format!("the proxy {proxy} does not answer"));
    let said = said.kept(error.kept()).advice("start Tor, then sync again");
    Some(said.words(Words::of("sync-no-proxy").with("address", proxy)))
}

/// What a wrong folder is, if it can be told.
pub(super) fn swapped(settings: &Settings) -> Option<CliError> {
    let Settings { workspace, device, .. } = settings;
    let both = workspace.join(sync::DEVICE_KEY).exists() || device.join("workspace.json").exists();
    let keys = workspace.join("reader.age").exists() || device.join("reader.age").exists();
    let kept = "everything; nothing was sent";
    Some(if keys {
        CliError::refused("one of these folders holds reading keys")
            .kept(kept)
            .advice("take them off this machine if it has a network; they belong to review only")
            .words(Words::of("sync-reading-keys"))
    } else if both {
        CliError::failed("--workspace and --device look swapped")
            .kept(kept)
            .advice("give each the other folder")
            .words(Words::of("sync-swapped"))
    } else if !device.join(sync::DEVICE_KEY).exists() && workspace.join("workspace.json").exists() {
        CliError::failed(format!("there is no {} in {}", sync::DEVICE_KEY, device.display()))
            .kept(kept)
            .advice("give the folder in which `sandyk sync init` made it")
            .words(Words::of("sync-no-device-key").with("folder", device.display()))
    } else {
        return None;
    })
}

/// How long a proxy on this machine may take to answer.
const PROXY_WAIT: Duration = Duration::from_secs(2);
