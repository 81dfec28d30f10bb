//! Coming back: a code is typed, a mailbox opens, answers are read and deleted.
//!
//! The code comes in the body of a POST and goes straight into its derivation. It stands in no address,
//! no hidden field and no header; what is typed wrong comes back on a page read once.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode, Uri, header::CONTENT_TYPE},
    response::Response,
};
use zeroize::Zeroizing;

use super::{
    Web,
    answer::{self, Encoding},
    crowd::Seat,
    multipart::{self, Form as Parts},
    pace::Pace,
    pages::{Again, Answer, CODE_FIELD, MailboxPage, REPLY_FIELD, once_path},
};
use crate::{
    intake::{MailboxKeys, OncePage, Unkept, mailbox::Shown},
    locale::Lang,
    receipt::{Receipt, ReceiptError},
};

/// Seconds that a POST with a code waits for its mailbox; afterwards a page waits.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of a code as it is typed; longer ones are cut, and are none.
const MAX_CODE: usize = 1_000;

/// The page on which a code is typed.
pub(super) async fn enter(
    State(web): State<Web>,
    Path(tag): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some(lang) = Lang::parse(&tag) else { return super::strange(&web, &headers) };
    answer::page(StatusCode::OK, &web.site.of(lang).enter, Encoding::accepted(&headers))
}

/// Opens the mailbox of the code that was typed, or asks again.
pub(super) async fn open(
    State(web): State<Web>,
    Path(tag): Path<String>,
    request: Request,
) -> Response {
    let Some(lang) = Lang::parse(&tag) else {
        return refuse(&web, request, super::strange).await;
    };
    let encoding = Encoding::accepted(request.headers());
    let seat = request.extensions().get::<Arc<Seat>>().cloned();
    let typed = small_field(&web, request, CODE_FIELD).await;
    // From here on it is we who let them wait.
    let _waits = seat.as_ref().map(|seat| seat.waits_for_us());
    visit(&web, lang, typed, encoding).await
}

async fn visit(web: &Web, lang: Lang, typed: Zeroizing<String>, encoding: Encoding) -> Response {
    let problem = match Receipt::parse(&typed) {
        Ok(receipt) => match web.intake.visit(receipt, PATIENCE).await {
            Ok(address) => return answer::see_other(&once_path(lang, &address)),
            Err(_) => "busy-text",
        },
        Err(error) => what_is_wrong(&error),
    };
    let page = OncePage::Enter { problem: problem.to_owned(), typed: typed.to_string() };
    match web.intake.pages().keep(&page) {
        Ok(address) => answer::see_other(&once_path(lang, &address)),
        Err(_) => answer::page(StatusCode::SERVICE_UNAVAILABLE, &web.site.of(lang).busy, encoding),
    }
}

fn what_is_wrong(error: &ReceiptError) -> &'static str {
    match error {
        ReceiptError::TooFewDigits(_)
        | ReceiptError::TooManyDigits
        | ReceiptError::TooFewWords(_)
        | ReceiptError::TooManyWords => "mailbox-length",
        ReceiptError::NotDigits
        | ReceiptError::UnknownWord
        | ReceiptError::Mistyped
        | ReceiptError::Derivation => "mailbox-typo",
    }
}

