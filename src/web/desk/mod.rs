//! The desk's listener: HTTP/1.1 in, use cases of [`crate::desk`], bytes out.
//!
//! Promises: 1. no route answers anything but a fault to a request that is not admitted, and no
//! body is read before that; 2. bodies have one size and every answer a stated length; 3. answers
//! are never stored on the way; 4. at most [`STREAMS`] answers are streamed at once, a bounded
//! number of chunks each; 5. nothing is logged.
//! Does not: bind a listener, add `Server` or time out: `serve` does.
//! Spec: `docs/format/desk.md`.

mod body;
mod fault;

use std::{io, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, Uri, header, request::Parts},
    middleware,
    response::Response,
    routing::{get, post},
};
use rand::rngs::OsRng;
use serde::Serialize;
use tokio::{
    sync::Semaphore,
    time::{Instant, sleep},
};

use self::{
    body::{Shape, read_exactly, streamed, whole},
    fault::Refused,
};
use crate::{
    desk::{Asker, Asking, Desk, DeskError},
    rewrap::BATCH_BYTES,
    store::Store,
    wire::{
        self,
        envelopes::{ENVELOPES, MISSING, STEP},
        outbox::BODY,
        signature::{self, DIGEST_HEADER, Headers, INPUT_HEADER, SIGNATURE_HEADER},
    },
};

/// Most answers that are streamed at the same time.
pub const STREAMS: usize = 16;

/// The routes of the desk.
pub fn router<S: Store>(desk: Arc<Desk<S>>) -> Router {
    let face = Face { desk, streams: Arc::new(Semaphore::new(STREAMS)) };
    let routes = Router::new()
        .route(wire::CHANGES, get(changes::<S>))
        .route(wire::KEYRING, get(keyring::<S>))
        .route(&format!("{}{{id}}", wire::EXHIBITS), get(exhibits::<S>))
        .route(wire::OUTBOX, post(outbox::<S>))
        .route(MISSING, get(missing::<S>))
        .route(ENVELOPES, get(new_envelopes::<S>).post(take_envelopes::<S>))
        .fallback(nothing)
        .method_not_allowed_fallback(nothing)
        .with_state(face);
    // A layer of the routes themselves comes before axum adds `Allow` to whatever they answered.
    Router::new().fallback_service(routes).layer(middleware::map_response(without_allow))
}

/// What is not there has no methods either.
async fn without_allow(mut response: Response) -> Response {
    response.headers_mut().remove(header::ALLOW);
    response
}

struct Face<S> {
    desk: Arc<Desk<S>>,
    streams: Arc<Semaphore>,
}

impl<S> Clone for Face<S> {
    fn clone(&self) -> Self {
        Self { desk: Arc::clone(&self.desk), streams: Arc::clone(&self.streams) }
    }
}

async fn nothing() -> Refused {
    Refused(DeskError::NotFound)
}

async fn changes<S: Store>(
    State(face): State<Face<S>>,
    request: Request,
) -> Result<Response, Refused> {
    let (asker, after) = asked_after(&face, request)?;
    let desk = Arc::clone(&face.desk);
    let page = blocking(move || desk.page(&asker, after)).await?;
    let shape = Shape::tape(page.bytes());
    Ok(streamed(shape, face.streams, move |out| page.write_to(out)).await)
}

async fn keyring<S: Store>(
    State(face): State<Face<S>>,
    request: Request,
) -> Result<Response, Refused> {
    let (parts, _) = request.into_parts();
    admit_without_query(&face.desk, &parts)?;
    Ok(whole("application/x-tar", face.desk.keyrings()?.0))
}

async fn exhibits<S: Store>(
    State(face): State<Face<S>>,
    request: Request,
) -> Result<Response, Refused> {
    let (parts, _) = request.into_parts();
    admit_without_query(&face.desk, &parts)?;
    let id = parts.uri.path().strip_prefix(wire::EXHIBITS).unwrap_or_default();
    let id = id.parse().map_err(|_| DeskError::NotFound)?;
    let range = read_range(&parts.headers)?;
    let desk = Arc::clone(&face.desk);
    let mut found = blocking(move || desk.exhibits(id, range.unwrap_or(0))).await?;
    let shape = match range {
        None => Shape::exhibits(found.bytes),
        Some(from) => Shape::exhibits_from(from, found.bytes),
    };
    Ok(streamed(shape, face.streams, move |out| io::copy(&mut found, out).map(drop)).await)
}

async fn missing<S: Store>(
    State(face): State<Face<S>>,
    request: Request,
) -> Result<Response, Refused> {
    let (asker, after) = asked_after(&face, request)?;
    let desk = Arc::clone(&face.desk);
    let page = blocking(move || desk.missing(&asker, after)).await?;
    json(&page, STEP)
}

async fn new_envelopes<S: Store>(
    State(face): State<Face<S>>,
    request: Request,
) -> Result<Response, Refused> {
    let (asker, after) = asked_after(&face, request)?;
    let desk = Arc::clone(&face.desk);
    let tape = blocking(move || desk.new_envelopes(&asker, after)).await?;
    Ok(whole("application/x-tar", tape))
}

async fn take_envelopes<S: Store>(
    State(face): State<Face<S>>,
    request: Request,
) -> Result<Response, Refused> {
    let (parts, body) = request.into_parts();
    admit_without_query(&face.desk, &parts)?;
    let body = signed_body(&parts, body, BATCH_BYTES).await?;
    json(&face.desk.take_envelopes(&body).await?, STEP)
}

