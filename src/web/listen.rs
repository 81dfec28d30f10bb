//! Listening, and one HTTP/1.1 connection after the other, with bounds on all of it.

use std::{
    io,
    os::unix::fs::{FileTypeExt as _, PermissionsExt as _},
    path::Path,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, UnixListener},
    sync::{Semaphore, watch},
    time::timeout,
};

use super::pace::{Pace, Patience};
use crate::config::{Listen, Listener};

/// Seconds that a sender may take for the head of a request; Tor is slow.
const HEAD_SECONDS: u64 = 60;
/// Bytes of a request head and of a read.
const HEAD_BYTES: usize = 64 * 1024;
/// Header lines of a request.
const HEAD_LINES: usize = 64;
/// Seconds that running requests may take to end when the server stops.
const GRACE_SECONDS: u64 = 30;

/// A socket that is bound and not yet served.
pub enum Bound {
    /// On TCP.
    Tcp(TcpListener),
    /// On a Unix socket.
    Unix(UnixListener),
}

impl Bound {
    /// Binds; a Unix socket that nobody listens on any more is replaced.
    ///
    /// # Errors
    /// Whatever the system says, the address in front.
    pub async fn bind(listen: &Listen) -> io::Result<Self> {
        match listen {
            Listen::Tcp(address) => TcpListener::bind(address)
                .await
                .map(Self::Tcp)
                .map_err(|e| io::Error::new(e.kind(), format!("cannot listen on {address}: {e}"))),
            Listen::Unix(path) => bind_unix(path).map(Self::Unix).map_err(|e| {
                io::Error::new(e.kind(), format!("cannot listen on {}: {e}", path.display()))
            }),
        }
    }

    /// Where it listens, as a person would write it.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::Tcp(l) => {
                l.local_addr().map_or_else(|e| e.to_string(), |a| format!("http://{a}"))
            }
            Self::Unix(l) => match l.local_addr().ok().as_ref().and_then(|a| a.as_pathname()) {
                Some(path) => format!("unix:{}", path.display()),
                None => "an unnamed socket".to_owned(),
            },
        }
    }
}

fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    let stale = std::fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket())
        && std::os::unix::net::UnixStream::connect(path).is_err();
    if stale {
        std::fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    // The group is tor's: it connects, nobody else does.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
    Ok(listener)
}

/// Serves until `stop` says true, then gives running requests 30 seconds.
///
/// Whoever reads an answer more slowly than `pace` is cut off; for what is sent to us, the routes see
/// to that.
pub async fn serve(
    bound: Bound,
    limits: Listener,
    app: Router,
    pace: Pace,
    mut stop: watch::Receiver<bool>,
) {
    let connections = Arc::new(Semaphore::new(limits.connections));
    let running = GracefulShutdown::new();
    loop {
        let permit = tokio::select! {
            permit = Arc::clone(&connections).acquire_owned() => permit,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let stream = tokio::select! {
            stream = accept(&bound) => stream,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let Ok(permit) = permit else { break };
        let Ok(stream) = stream else {
            // Out of file descriptors, most likely: wait for some connection to end.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let service = TowerToHyperService::new(app.clone());
        let connection = http().serve_connection(TokioIo::new(Paced::new(stream, pace)), service);
        let watched = running.watch(connection);
        tokio::spawn(async move {
            // How a connection of a witness ended is nobody's business.
            let _ = watched.await;
            drop(permit);
        });
    }
    drop(bound);
    let _ = timeout(Duration::from_secs(GRACE_SECONDS), running.shutdown()).await;
}

fn http() -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(HEAD_SECONDS))
        .max_buf_size(HEAD_BYTES)
        .max_headers(HEAD_LINES)
        // A clock that can be read from outside helps to tell which machine an onion service is.
        .auto_date_header(false);
    http
}

/// A connection of either kind.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

async fn accept(bound: &Bound) -> io::Result<Box<dyn Stream>> {
    Ok(match bound {
        Bound::Tcp(listener) => {
            // Where it comes from is dropped unread.
            let (stream, _) = listener.accept().await?;
            // Head and body of an answer are two writes: without this each waits 40 ms.
            stream.set_nodelay(true)?;
            Box::new(stream)
        }
        Bound::Unix(listener) => Box::new(listener.accept().await?.0),
    })
}

/// A connection whose other side must read what it is sent.
struct Paced {
    stream: Box<dyn Stream>,
    patience: Patience,
}

impl Paced {
    fn new(stream: Box<dyn Stream>, pace: Pace) -> Self {
        Self { stream, patience: Patience::new(pace) }
    }

    fn written<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
        bytes: impl FnOnce(&T) -> usize,
    ) -> Poll<io::Result<T>> {
        if let Poll::Ready(done) = written {
            self.patience.moved(done.as_ref().map_or(0, bytes));
            return Poll::Ready(done);
        }
        ready!(self.patience.poll_out(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Paced {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl AsyncWrite for Paced {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(cx, written, |bytes| *bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.written(cx, written, |bytes| *bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.written(cx, flushed, |()| 0)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.written(cx, shut, |()| 0)
    }
}
