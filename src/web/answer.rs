//! Answers: a page, a page elsewhere, a method that is not for this place.

use std::{
    convert::Infallible,
    io::Write as _,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::{Body, HttpBody},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING, CONTENT_TYPE, LOCATION},
    },
    response::Response,
};
use bytes::Bytes;
use flate2::{Compression, GzBuilder};
use hyper::body::{Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;

use crate::digest::Digest;

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const CSS: HeaderValue = HeaderValue::from_static("text/css; charset=utf-8");

/// A page that is the same for everyone: drawn once, compressed once.
pub(super) struct Static {
    kind: HeaderValue,
    plain: Bytes,
    gzip: Bytes,
}

impl Static {
    pub(super) fn html(text: String) -> Self {
        Self::new(HTML, text)
    }

    pub(super) fn css(text: String) -> Self {
        Self::new(CSS, text)
    }

    /// SHA-256 of the page, not packed.
    pub(super) fn digest(&self) -> Digest {
        Digest::of(&self.plain)
    }

    fn new(kind: HeaderValue, text: String) -> Self {
        // No name and no time in the gzip header: the same page is the same bytes on every server.
        let mut gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
        let packed = gzip.write_all(text.as_bytes()).and_then(|()| gzip.finish());
        let plain = Bytes::from(text);
        let gzip = packed.map_or_else(|_| Bytes::new(), Bytes::from);
        Self { kind, plain, gzip }
    }
}

/// How an answer may be packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Plain,
    Gzip,
}

impl Encoding {
    /// What the request's `Accept-Encoding` allows.
    pub(super) fn accepted(headers: &HeaderMap) -> Self {
        let lists = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        let gzip = lists.flat_map(|list| list.split(',')).any(|item| {
            let mut words = item.split(';').map(str::trim);
            words.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"))
                && !words.any(is_nothing)
        });
        if gzip { Self::Gzip } else { Self::Plain }
    }
}

/// Whether it is a weight of zero: `q=0`, `q=0.000`.
fn is_nothing(weight: &str) -> bool {
    let digits = weight.strip_prefix("q=").or_else(|| weight.strip_prefix("Q="));
    digits.is_some_and(|digits| digits.chars().all(|c| matches!(c, '0' | '.')))
}

/// A static page. It does not vary with anything but the encoding, and nothing may cache it.
pub(super) fn page(status: StatusCode, page: &Static, encoding: Encoding) -> Response {
    let packed = encoding == Encoding::Gzip && !page.gzip.is_empty();
    let body = if packed { page.gzip.clone() } else { page.plain.clone() };
    let mut response = answer(status, page.kind.clone(), Body::from(body));
    if packed {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// A page made for one reader; never compressed, its length would speak.
pub(super) fn html(status: StatusCode, text: String) -> Response {
    answer(status, HTML, Body::from(text))
}

/// The same for a page so large that only a few may be on their way at once; `place` is given back
/// when it has been sent, or its reader cut off.
pub(super) fn large_html(text: String, place: OwnedSemaphorePermit) -> Response {
    answer(StatusCode::OK, HTML, Body::new(Large { left: text.into(), _place: place }))
}

/// A public file of which only a few may be on their way at once.
pub(super) fn large_file(
    kind: &'static str,
    bytes: Vec<u8>,
    place: OwnedSemaphorePermit,
) -> Response {
    file(kind, Body::new(Large { left: bytes.into(), _place: place }))
}

/// A page that is handed out piece by piece, each a copy, so that it is gone once the last one is.
struct Large {
    left: Bytes,
    _place: OwnedSemaphorePermit,
}

impl HttpBody for Large {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = self.left.len().min(PIECE);
        let piece = self.left.split_to(piece);
        Poll::Ready((!piece.is_empty()).then(|| Ok(Frame::data(Bytes::copy_from_slice(&piece)))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(u64::try_from(self.left.len()).unwrap_or(u64::MAX))
    }
}

const PIECE: usize = 16 * 1024;

/// The answer to every form: go and read that page.
pub(super) fn see_other(place: &str) -> Response {
    let mut response = answer(StatusCode::SEE_OTHER, HTML, Body::empty());
    if let Ok(place) = HeaderValue::from_str(place) {
        response.headers_mut().insert(LOCATION, place);
    }
    response
}

/// 405.
pub(super) fn not_allowed(shown: &Static, encoding: Encoding) -> Response {
    let mut response = page(StatusCode::METHOD_NOT_ALLOWED, shown, encoding);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
    response
}

/// A public file: the same for everyone, never packed, cached by nobody.
pub(super) fn file(kind: &'static str, bytes: impl Into<Body>) -> Response {
    answer(StatusCode::OK, HeaderValue::from_static(kind), bytes.into())
}

fn answer(status: StatusCode, kind: HeaderValue, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
