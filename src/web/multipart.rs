//! Reading a form that arrives in parts, with bounds that a hostile sender cannot move.
//!
//! Promises: 1. no more of a request is in memory than one chunk and one unfinished part header;
//! 2. a sender who falls silent or dribbles is cut off (`pace`), and nobody sends for more than a day.
//! Does not: parse; that is the `multer` crate, which reads as long as bytes are there and gathers part
//! headers without a limit. The stream below hands it one chunk at a time and stops when it makes no
//! progress.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use multer::{Field, Multipart};
use tokio::time::Instant;

use super::pace::{Pace, Patience};
use crate::config::Limits;

/// Bytes that the parser may gather without giving anything back: the headers of one part.
const MAX_GATHERED: usize = 32 * 1024;
/// Bytes that are read and thrown away beyond any limit, so that the browser gets to the answer.
const DRAINED: u64 = 256 << 20;
/// Characters of a boundary (RFC 2046); the parser's work for each chunk grows with it.
const MAX_BOUNDARY: usize = 70;
/// Longest that one form may take, in hours.
const MAX_HOURS: u64 = 24;
/// Parts of one form, named or not; the form has fewer than 200.
const MAX_PARTS: usize = 512;

/// A form that is being read.
pub(super) struct Form {
    parts: Multipart<'static>,
    gathered: Arc<AtomicUsize>,
    count: usize,
}

/// One part of it.
pub(super) struct Part {
    field: Field<'static>,
    gathered: Arc<AtomicUsize>,
}

/// Why reading stopped.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    /// It is no multipart form, or not a whole one.
    #[error("the form did not arrive whole: {0}")]
    Parts(#[from] multer::Error),
    /// It has more parts than any form of ours.
    #[error("the form has too many parts")]
    TooManyParts,
}

impl Form {
    /// Starts reading; `None` if the content type is not that of a form as browsers send it.
    pub(super) fn new(body: Body, content_type: &str, pace: Pace) -> Option<Self> {
        let boundary =
            multer::parse_boundary(content_type).ok().filter(|_| is_form(content_type))?;
        let gathered = Arc::new(AtomicUsize::new(0));
        let stream = Paced::new(body, pace, Arc::clone(&gathered));
        Some(Self { parts: Multipart::new(stream, boundary), gathered, count: 0 })
    }

    /// The next part, or `None` at the end of the form.
    pub(super) async fn next(&mut self) -> Result<Option<Part>, Broken> {
        self.count = self.count.saturating_add(1);
        if self.count > MAX_PARTS {
            return Err(Broken::TooManyParts);
        }
        let field = self.parts.next_field().await?;
        self.gathered.store(0, Ordering::Relaxed);
        Ok(field.map(|field| Part { field, gathered: Arc::clone(&self.gathered) }))
    }
}

impl Part {
    /// The name of the field; empty if it has none.
    pub(super) fn name(&self) -> &str {
        self.field.name().unwrap_or_default()
    }

    /// The file name as given, if the part is a file.
    pub(super) fn file_name(&self) -> Option<&str> {
        self.field.file_name()
    }

    /// The media type as claimed.
    pub(super) fn media_type(&self) -> String {
        self.field.content_type().map_or_else(String::new, ToString::to_string)
    }

    /// More of its content, never empty, or `None` at its end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, Broken> {
        loop {
            let chunk = self.field.chunk().await?;
            self.gathered.store(0, Ordering::Relaxed);
            if chunk.as_ref().is_none_or(|bytes| !bytes.is_empty()) {
                return Ok(chunk);
            }
        }
    }
}

/// Whether that is the content type of a form as browsers send it.
pub(super) fn is_form(content_type: &str) -> bool {
    multer::parse_boundary(content_type).is_ok_and(|boundary| boundary.len() <= MAX_BOUNDARY)
}

/// Bytes that are read in vain before somebody is cut off: as many as a testimony may have, or 256 MiB.
pub(super) fn most_drained(limits: &Limits) -> u64 {
    limits.testimony_bytes.max(DRAINED)
}

/// Reads what is refused unread, within bounds: a browser shows an answer only when it has sent all.
pub(super) async fn discard(body: Body, limits: &Limits) {
    let gathered = Arc::new(AtomicUsize::new(0));
    let mut stream = Paced::new(body, Pace::of(limits), Arc::clone(&gathered));
    let mut discarded: u64 = 0;
    while let Some(Ok(bytes)) = stream.next().await {
        gathered.store(0, Ordering::Relaxed);
        discarded = discarded.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if discarded > most_drained(limits) {
            return;
        }
    }
}

/// Hands over one chunk, then pauses, so that the parser cannot run ahead of its reader.
struct Paced {
    body: BodyDataStream,
    rest: bool,
    gathered: Arc<AtomicUsize>,
    patience: Patience,
    end: Option<Instant>,
}

impl Paced {
    fn new(body: Body, pace: Pace, gathered: Arc<AtomicUsize>) -> Self {
        let longest = Duration::from_secs(MAX_HOURS.saturating_mul(60 * 60));
        Self {
            body: body.into_data_stream(),
            rest: false,
            gathered,
            patience: Patience::new(pace),
            end: Instant::now().checked_add(longest),
        }
    }
}

impl Stream for Paced {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.rest) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        match Pin::new(&mut self.body).poll_next(cx) {
            Poll::Ready(Some(Ok(bytes))) => {
                self.rest = true;
                self.patience.moved(bytes.len());
                if self.end.is_some_and(|end| Instant::now() > end) {
                    return Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())));
                }
                let before = self.gathered.fetch_add(bytes.len(), Ordering::Relaxed);
                if before > MAX_GATHERED {
                    return Poll::Ready(Some(Err(io::Error::other(
                        "a part without an end of header",
                    ))));
                }
                Poll::Ready(Some(Ok(bytes)))
            }
            Poll::Ready(Some(Err(e))) => Poll::Ready(Some(Err(io::Error::other(e)))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => match self.patience.poll_out(cx) {
                Poll::Ready(()) => Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into()))),
                Poll::Pending => Poll::Pending,
            },
        }
    }
}
