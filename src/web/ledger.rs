//! The public log: five kinds of files that are the same for everyone.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use tokio::time::timeout;

use super::{
    PLACE_SECONDS, Web,
    answer::{self, Encoding},
};

const TEXT: &str = "text/plain; charset=utf-8";
const BYTES: &str = "application/octet-stream";

/// The key that signs the log and the promises.
pub(super) async fn key(State(web): State<Web>) -> Response {
    answer::file(TEXT, web.intake.log().key())
}

/// The signed checkpoint.
pub(super) async fn checkpoint(State(web): State<Web>, headers: HeaderMap) -> Response {
    let shown = web.intake.log().shown();
    if shown.checkpoint.is_empty() {
        return super::strange(&web, &headers);
    }
    answer::file(TEXT, shown.checkpoint.clone())
}

/// All lines.
pub(super) async fn entries(State(web): State<Web>, headers: HeaderMap) -> Response {
    let shown = web.intake.log().shown();
    if shown.checkpoint.is_empty() {
        return super::strange(&web, &headers);
    }
    answer::file(TEXT, shown.entries.clone())
}

/// What the roots say that this site must serve.
pub(super) async fn site(State(web): State<Web>, headers: HeaderMap) -> Response {
    match web.intake.log().site() {
        Some(note) => answer::file(TEXT, note),
        None => super::strange(&web, &headers),
    }
}

/// The batch of one week, always whole: nobody learns which leaf is looked for.
pub(super) async fn batch(
    State(web): State<Web>,
    Path(week): Path<String>,
    headers: HeaderMap,
) -> Response {
    let busy = || {
        let busy = &web.site.of(crate::locale::Lang::En).busy;
        answer::page(StatusCode::SERVICE_UNAVAILABLE, busy, Encoding::accepted(&headers))
    };
    let Ok(week) = week.parse() else { return super::strange(&web, &headers) };
    let place = Arc::clone(&web.large).acquire_owned();
    let Ok(Ok(place)) = timeout(Duration::from_secs(PLACE_SECONDS), place).await else {
        return busy();
    };
    match web.intake.log().batch(week).await {
        Ok(Some(file)) => answer::large_file(BYTES, file, place),
        Ok(None) => super::strange(&web, &headers),
        Err(_) => busy(),
    }
}
