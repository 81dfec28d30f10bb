//! The witnesses' pages over HTTP: a few static pages, one form, and answers that are read once.
//!
//! Promises: 1. a handler has no way to bytes at rest: everything goes through `intake`; 2. every POST
//! is answered by a 303 to a page that lives in memory only; 3. the same headers on every answer
//! (`headers`); 4. nothing about a request is logged, at any level; 5. without a usable keyring every
//! page is the offline page.
//! Spec: `docs/format/web.md`.

mod answer;
mod crowd;
pub mod desk;
pub mod headers;
mod ledger;
pub mod listen;
mod mailbox;
mod multipart;
pub mod pace;
pub mod pages;
mod refusals;
mod site;
mod stream;
mod submit;

pub use refusals::Refusals;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, HttpBody as _},
    extract::{Path, Request, State},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode, Uri,
        header::{ALLOW, CONNECTION, HeaderName},
    },
    middleware::{self, Next},
    response::Response,
    routing::{MethodRouter, get, post},
};
use tokio::{sync::Semaphore, time::timeout};

use self::{answer::Encoding, site::Site};
use crate::{
    config::{Limits, Organisation},
    digest::Digest,
    intake::{Intake, OncePage},
    locale::Lang,
};

/// What every handler needs.
#[derive(Clone)]
struct Web {
    intake: Arc<Intake>,
    site: Arc<Site>,
    large: Arc<Semaphore>,
}

/// The witnesses' site.
///
/// # Errors
/// A language file that does not hold together; nothing is served then.
pub fn router(
    intake: Arc<Intake>,
    organisation: &Organisation,
) -> Result<Router, crate::locale::LocaleError> {
    let site = Arc::new(Site::draw(organisation, intake.limits())?);
    let web = Web { intake, site, large: Arc::new(Semaphore::new(LARGE_AT_ONCE)) };
    let routes = Router::new()
        .route("/", get(languages))
        .route(pages::STYLE_PATH, get(style))
        .route(pages::AFTER_PATH, get(after))
        .route("/ledger/key", get(ledger::key))
        .route("/ledger/checkpoint", get(ledger::checkpoint))
        .route("/ledger/entries", get(ledger::entries))
        .route("/ledger/site", get(ledger::site))
        .route("/ledger/batch/{week}", get(ledger::batch))
        .route("/{tag}", get(form))
        .route("/{tag}/leave", get(leave))
        .route("/{tag}/about", get(about))
        .route("/{tag}/send", post(submit::send))
        .route("/{tag}/mailbox", get(mailbox::enter).post(mailbox::open))
        .route("/{tag}/once/{address}", get(once))
        .route("/{tag}/once/{address}/", get(once))
        .route("/{tag}/once/{address}/older/{newer}", get(older))
        .route("/{tag}/once/{address}/open", post(mailbox::confirm))
        .route("/{tag}/once/{address}/delete", post(mailbox::delete))
        .route("/{tag}/once/{address}/write", again())
        .route("/{tag}/once/{address}/correct", again())
        .route("/{tag}/once/{address}/consent", again())
        .route("/{tag}/once/{address}/withdraw", again())
        .route("/{tag}/once/{address}/done", post(burn))
        .fallback(not_found)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(web.clone(), guard))
        .with_state(web);
    // A layer of the routes themselves comes before axum adds `Allow` to whatever they answered.
    Ok(Router::new().fallback_service(routes).layer(middleware::map_response(finish)))
}

/// The hash of every file that this site serves to everyone alike, at its path; what the roots sign.
///
/// # Errors
/// A language file that does not hold together.
pub fn files(
    organisation: &Organisation,
    limits: &Limits,
) -> Result<BTreeMap<String, Digest>, crate::locale::LocaleError> {
    Ok(Site::draw(organisation, limits)?.files())
}

/// A form of a mailbox, and what is sent from it.
fn again() -> MethodRouter<Web> {
    get(mailbox::form).post(submit::again)
}

