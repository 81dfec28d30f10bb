//! What this very program would serve, for the roots to sign.

use std::{collections::BTreeMap, path::Path};

use crate::{cli::exit::CliError, config::ServerConfig, digest::Digest, web};

/// The organisation of a configuration, and the hash of each file at its path.
pub(super) fn served(config: &Path) -> Result<(String, BTreeMap<String, Digest>), CliError> {
    let config = ServerConfig::load(config)?;
    let files = web::files(&config.organisation, &config.limits)?;
    Ok((config.organisation.name, files))
}
