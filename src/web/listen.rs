//! Listening, and one HTTP/1.1 connection after the other, with bounds on all of it.

use std::{
    convert::Infallible,
    io,
    os::unix::fs::{FileTypeExt as _, PermissionsExt as _},
    path::Path,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, HttpBody},
    http::Request,
    response::Response,
};
use bytes::Bytes;
use hyper::{
    body::{Frame, Incoming, SizeHint},
    server::conn::http1,
    service::Service,
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, UnixListener},
    sync::watch,
    time::timeout,
};

use super::{
    crowd::{Crowd, Seat},
    pace::Pace,
    refusals::Refusals,
    stream::{Stream, Turn, Watched},
};
use crate::config::Listen;

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

/// A listener with everything that bounds it.
pub struct Door {
    /// The socket.
    pub bound: Bound,
    /// Connections open at once; more wait in the kernel's queue.
    pub connections: usize,
    /// What is asked of whoever sends and reads.
    pub pace: Pace,
    /// Who may come.
    pub guests: Guests,
}

/// Who may come to a listener, and so what happens when all its connections are taken.
pub enum Guests {
    /// Devices that are known: the next one waits.
    Known,
    /// Anybody: the least advanced makes room, and what all of them have typed is bounded.
    Anybody {
        /// Bytes of typed words that are held for all of them together.
        typed_bytes: usize,
        /// What is said to those who cannot be understood.
        refusals: Refusals,
    },
}

impl Guests {
    fn crowd(self, connections: usize) -> (Arc<Crowd>, Refusals) {
        match self {
            Self::Known => (Crowd::waiting(connections), Refusals::default()),
            Self::Anybody { typed_bytes, refusals } => {
                (Crowd::making_room(connections, typed_bytes), refusals)
            }
        }
    }
}

/// Serves until `stop` says true, then gives running requests 30 seconds.
///
/// Whoever reads an answer more slowly than the pace is cut off; for what is sent to us, the routes see
/// to that.
pub async fn serve(door: Door, app: Router, mut stop: watch::Receiver<bool>) {
    let Door { bound, connections, pace, guests } = door;
    let (crowd, refusals) = guests.crowd(connections);
    let running = GracefulShutdown::new();
    loop {
        let stream = tokio::select! {
            stream = accept(&bound) => stream,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let Ok(stream) = stream else {
            // Out of file descriptors, most likely: wait for some connection to end.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let admitted = tokio::select! {
            admitted = crowd.admit() => admitted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let Some(admitted) = admitted else { break };
        let (seat, turn) = (Arc::clone(&admitted.seat), Arc::new(Turn::default()));
        let watched =
            Watched::new(stream, pace, Arc::clone(&seat), Arc::clone(&turn), refusals.clone());
        let service = Seated { app: TowerToHyperService::new(app.clone()), seat, turn };
        let connection = running.watch(http(pace).serve_connection(TokioIo::new(watched), service));
        tokio::spawn(async move {
            // How a connection of a witness ended is nobody's business.
            tokio::select! {
                _ = connection => {}
                () = admitted.seat.cut() => {}
            }
            drop(admitted);
        });
    }
    drop(bound);
    let _ = timeout(Duration::from_secs(GRACE_SECONDS), running.shutdown()).await;
}

/// The site as one connection sees it: every request knows its seat, and the seat its requests.
struct Seated {
    app: TowerToHyperService<Router>,
    seat: Arc<Seat>,
    turn: Arc<Turn>,
}

impl Service<Request<Incoming>> for Seated {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let (seat, turn) = (Arc::clone(&self.seat), Arc::clone(&self.turn));
        turn.begin();
        request.extensions_mut().insert(Arc::clone(&seat));
        let answer = self.app.call(request);
        Box::pin(async move {
            let answer = answer.await?;
            Ok(answer.map(|body| Body::new(Answering { body, seat, turn })))
        })
    }
}

/// The body of an answer, which tells when hyper has taken all of it.
struct Answering {
    body: Body,
    seat: Arc<Seat>,
    turn: Arc<Turn>,
}

impl HttpBody for Answering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.seat.answered();
        self.turn.end();
    }
}

fn http(pace: Pace) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(HEAD_SECONDS).min(pace.silence))
        .max_buf_size(HEAD_BYTES)
        .max_headers(HEAD_LINES)
        // A clock that can be read from outside helps to tell which machine an onion service is.
        .auto_date_header(false);
    http
}

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
