//! The headers of every answer: the same on every route, method and status.
//!
//! Promises: 1. nothing may be cached, framed, sniffed, embedded or run; 2. never a cookie, an entity
//! tag, a server name or a date; 3. a status or a route adds nothing but what HTTP demands of it
//! (`Location`, `Allow`, `Retry-After`, `Content-Encoding`).
//! Spec: `docs/format/web.md`.

use axum::http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
        X_FRAME_OPTIONS,
    },
};

/// What every answer carries.
pub const ALWAYS: [(HeaderName, HeaderValue); 11] = [
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (name("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (name("cross-origin-embedder-policy"), HeaderValue::from_static("require-corp")),
    (name("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (name("permissions-policy"), HeaderValue::from_static(PERMISSIONS)),
    (name("x-robots-tag"), HeaderValue::from_static("noindex, nofollow, noarchive")),
    (name("x-dns-prefetch-control"), HeaderValue::from_static("off")),
];

/// Sent with the form: a worker or a store that was once planted does not survive it.
pub const CLEAR: (HeaderName, HeaderValue) =
    (name("clear-site-data"), HeaderValue::from_static("\"storage\""));

/// Sent with a stylesheet of the pages that come after words: the browser forgets the pages that it
/// still holds in memory, so that going back shows no form with words in it.
pub const FORGET: (HeaderName, HeaderValue) =
    (name("clear-site-data"), HeaderValue::from_static("\"cache\""));

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self'; \
    connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types sandyk";

const PERMISSIONS: &str = "accelerometer=(), ambient-light-sensor=(), autoplay=(), battery=(), \
    bluetooth=(), browsing-topics=(), camera=(), clipboard-read=(), clipboard-write=(), \
    display-capture=(), document-domain=(), encrypted-media=(), fullscreen=(), gamepad=(), \
    geolocation=(), gyroscope=(), hid=(), identity-credentials-get=(), idle-detection=(), \
    local-fonts=(), magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), \
    publickey-credentials-create=(), publickey-credentials-get=(), screen-wake-lock=(), \
    serial=(), speaker-selection=(), storage-access=(), usb=(), web-share=(), \
    window-management=(), xr-spatial-tracking=()";

const fn name(text: &'static str) -> HeaderName {
    HeaderName::from_static(text)
}

/// Puts [`ALWAYS`] on an answer.
pub fn put(headers: &mut HeaderMap) {
    for (name, value) in ALWAYS {
        headers.insert(name, value);
    }
}