/// A body of exactly that size, whose digest was signed.
async fn signed_body(parts: &Parts, body: Body, size: usize) -> Result<Vec<u8>, DeskError> {
    let body = read_exactly(body, size).await?;
    let digest = one(&parts.headers, DIGEST_HEADER)?;
    if digest == signature::content_digest(&body) { Ok(body) } else { Err(DeskError::Digest) }
}

/// JSON, then spaces up to a multiple of `step` bytes.
fn json(value: &impl Serialize, step: usize) -> Result<Response, Refused> {
    let answer = serde_json::to_vec(value).map_err(io::Error::other);
    let mut answer = answer.map_err(store_error)?;
    // SECURITY(T2): nobody on the way counts what was handed in by the answer.
    answer.resize(answer.len().div_ceil(step).saturating_mul(step), b' ');
    Ok(whole("application/json", answer))
}

async fn outbox<S: Store>(
    State(face): State<Face<S>>,
    request: Request,
) -> Result<Response, Refused> {
    let (parts, body) = request.into_parts();
    admit_without_query(&face.desk, &parts)?;
    let body = signed_body(&parts, body, BODY).await?;
    let begun = Instant::now();
    let answer = face.desk.take_in(&body, &mut OsRng).await;
    // SECURITY(T2): nor by how long it took to make it durable; most pushes fit into one step.
    sleep(until_step(begun.elapsed())).await;
    json(&answer?, wire::PUSH_ANSWER)
}

/// How long from now to the next whole step.
fn until_step(took: Duration) -> Duration {
    let step = wire::PUSH_STEP.as_micros();
    let over = took.as_micros().checked_rem(step).unwrap_or_default();
    Duration::from_micros(u64::try_from(step.saturating_sub(over)).unwrap_or_default())
}

fn admit_without_query<S: Store>(desk: &Desk<S>, parts: &Parts) -> Result<(), DeskError> {
    admit(desk, parts)?;
    parts.uri.query().map_or(Ok(()), |_| Err(DeskError::Query))
}

/// Who asks, and after which place.
fn asked_after<S: Store>(face: &Face<S>, request: Request) -> Result<(Asker, u64), DeskError> {
    let (parts, _) = request.into_parts();
    Ok((admit(&face.desk, &parts)?, read_after(&parts.uri)?))
}

fn admit<S: Store>(desk: &Desk<S>, parts: &Parts) -> Result<Asker, DeskError> {
    let headers = &parts.headers;
    if parts.uri.authority().is_some() {
        return Err(DeskError::Signature);
    }
    let authority = signature::authority(one(headers, header::HOST.as_str())?);
    let has_body = parts.method == axum::http::Method::POST;
    let content_digest = has_body.then(|| one(headers, DIGEST_HEADER)).transpose()?;
    let asking = Asking {
        request: signature::Request {
            method: parts.method.as_str(),
            authority: &authority,
            path: parts.uri.path(),
            query: parts.uri.query(),
            content_digest,
        },
        headers: Headers {
            input: one(headers, INPUT_HEADER)?.to_owned(),
            signature: one(headers, SIGNATURE_HEADER)?.to_owned(),
        },
    };
    desk.admit(&asking)
}

/// The value of a header that must stand there exactly once.
fn one<'h>(headers: &'h HeaderMap, name: &str) -> Result<&'h str, DeskError> {
    let mut values = headers.get_all(name).iter();
    match (values.next().map(|value| value.to_str()), values.next()) {
        (Some(Ok(value)), None) => Ok(value),
        _ => Err(DeskError::Signature),
    }
}

fn read_after(uri: &Uri) -> Result<u64, DeskError> {
    let digits = uri.query().and_then(|query| query.strip_prefix("after="));
    digits.and_then(read_number).ok_or(DeskError::Query)
}

/// The first byte of `Range: bytes=N-`; no other range is known here.
fn read_range(headers: &HeaderMap) -> Result<Option<u64>, DeskError> {
    if !headers.contains_key(header::RANGE) {
        return Ok(None);
    }
    let range = one(headers, header::RANGE.as_str())?;
    let from = range.strip_prefix("bytes=").and_then(|range| range.strip_suffix('-'));
    from.and_then(read_number).map(Some).ok_or(DeskError::Query)
}

fn read_number(digits: &str) -> Option<u64> {
    let plain = (1..=20).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, DeskError> + Send + 'static,
) -> Result<T, DeskError> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other).map_err(store_error)?
}

fn store_error(error: io::Error) -> DeskError {
    DeskError::Store(error.into())
}

impl From<DeskError> for Refused {
    fn from(error: DeskError) -> Self {
        Self(error)
    }
}

/// The status that goes with each reason.
const fn status_of(error: &DeskError) -> StatusCode {
    match error {
        DeskError::Signature
        | DeskError::UnknownDevice
        | DeskError::Suspended
        | DeskError::Clock { .. }
        | DeskError::JustStarted
        | DeskError::Replayed => StatusCode::UNAUTHORIZED,
        DeskError::Authority => StatusCode::MISDIRECTED_REQUEST,
        DeskError::TooMany => StatusCode::TOO_MANY_REQUESTS,
        DeskError::Query | DeskError::Digest | DeskError::Outbox(_) | DeskError::Batch(_) => {
            StatusCode::BAD_REQUEST
        }
        DeskError::NotFound => StatusCode::NOT_FOUND,
        DeskError::Range { .. } => StatusCode::RANGE_NOT_SATISFIABLE,
        DeskError::Store(_) | DeskError::Folder(_) => StatusCode::SERVICE_UNAVAILABLE,
        DeskError::Damaged { .. } => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
