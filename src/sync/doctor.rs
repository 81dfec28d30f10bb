//! What a reader should look after on the machine with the network.

use std::{
    net::{SocketAddr, TcpStream},
    path::Path,
    time::Duration,
};

use super::{DEVICE_KEY, Settings};
use crate::{clock::Clock, doctor, files, finding::Finding};

/// Looks at workspace, device and machine; asks nobody but the proxy of this machine; changes nothing.
#[must_use]
pub fn examine(settings: &Settings, clock: &impl Clock) -> Vec<Finding> {
    let Settings { workspace, device, proxy, .. } = settings;
    let mut found = vec![
        doctor::last_sync(workspace, clock),
        doctor::outbox(workspace, clock),
        doctor::rewraps(workspace),
    ];
    match doctor::keyring_of(workspace, &workspace.join("roots.txt")) {
        Ok(published) => {
            found.extend(doctor::keyring(published.chain.current().get(), clock.today()));
        }
        Err(finding) => found.push(*finding),
    }
    let key = device.join(DEVICE_KEY);
    if let Err(error) = std::fs::metadata(&key) {
        found.push(doctor::unreadable(&key, error));
    }
    let secret = [key, device.clone(), workspace.clone()];
    found.extend(secret.iter().filter_map(|path| doctor::private(path)));
    found.push(doctor::one_laptop(&[workspace, device], "reader.age"));
    let written = ["checkpoint.note", "feed.jsonl"].map(|file| workspace.join(file));
    found.push(doctor::time_of_files(&written, clock));
    found.extend([doctor::disk(workspace, FULL), doctor::disk_is_sealed(workspace)]);
    found.extend(tor(device, settings.desk.as_deref(), proxy.as_deref()));
    found
}

/// Whether the way to an onion address is open, as far as this machine goes.
fn tor(device: &Path, desk: Option<&str>, proxy: Option<&str>) -> Option<Finding> {
    let known = files::load_plain_text(&device.join("desk.txt"), 512).ok();
    let desk = desk.or(known.as_deref())?;
    if !desk.contains(".onion") {
        return None;
    }
    let start = "start tor; `--proxy socks5h://127.0.0.1:9050` is where Debian's answers";
    let why = "without it the desk cannot be reached, and testimonies stay unread";
    let Some(proxy) = proxy else {
        return Some(Finding::note("tor-not-asked").says(
            "no proxy was named, so nobody asked whether tor answers",
            why,
            start,
        ));
    };
    let place = proxy.split_once("://").map_or(proxy, |(_, place)| place).trim_end_matches('/');
    let address: Option<SocketAddr> = place.replace("localhost", "127.0.0.1").parse().ok();
    let answers = address.is_some_and(|at| TcpStream::connect_timeout(&at, WAIT).is_ok());
    Some(if answers {
        Finding::good("tor", proxy)
    } else {
        Finding::soon("tor-does-not-answer").with("address", proxy).says(
            format!("nobody answers at {proxy}"),
            why,
            start,
        )
    })
}

/// Per cent of the disk from which it is told, and from which it presses.
const FULL: (u8, u8) = (85, 95);
/// How long a proxy on this machine may take to answer.
const WAIT: Duration = Duration::from_secs(2);
