//! The line to the desk: signed requests out, bounded answers in.

use std::{
    cell::Cell,
    io,
    time::{Duration, Instant},
};

use futures_util::StreamExt as _;
use rand::{CryptoRng, RngCore};
use reqwest::{Client, Method, Proxy, Response, StatusCode, Url, header, redirect::Policy};

use super::{Alarm, Step, SyncError, device::Device};
use crate::{
    clock::Clock,
    wire::{
        Fault, MAX_ANSWER,
        signature::{self, DIGEST_HEADER, INPUT_HEADER, Nonce, Params, Request, SIGNATURE_HEADER},
    },
};

/// How long to wait and how often to try.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Attempts for each thing that is fetched; the outbox is handed in once.
    pub attempts: u32,
    /// Pause between two attempts.
    pub pause: Duration,
    /// Longest time to connect, and longest silence.
    pub silence: Duration,
    /// Longest time until the first answer is here, all attempts together; `None`: as they take.
    pub reach: Option<Duration>,
    /// Pause before asking again a desk that answers no more of this device's requests for now.
    pub full_pause: Duration,
    /// Longest time that a sync spends in such pauses, all of them together.
    pub full_most: Duration,
}

impl Default for Patience {
    /// Made for Tor. A desk that is full is free again after two minutes, bit by bit.
    fn default() -> Self {
        Self {
            attempts: 4,
            pause: Duration::from_secs(3),
            silence: Duration::from_mins(3),
            reach: None,
            full_pause: Duration::from_secs(30),
            full_most: Duration::from_hours(1),
        }
    }
}

impl Patience {
    /// Longest time for a whole answer that is no exhibit, and for the next 64 KiB of one that is.
    pub(super) fn whole(&self) -> Duration {
        self.silence.saturating_mul(10)
    }
}

/// A line to one desk as one device.
pub(super) struct Line<'c> {
    client: Client,
    address: Url,
    authority: String,
    device: Device,
    clock: &'c dyn Clock,
    say: &'c dyn Fn(Step),
    /// Spent in pauses that the desk asked for.
    paused: Cell<Duration>,
    /// When to give up a desk that has not answered yet; `None` once it has.
    until: Cell<Option<Instant>>,
    pub(super) patience: Patience,
}

/// What to ask for.
#[derive(Clone, Copy)]
pub(super) struct Ask<'a> {
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) from: Option<u64>,
    pub(super) body: Option<&'a [u8]>,
}

impl<'a> Ask<'a> {
    pub(super) const fn get(path: &'a str) -> Self {
        Self { path, query: None, from: None, body: None }
    }
}

impl<'c> Line<'c> {
    pub(super) fn new(
        address: &str,
        proxy: Option<&str>,
        (device, clock, say): (Device, &'c dyn Clock, &'c dyn Fn(Step)),
        patience: Patience,
    ) -> Result<Self, SyncError> {
        let address = read_address(address, proxy)?;
        let host = address.host_str().unwrap_or_default();
        let authority = match address.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let client = client(proxy, patience)?;
        let authority = signature::authority(&authority);
        let paused = Cell::default();
        let until = Cell::new(patience.reach.and_then(|reach| Instant::now().checked_add(reach)));
        Ok(Self { client, address, authority, device, clock, say, paused, until, patience })
    }

    /// Asks once; gives an answer of status 200 or 206 whose body is still to be read.
    pub(super) async fn ask(
        &self,
        ask: Ask<'_>,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Response, SyncError> {
        let response = self.request(ask, rng).send().await.map_err(|e| network(&e))?;
        match response.status() {
            StatusCode::OK | StatusCode::PARTIAL_CONTENT => Ok(response),
            status if status.is_redirection() => Err(Alarm::Redirect.into()),
            _ => {
                let body = bounded(response, ask.path, MAX_ANSWER).await?;
                let strange = || Alarm::Strange { path: ask.path.to_owned() };
                let fault: Fault = serde_json::from_slice(&body).map_err(|_| strange())?;
                Err(SyncError::refused(&fault, self.clock.unix_seconds()))
            }
        }
    }

