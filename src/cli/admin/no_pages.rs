//! A build without the server has no pages that anybody could sign.

use std::{collections::BTreeMap, path::Path};

use crate::{
    cli::{exit::CliError, words::Words},
    digest::Digest,
};

/// Says that there are none.
pub(super) fn served(_config: &Path) -> Result<(String, BTreeMap<String, Digest>), CliError> {
    Err(CliError::failed("this build of sandyk has no pages of a site")
        .kept("nothing was written")
        .advice("draft the manifest with the build that serves, then sign it here")
        .words(Words::of("manifest-no-pages")))
}
