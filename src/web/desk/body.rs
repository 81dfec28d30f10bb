//! Bodies of the desk: of exactly one size in, whole or streamed out.

use std::{io, sync::Arc};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, stream};
use tokio::sync::{Semaphore, mpsc};

use crate::{desk::DeskError, wire::outbox::OutboxError};

/// Bytes of one chunk, and how many wait for the network.
const CHUNK: usize = 64 << 10;
const CHUNKS: usize = 4;

/// What an answer is, before its first byte.
pub(super) struct Shape {
    status: StatusCode,
    media_type: &'static str,
    bytes: u64,
    range: Option<String>,
}

impl Shape {
    pub(super) const fn tape(bytes: u64) -> Self {
        Self { status: StatusCode::OK, media_type: "application/x-tar", bytes, range: None }
    }

    pub(super) fn exhibits(bytes: u64) -> Self {
        Self { media_type: "application/octet-stream", ..Self::tape(bytes) }
    }

    pub(super) fn exhibits_from(from: u64, bytes: u64) -> Self {
        let range = format!("bytes {from}-{}/{bytes}", bytes.saturating_sub(1));
        Self {
            status: StatusCode::PARTIAL_CONTENT,
            range: Some(range),
            ..Self::exhibits(bytes.saturating_sub(from))
        }
    }
}

/// An answer that is at hand.
pub(super) fn whole(media_type: &'static str, bytes: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(bytes));
    plain_headers(response.headers_mut(), media_type);
    response
}

/// An answer that `write` produces on a blocking thread. If `write` fails the answer is cut before
/// its stated length.
pub(super) async fn streamed(
    shape: Shape,
    streams: Arc<Semaphore>,
    write: impl FnOnce(&mut Chunks) -> io::Result<()> + Send + 'static,
) -> Response {
    let (sender, receiver) = mpsc::channel(CHUNKS);
    let permit = streams.acquire_owned().await;
    tokio::task::spawn_blocking(move || {
        let _permit = permit;
        let mut chunks = Chunks { sender, chunk: BytesMut::new() };
        if let Err(error) = write(&mut chunks).and_then(|()| io::Write::flush(&mut chunks)) {
            // The other end is gone, or sees the cut.
            chunks.sender.blocking_send(Err(error)).unwrap_or_default();
        }
    });
    let body = stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|chunk| (chunk, receiver))
    });
    let mut response = Response::new(Body::from_stream(body));
    *response.status_mut() = shape.status;
    let headers = response.headers_mut();
    plain_headers(headers, shape.media_type);
    headers.insert(header::CONTENT_LENGTH, shape.bytes.into());
    if let Some(range) = shape.range.and_then(|range| HeaderValue::from_str(&range).ok()) {
        headers.insert(header::CONTENT_RANGE, range);
    }
    response
}

/// A writer whose chunks go to the network.
pub(super) struct Chunks {
    sender: mpsc::Sender<io::Result<Bytes>>,
    chunk: BytesMut,
}

impl io::Write for Chunks {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let room = CHUNK.saturating_sub(self.chunk.len());
        let (now, _) = buf.split_at_checked(room).unwrap_or((buf, &[]));
        self.chunk.extend_from_slice(now);
        if self.chunk.len() >= CHUNK {
            self.flush()?;
        }
        Ok(now.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        let chunk = self.chunk.split().freeze();
        self.sender.blocking_send(Ok(chunk)).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

/// Reads a body of exactly `size` bytes; one byte more or less is refused.
pub(super) async fn read_exactly(body: Body, size: usize) -> Result<Vec<u8>, DeskError> {
    let mut all = Vec::with_capacity(size);
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| OutboxError::Size)?;
        if all.len().saturating_add(chunk.len()) > size {
            return Err(OutboxError::Size.into());
        }
        all.extend_from_slice(&chunk);
    }
    if all.len() == size { Ok(all) } else { Err(OutboxError::Size.into()) }
}

fn plain_headers(headers: &mut HeaderMap, media_type: &'static str) {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}