/// "Yes, this is my code": what was offered is opened.
pub(super) async fn confirm(
    State(web): State<Web>,
    Path((tag, address)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some(lang) = Lang::parse(&tag) else { return super::strange(&web, &headers) };
    let encoding = Encoding::accepted(&headers);
    let meant = match web.intake.pages().read(&address) {
        Some(OncePage::Enter { typed, .. }) => crate::receipt::Repair::of(&typed),
        Some(_) | None => None,
    };
    let Some(meant) = meant else {
        return answer::page(StatusCode::NOT_FOUND, &web.site.of(lang).gone, encoding);
    };
    web.intake.pages().burn(&address);
    let code = Zeroizing::new(meant.shown().expose().to_owned());
    visit(&web, lang, code, encoding).await
}

/// One of the forms of a mailbox, empty. It is the same for everyone, but only there while the mailbox is.
pub(super) async fn form(
    State(web): State<Web>,
    Path((tag, address)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let Some(lang) = Lang::parse(&tag) else { return super::strange(&web, &headers) };
    let encoding = Encoding::accepted(&headers);
    let pages = web.site.of(lang);
    let is_mailbox = matches!(web.intake.pages().read(&address), Some(OncePage::Mailbox { .. }));
    match Again::at(uri.path()).and_then(|again| pages.again(again)) {
        Some(form) if is_mailbox => answer::page(StatusCode::OK, &form.page, encoding),
        Some(_) | None => answer::page(StatusCode::NOT_FOUND, &pages.gone, encoding),
    }
}

/// Deletes one answer.
pub(super) async fn delete(
    State(web): State<Web>,
    Path((tag, address)): Path<(String, String)>,
    request: Request,
) -> Response {
    let Some(lang) = Lang::parse(&tag) else {
        return refuse(&web, request, super::strange).await;
    };
    let encoding = Encoding::accepted(request.headers());
    let id = small_field(&web, request, REPLY_FIELD).await;
    let Some(OncePage::Mailbox { keys, .. }) = web.intake.pages().read(&address) else {
        return answer::page(StatusCode::NOT_FOUND, &web.site.of(lang).gone, encoding);
    };
    let deleted = match id.parse() {
        Ok(id) => web.intake.delete_reply(&keys, id).await.is_ok(),
        Err(_) => false,
    };
    let notice = if deleted { "box-deleted" } else { "box-undeleted" };
    tell(&web, &address, keys, notice, Vec::new());
    answer::see_other(&once_path(lang, &address))
}

/// The mailbox's page says this from now on.
pub(super) fn tell(
    web: &Web,
    address: &str,
    keys: MailboxKeys,
    notice: &str,
    unkept: Vec<(String, Unkept)>,
) {
    let page = OncePage::Mailbox { keys, notice: Some(notice.to_owned()), unkept };
    web.intake.pages().change(address, &page);
}

/// What the page of a mailbox is drawn from, beside its answers.
pub(super) struct Visit<'a> {
    pub(super) address: &'a str,
    pub(super) keys: MailboxKeys,
    pub(super) notice: Option<String>,
    pub(super) unkept: Vec<(String, Unkept)>,
    /// Newer answers that are left out.
    pub(super) newer: usize,
}

/// The page of a mailbox, with what waits in it at this moment.
pub(super) async fn show(web: &Web, lang: Lang, visit: Visit<'_>) -> Response {
    let Visit { address, keys, notice, unkept, newer } = visit;
    let found = web.intake.replies(&keys, newer).await;
    let mut notices: Vec<&str> = notice.iter().map(String::as_str).collect();
    if found.is_err() {
        notices.push("box-unread");
    }
    let (found, older) = found.map_or_else(|_| (Vec::new(), None), |it| (it.shown, it.older));
    let named: Vec<(String, &Shown)> = found.iter().map(|one| (one.id.to_string(), one)).collect();
    let answers: Vec<_> = named.iter().map(|(id, shown)| answer_of(id, shown)).collect();
    let page =
        MailboxPage { address, notices: &notices, answers: &answers, newer, older, ..MAILBOX };
    answer::html(StatusCode::OK, web.site.mailbox(lang, page, &unkept))
}

const MAILBOX: MailboxPage<'_> = MailboxPage {
    address: "",
    notices: &[],
    files: &[],
    answers: &[],
    newer: 0,
    older: None,
    minutes: super::site::MINUTES,
};

fn answer_of<'a>(id: &'a str, shown: &'a Shown) -> Answer<'a> {
    match &shown.outcome {
        Ok(said) => Answer::Said { id, number: said.number, text: said.text.expose() },
        Err(_) => Answer::Forged { id },
    }
}

/// A field of a small form; empty if it is not there. Everything else of the body is read and dropped.
async fn small_field(web: &Web, request: Request, name: &str) -> Zeroizing<String> {
    let (head, body) = request.into_parts();
    let content_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let limits = web.intake.limits();
    let content_type = content_type.unwrap_or_default();
    if !multipart::is_form(content_type) {
        multipart::discard(body, limits).await;
        return Zeroizing::default();
    }
    let mut found = Zeroizing::new(Vec::with_capacity(MAX_CODE));
    let (mut read, most) = (0_u64, multipart::most_drained(limits));
    let Some(mut parts) = Parts::new(body, content_type, Pace::of(limits)) else {
        return Zeroizing::default();
    };
    while let Ok(Some(mut part)) = parts.next().await {
        let wanted = part.name() == name && part.file_name().is_none() && found.is_empty();
        while let Ok(Some(bytes)) = part.chunk().await {
            let room = MAX_CODE.saturating_sub(found.len());
            found.extend(bytes.iter().take(if wanted { room } else { 0 }));
            read = read.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
            if read > most {
                return Zeroizing::default();
            }
        }
    }
    Zeroizing::new(String::from_utf8_lossy(&found).into_owned())
}

/// Reads what nobody wants, then answers.
async fn refuse(
    web: &Web,
    request: Request,
    with: impl FnOnce(&Web, &HeaderMap) -> Response,
) -> Response {
    let (head, body) = request.into_parts();
    multipart::discard(body, web.intake.limits()).await;
    with(web, &head.headers)
}
