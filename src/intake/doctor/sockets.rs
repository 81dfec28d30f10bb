//! Where the server listens, and who can come there.

use std::{
    fs,
    os::unix::{
        fs::{FileTypeExt as _, PermissionsExt as _},
        net::UnixStream,
    },
    path::Path,
};

use crate::{
    config::{Listen, ServerConfig},
    finding::Finding,
};

pub(super) fn examine(config: &ServerConfig) -> Vec<Finding> {
    let desk = config.desk.as_ref().map(|desk| ("desk", &desk.listen));
    let all = [Some(("intake", &config.intake.listen)), desk];
    all.into_iter().flatten().map(|(what, listen)| listens(what, listen)).collect()
}

fn listens(what: &str, listen: &Listen) -> Finding {
    let address = match listen {
        Listen::Unix(path) => return socket(what, path),
        Listen::Tcp(address) => address,
    };
    let about = format!("{what} {address}");
    let unix = format!("in server.toml: listen = \"unix:/run/sandyk/{what}.sock\"");
    if address.ip().is_loopback() {
        return Finding::note("listens-on-a-port")
            .about(about)
            .with("address", address)
            .with("what", what)
            .says(
                format!("{address} is open to every program of this machine"),
                "a socket file can be kept for tor alone, a port cannot",
                unix,
            );
    }
    Finding::now("listens-to-everybody")
        .about(about)
        .with("address", address)
        .with("what", what)
        .says(
            format!("{address} can be reached from other machines"),
            "whoever comes there comes without tor: their address and words are seen on the way",
            unix,
        )
}

fn socket(what: &str, path: &Path) -> Finding {
    let shown = path.display();
    let about = format!("{what} {shown}");
    let is_socket = fs::metadata(path).is_ok_and(|about| about.file_type().is_socket());
    if !is_socket || UnixStream::connect(path).is_err_and(|error| !is_denied(&error)) {
        return Finding::now("nobody-answers").about(about).with("file", &shown).says(
            format!("nobody answers at {shown}"),
            "witnesses see an error, and readers fetch nothing",
            "`systemctl status sandyk`, `journalctl -u sandyk`; start it again",
        );
    }
    let mode = |path: &Path| fs::metadata(path).map_or(0, |about| about.permissions().mode());
    let folder = path.parent().unwrap_or(path);
    if mode(folder) & 0o005 != 0 && mode(path) & 0o002 != 0 {
        return Finding::soon("socket-is-open").about(about).with("file", &shown).says(
            format!("every account of this machine can come to {shown}"),
            "only tor should: others could pass for witnesses, or count them",
            "install deploy/tmpfiles.d/sandyk.conf again, then restart the server",
        );
    }
    Finding::good("socket", about)
}

fn is_denied(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::PermissionDenied
}