/// What is said to those whose request cannot be read at all.
///
/// # Errors
/// A language file that does not hold together.
pub fn refusals(
    organisation: &Organisation,
    limits: &Limits,
) -> Result<Refusals, crate::locale::LocaleError> {
    Ok(Refusals::with(&site::unreadable(organisation, limits)?))
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SERVICE_WORKER: HeaderName = HeaderName::from_static("service-worker");

/// What is refused before any handler runs.
async fn guard(State(web): State<Web>, request: Request, next: Next) -> Response {
    // Whoever sends a body where none belongs may mean something else by its end than we do.
    let secret = request.method() == Method::POST
        || request.uri().path().contains("/once/")
        || !request.body().is_end_stream();
    let mut response = admit(&web, request, next).await;
    if secret {
        // Buffers of a connection live as long as it does: what was typed or shown goes with it.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Where a handler reads the body itself.
fn takes_a_body(path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or_default();
    ["send", "mailbox", "delete"].contains(&last) || pages::Again::at(path).is_some()
}

/// Reads what nobody wants before it is answered; forms are the bodies that somebody does.
async fn admit(web: &Web, request: Request, next: Next) -> Response {
    let refusal = refusal(web, &request);
    let is_form = request.method() == Method::POST && takes_a_body(request.uri().path());
    let (head, body) = request.into_parts();
    let body = if refusal.is_none() && is_form {
        body
    } else {
        multipart::discard(body, web.intake.limits()).await;
        Body::empty()
    };
    match refusal {
        Some(refusal) => refusal,
        None => next.run(Request::from_parts(head, body)).await,
    }
}

fn refusal(web: &Web, request: &Request) -> Option<Response> {
    let (method, headers, path) = (request.method(), request.headers(), request.uri().path());
    let encoding = Encoding::accepted(headers);
    if headers.contains_key(SERVICE_WORKER) {
        return Some(answer::page(StatusCode::NOT_FOUND, &web.site.languages, encoding));
    }
    if ![Method::GET, Method::HEAD, Method::POST].contains(method) {
        return Some(answer::not_allowed(&web.site.languages, encoding));
    }
    if !answers_while_closed(method, path) && web.intake.readers().is_err() {
        let offline = &web.site.offline;
        return Some(answer::page(StatusCode::SERVICE_UNAVAILABLE, offline, encoding));
    }
    // No address of ours needs an escape; what has one is somewhere else.
    if path.contains('%') {
        return Some(answer::page(StatusCode::NOT_FOUND, &web.site.languages, encoding));
    }
    if method == Method::POST && from_another_site(headers) {
        return Some(answer::page(StatusCode::FORBIDDEN, &web.site.languages, encoding));
    }
    None
}

/// While the intake is closed nothing is taken in, but what somebody has typed meanwhile goes back to
/// them: the form is answered as always, and the page that it leads to can be read. The public log
/// proves what was promised before, and stays. So do mailboxes: answers can be read.
fn answers_while_closed(method: &Method, path: &str) -> bool {
    [pages::STYLE_PATH, pages::AFTER_PATH].contains(&path)
        || path.starts_with("/ledger/")
        || path.contains("/once/")
        || path.ends_with("/mailbox")
        || (method == Method::POST && path.ends_with("/send"))
}

/// A browser that says where a form was sent from says the truth; one that says nothing is let in.
fn from_another_site(headers: &HeaderMap) -> bool {
    headers.get_all(SEC_FETCH_SITE).iter().any(|site| site != "same-origin" && site != "none")
}

async fn finish(mut response: Response) -> Response {
    if response.status() != StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().remove(ALLOW);
    }
    headers::put(response.headers_mut());
    response
}

async fn languages(State(web): State<Web>, headers: HeaderMap) -> Response {
    answer::page(StatusCode::OK, &web.site.languages, Encoding::accepted(&headers))
}

async fn style(State(web): State<Web>, headers: HeaderMap) -> Response {
    answer::page(StatusCode::OK, &web.site.style, Encoding::accepted(&headers))
}

/// A stylesheet of the pages that come after words. When it is fetched, the page before is already
/// among those that the browser holds for going back; a header of the page itself comes too early.
async fn after(State(web): State<Web>, headers: HeaderMap) -> Response {
    let mut response = answer::page(StatusCode::OK, &web.site.after, Encoding::accepted(&headers));
    let (name, value) = headers::FORGET;
    response.headers_mut().insert(name, value);
    response
}

async fn form(State(web): State<Web>, Path(tag): Path<String>, headers: HeaderMap) -> Response {
    let encoding = Encoding::accepted(&headers);
    let Some(lang) = Lang::parse(&tag) else { return strange(&web, &headers) };
    let mut response = answer::page(StatusCode::OK, &web.site.of(lang).form, encoding);
    let (name, value) = headers::CLEAR;
    response.headers_mut().insert(name, value);
    response
}

async fn leave(State(web): State<Web>, Path(tag): Path<String>, headers: HeaderMap) -> Response {
    let Some(lang) = Lang::parse(&tag) else { return strange(&web, &headers) };
    answer::html(StatusCode::OK, web.site.leave(lang))
}

async fn about(State(web): State<Web>, Path(tag): Path<String>, headers: HeaderMap) -> Response {
    let Some(lang) = Lang::parse(&tag) else { return strange(&web, &headers) };
    answer::page(StatusCode::OK, &web.site.of(lang).about, Encoding::accepted(&headers))
}

/// A page that is read once; what was there and what never was look the same when it is gone.
async fn once(
    State(web): State<Web>,
    Path((tag, address)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some(lang) = Lang::parse(&tag) else { return strange(&web, &headers) };
    read_once(&web, lang, &address, &headers, 0).await
}

/// The same of a mailbox, without so many of the newest answers.
async fn older(
    State(web): State<Web>,
    Path((tag, address, newer)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some(lang) = Lang::parse(&tag) else { return strange(&web, &headers) };
    let newer = newer.parse::<u8>().unwrap_or_default();
    read_once(&web, lang, &address, &headers, newer.into()).await
}

async fn read_once(
    web: &Web,
    lang: Lang,
    address: &str,
    headers: &HeaderMap,
    newer: usize,
) -> Response {
    let (pages, encoding) = (web.intake.pages(), Encoding::accepted(headers));
    let gone = || answer::page(StatusCode::NOT_FOUND, &web.site.of(lang).gone, encoding);
    let draw = |page: &OncePage| {
        web.site.once(lang, address, page, |number| web.intake.place_in_line(number))
    };
    match pages.size(address) {
        None => gone(),
        Some(..=LARGE) => match pages.read(address) {
            None => gone(),
            Some(OncePage::Mailbox { keys, notice, unkept }) => {
                mailbox::show(web, lang, mailbox::Visit { address, keys, notice, unkept, newer })
                    .await
            }
            Some(page) => answer::html(StatusCode::OK, draw(&page)),
        },
        Some(_) => {
            let place = Arc::clone(&web.large).acquire_owned();
            let Ok(Ok(place)) = timeout(Duration::from_secs(PLACE_SECONDS), place).await else {
                let busy = &web.site.of(lang).busy;
                return answer::page(StatusCode::SERVICE_UNAVAILABLE, busy, encoding);
            };
            pages.read(address).map_or_else(gone, |page| answer::large_html(draw(&page), place))
        }
    }
}

/// Sealed bytes of a page above which it counts as large.
const LARGE: usize = 64 * 1024;
/// Large pages that may be on their way at once: drawn, one may take 12 MiB.
const LARGE_AT_ONCE: usize = 8;
/// Seconds that the reader of a large page waits for a place.
const PLACE_SECONDS: u64 = 30;

async fn burn(
    State(web): State<Web>,
    Path((tag, address)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some(lang) = Lang::parse(&tag) else { return strange(&web, &headers) };
    web.intake.pages().burn(&address);
    answer::see_other(&format!("/{}/leave", lang.tag()))
}

async fn not_found(State(web): State<Web>, uri: Uri, headers: HeaderMap) -> Response {
    let page = lang_of(&uri).map_or(&web.site.languages, |lang| &web.site.of(lang).missing);
    answer::page(StatusCode::NOT_FOUND, page, Encoding::accepted(&headers))
}

async fn wrong_method(State(web): State<Web>, uri: Uri, headers: HeaderMap) -> Response {
    let page = lang_of(&uri).map_or(&web.site.languages, |lang| &web.site.of(lang).method);
    answer::not_allowed(page, Encoding::accepted(&headers))
}

/// A path in a language that the site does not have.
fn strange(web: &Web, headers: &HeaderMap) -> Response {
    answer::page(StatusCode::NOT_FOUND, &web.site.languages, Encoding::accepted(headers))
}

/// The language that the first part of the path names.
fn lang_of(uri: &Uri) -> Option<Lang> {
    uri.path().split('/').nth(1).and_then(Lang::parse)
}