    /// Asks once for a whole answer of at most `limit` bytes, which may not take for ever.
    ///
    /// A desk that did nothing with what it was asked, because it is full or has just started, is asked again.
    pub(super) async fn once(
        &self,
        ask: Ask<'_>,
        limit: u64,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Vec<u8>, SyncError> {
        let mut early = 0;
        loop {
            let (most, late) = self.longest(ask.path);
            let answer = tokio::time::timeout(most, async {
                bounded(self.ask(ask, rng).await?, ask.path, limit).await
            });
            let answer = answer.await.unwrap_or(Err(late));
            if !matches!(answer, Err(SyncError::Network(_))) {
                self.until.set(None);
            }
            match answer {
                Err(error) if error.is_full() => self.pause().await?,
                Err(error) if error.is_too_early() && early < self.patience.attempts => {
                    early = early.saturating_add(1);
                    tokio::time::sleep(self.patience.pause).await;
                }
                answer => return answer,
            }
        }
    }

    /// Longest time for a whole answer, and what it is if that is over.
    fn longest(&self, path: &str) -> (Duration, SyncError) {
        let whole = self.patience.whole();
        let left = self.until.get().map(|until| until.saturating_duration_since(Instant::now()));
        match (left, self.patience.reach) {
            (Some(left), Some(waited)) if left < whole => (left, SyncError::NoAnswer { waited }),
            _ => (whole, SyncError::TooSlow(path.to_owned())),
        }
    }

    /// Whether there is time for another attempt after a pause.
    fn has_time(&self) -> bool {
        let next = Instant::now().checked_add(self.patience.pause);
        self.until.get().is_none_or(|until| next.is_some_and(|next| next < until))
    }

    /// Waits for a desk that answers no more requests of this device for now, and says so.
    ///
    /// SECURITY: a desk may ask for this as often as it likes, but for no more than
    /// [`Patience::full_most`] in one sync.
    pub(super) async fn pause(&self) -> Result<(), SyncError> {
        let pause = self.patience.full_pause;
        let paused = self.paused.get().saturating_add(pause);
        if paused > self.patience.full_most {
            return Err(SyncError::StaysFull { waited: self.paused.get() });
        }
        self.paused.set(paused);
        (self.say)(Step::Pause { pause });
        tokio::time::sleep(pause).await;
        Ok(())
    }

    /// Asks until a whole answer of at most `limit` bytes is there.
    pub(super) async fn fetch(
        &self,
        ask: Ask<'_>,
        limit: u64,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Vec<u8>, SyncError> {
        let mut attempt = 1;
        loop {
            let answer = self.once(ask, limit, rng).await;
            match answer {
                Err(error)
                    if error.may_pass() && attempt < self.patience.attempts && self.has_time() =>
                {
                    attempt = attempt.saturating_add(1);
                    tokio::time::sleep(self.patience.pause).await;
                }
                answer => return answer,
            }
        }
    }

    fn request(
        &self,
        ask: Ask<'_>,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> reqwest::RequestBuilder {
        let mut url = self.address.clone();
        url.set_path(ask.path);
        url.set_query(ask.query);
        let method = if ask.body.is_some() { Method::POST } else { Method::GET };
        let digest = ask.body.map(signature::content_digest);
        let signed = Request {
            method: method.as_str(),
            authority: &self.authority,
            path: ask.path,
            query: ask.query,
            content_digest: digest.as_deref(),
        };
        let created = self.clock.unix_seconds();
        let params = Params { created, nonce: Nonce::random(rng), device: self.device.id };
        let headers = signature::sign(&signed, &params, &self.device.key);
        let mut request = self
            .client
            .request(method, url)
            .header(INPUT_HEADER, headers.input)
            .header(SIGNATURE_HEADER, headers.signature);
        if let Some(from) = ask.from {
            request = request.header(header::RANGE, format!("bytes={from}-"));
        }
        if let (Some(body), Some(digest)) = (ask.body, digest) {
            request = request.header(DIGEST_HEADER, digest).body(body.to_vec());
        }
        request
    }
}

/// Follows no redirect, asks no proxy but the one given, and says nothing about itself.
pub(super) fn client(proxy: Option<&str>, patience: Patience) -> Result<Client, SyncError> {
    let mut client = Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .referer(false)
        .retry(reqwest::retry::never())
        .connect_timeout(patience.silence)
        .read_timeout(patience.silence);
    if let Some(proxy) = proxy {
        client = client.proxy(Proxy::all(proxy).map_err(|_| SyncError::Proxy(proxy.to_owned()))?);
    }
    client.build().map_err(|e| network(&e))
}

/// Takes a body in, at most `limit` bytes of it.
pub(super) async fn bounded(
    response: Response,
    path: &str,
    limit: u64,
) -> Result<Vec<u8>, SyncError> {
    let endless = || Alarm::Endless { path: path.to_owned(), limit };
    if response.content_length().is_some_and(|length| length > limit) {
        return Err(endless().into());
    }
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut body = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|e| network(&e))?;
        if body.len().saturating_add(chunk.len()) > most {
            return Err(endless().into());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

pub(super) fn network(error: &reqwest::Error) -> SyncError {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        // what the system says is all that a person can act on
        match error.downcast_ref::<io::Error>() {
            Some(system) if system.raw_os_error().is_some() => text = system.to_string(),
            _ => text = format!("{text}: {error}"),
        }
        cause = error.source();
    }
    SyncError::Network(text)
}

/// `host` is in lower case here.
fn is_onion(host: &str) -> bool {
    host.rsplit('.').next() == Some("onion")
}

/// An address over which nothing travels in the clear: an onion service, or this machine.
pub(super) fn read_address(text: &str, proxy: Option<&str>) -> Result<Url, SyncError> {
    let address = || SyncError::Address(text.to_owned());
    let url = Url::parse(text).map_err(|_| address())?;
    let plain = url.scheme() == "http"
        && matches!(url.path(), "" | "/")
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if !plain {
        return Err(address());
    }
    if let Some(proxy) = proxy {
        let tor = Url::parse(proxy).is_ok_and(|proxy| proxy.scheme() == "socks5h");
        if !tor {
            return Err(SyncError::Proxy(proxy.to_owned()));
        }
    }
    let host = url.host_str().ok_or_else(address)?;
    match (host, proxy) {
        (host, None) if is_onion(host) => Err(SyncError::NeedsProxy(text.to_owned())),
        (host, Some(_)) if is_onion(host) => Ok(url),
        ("localhost" | "127.0.0.1" | "[::1]", _) => Ok(url),
        _ => Err(SyncError::InTheClear(text.to_owned())),
    }
}
