//! The bytes of one connection, watched on their way.
//!
//! Promises: 1. who does not read what it is sent is cut off (`pace`); 2. what hyper answers by itself
//! to what is no request is replaced by a page with all headers (`refusals`); 3. a connection is closed
//! so that the answer arrives: what the other side was still sending is read on for a moment, since
//! closing over unread bytes takes back what was sent.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf as _, Bytes};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};
use zeroize::Zeroizing;

use super::{
    crowd::Seat,
    pace::{Pace, Patience},
    refusals::Refusals,
};

/// Seconds that the other side gets to stop sending after the last answer.
const LINGER_SECONDS: u64 = 2;
/// Bytes that are read meanwhile.
const LINGER_BYTES: usize = 4 << 20;

/// A connection of either kind.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Whether a request of ours is being answered: what is written otherwise is hyper's own.
#[derive(Default)]
pub(super) struct Turn(AtomicU8);

const NOBODY: u8 = 0;
const ANSWERING: u8 = 1;
const ANSWERED: u8 = 2;

impl Turn {
    /// A request came.
    pub(super) fn begin(&self) {
        self.0.store(ANSWERING, Ordering::Release);
    }

    /// Its answer was handed over to hyper to the last byte.
    pub(super) fn end(&self) {
        self.0.store(ANSWERED, Ordering::Release);
    }

    /// hyper has nothing left to write.
    fn flushed(&self) {
        let (from, to) = (ANSWERED, NOBODY);
        let _ = self.0.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire);
    }

    fn is_nobodys(&self) -> bool {
        self.0.load(Ordering::Acquire) == NOBODY
    }
}

/// One connection.
pub(super) struct Watched {
    stream: Box<dyn Stream>,
    patience: Patience,
    seat: Arc<Seat>,
    turn: Arc<Turn>,
    refusals: Refusals,
    /// What goes out in the place of hyper's own answer, and how long that was.
    instead: Option<(Bytes, usize)>,
    linger: Option<Linger>,
}

struct Linger {
    bytes: usize,
    alarm: Pin<Box<Sleep>>,
}

impl Watched {
    pub(super) fn new(
        stream: Box<dyn Stream>,
        pace: Pace,
        seat: Arc<Seat>,
        turn: Arc<Turn>,
        refusals: Refusals,
    ) -> Self {
        let patience = Patience::new(pace);
        Self { stream, patience, seat, turn, refusals, instead: None, linger: None }
    }

    fn written<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
        bytes: impl FnOnce(&T) -> usize,
    ) -> Poll<io::Result<T>> {
        if let Poll::Ready(done) = written {
            let bytes = done.as_ref().map_or(0, bytes);
            self.patience.moved(bytes);
            self.seat.moved(bytes);
            return Poll::Ready(done);
        }
        ready!(self.patience.poll_out(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Ready with how much of hyper's answer counts as written, once all of ours is.
    fn poll_instead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        while let Some((page, _)) = &self.instead
            && !page.is_empty()
        {
            let written = Pin::new(&mut self.stream).poll_write(cx, page);
            let bytes = ready!(self.written(cx, written, |bytes| *bytes))?;
            if bytes == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            if let Some((page, _)) = &mut self.instead {
                page.advance(bytes);
            }
        }
        Poll::Ready(Ok(self.instead.take().map_or(0, |(_, replaced)| replaced)))
    }

    /// Whether hyper is about to answer by itself; ours is then made ready.
    fn replaces(&mut self, answer: &[u8], length: usize) -> bool {
        if self.instead.is_none() && self.turn.is_nobodys() {
            self.instead = self.refusals.instead_of(answer).map(|page| (page, length));
        }
        self.instead.is_some()
    }

    /// Reads what still comes and throws it away, for a moment.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // It may be words: nothing of them stays on the stack.
        let mut space = Zeroizing::new([0; 8 * 1024]);
        let Some(linger) = &mut self.linger else { return Poll::Ready(()) };
        while linger.bytes < LINGER_BYTES {
            let mut piece = ReadBuf::new(space.as_mut_slice());
            match Pin::new(&mut self.stream).poll_read(cx, &mut piece) {
                Poll::Ready(Ok(())) if !piece.filled().is_empty() => {
                    linger.bytes = linger.bytes.saturating_add(piece.filled().len());
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return linger.alarm.as_mut().poll(cx),
            }
        }
        Poll::Ready(())
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, into);
        if read.is_ready() {
            self.seat.heard(into.filled().len().saturating_sub(before));
        }
        read
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.replaces(bytes, bytes.len()) {
            return self.poll_instead(cx);
        }
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(cx, written, |bytes| *bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = bytes.iter().map(|piece| piece.len()).sum();
        let first = bytes.iter().find(|piece| !piece.is_empty());
        if self.replaces(first.map_or(&[], |piece| piece), length) {
            return self.poll_instead(cx);
        }
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.written(cx, written, |bytes| *bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        let flushed = self.written(cx, flushed, |()| 0);
        if flushed.is_ready() {
            self.turn.flushed();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.linger.is_none() {
            let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
            ready!(self.written(cx, shut, |()| 0))?;
            self.seat.answered();
            let alarm = Box::pin(sleep(Duration::from_secs(LINGER_SECONDS)));
            self.linger = Some(Linger { bytes: 0, alarm });
        }
        self.poll_linger(cx).map(Ok)
    }
}
