//! The one form: its parts go straight into sealing, in the order in which they arrive.

use std::sync::Arc;

use axum::{
    extract::{Path, Request, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::Response,
};

use super::{
    Web,
    answer::{self, Encoding},
    crowd::{Allowance, Seat},
    multipart::{Broken, Form as Parts, Part, most_drained},
    pace::Pace,
    pages::Notice,
};
use crate::{
    config::Limits,
    intake::{Accepted, IntakeError, OncePage, PROMISE_FIELD, Submission},
    locale::Lang,
    testimony::{Form, FormError},
};

/// Bytes of everything typed that are held while the words are not sealed yet.
const MAX_TYPED: usize = 2 << 20;
/// Bytes of a field's name; ours have fewer than 40.
const MAX_FIELD_NAME: usize = 64;

/// Takes in one testimony and answers with the address of the page that says how it went.
pub(super) async fn send(
    State(web): State<Web>,
    Path(tag): Path<String>,
    request: Request,
) -> Response {
    let Some(lang) = Lang::parse(&tag) else {
        return super::strange(&web, request.headers());
    };
    let encoding = Encoding::accepted(request.headers());
    let Some(seat) = request.extensions().get::<Arc<Seat>>().cloned() else {
        // Not by way of our listener: there is nothing that bounds what it sends.
        return answer::page(StatusCode::SERVICE_UNAVAILABLE, &web.site.of(lang).busy, encoding);
    };
    let received = receive(&web, lang, &seat, request).await;
    seat.is_answered_now();
    let page = match received {
        Ok(Accepted { digits, mut unkept, promise }) => {
            unkept.truncate(web.intake.pages().names_that_fit());
            OncePage::Receipt { digits: digits.expose().to_owned(), unkept, promise }
        }
        Err(Refused { notice, typed: Some(typed) }) => OncePage::Refill {
            problem: notice.key().to_owned(),
            field: notice.field().map(str::to_owned),
            typed,
        },
        Err(Refused { notice: _, typed: None }) => OncePage::Lost,
    };
    match web.intake.pages().keep(&page) {
        Ok(address) => answer::see_other(&format!("/{}/once/{address}", lang.tag())),
        Err(_) => answer::page(StatusCode::SERVICE_UNAVAILABLE, &web.site.of(lang).busy, encoding),
    }
}

/// Nothing is kept; what was typed goes back, unless it was sealed and wiped before.
struct Refused {
    notice: Notice<'static>,
    typed: Option<Vec<(String, String)>>,
}

impl Refused {
    fn because(notice: Notice<'static>) -> Self {
        Self { notice, typed: None }
    }

    fn with(self, typed: Option<Typed>) -> Self {
        Self { typed: typed.map(|typed| typed.fields), ..self }
    }
}

impl From<IntakeError> for Refused {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::Form(error) => error.into(),
            IntakeError::Empty => Self::because(Notice::EMPTY),
            IntakeError::Busy => Self::because(Notice::BUSY),
            IntakeError::Full => Self::because(Notice::FULL),
            IntakeError::Order => Self::because(Notice::ORDER),
            IntakeError::Closed(_) => Self::because(Notice::CLOSED),
            IntakeError::Seal(_)
            | IntakeError::Receipt(_)
            | IntakeError::Store(_)
            | IntakeError::Stopping => Self::because(Notice::FAILED),
        }
    }
}

impl From<FormError> for Refused {
    fn from(error: FormError) -> Self {
        Self::because(Notice::of(&error))
    }
}

impl From<Broken> for Refused {
    fn from(_: Broken) -> Self {
        Self::because(Notice::BROKEN)
    }
}

/// What was typed, until it is sealed.
struct Typed {
    fields: Vec<(String, String)>,
    bytes: usize,
    problem: Option<Notice<'static>>,
    allowance: Allowance,
    /// Bytes that are read in all, held or not.
    most: u64,
}

async fn receive(
    web: &Web,
    lang: Lang,
    seat: &Arc<Seat>,
    request: Request,
) -> Result<Accepted, Refused> {
    let (head, body) = request.into_parts();
    let content_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let pace = Pace::of(web.intake.limits());
    let mut parts = Parts::new(body, content_type.unwrap_or_default(), pace)
        .ok_or(Refused::because(Notice::BROKEN))?;
    let typed = Typed::new(seat.allowance(), web.intake.limits());
    let submission = match web.intake.begin().await {
        Ok(submission) => submission,
        Err(error) => {
            let most = most_drained(web.intake.limits());
            return Err(hand_back(&mut parts, typed, error, most).await);
        }
    };
    let mut desk = Reception { web, lang, seat, submission, typed: Some(typed), files: 0 };
    match desk.read(&mut parts).await {
        Ok(()) => desk.finish().await,
        Err((refused, unread)) => {
            let typed = desk.typed.take();
            // What was taken in goes now, and its place: the rest may take long to arrive.
            drop(desk);
            seat.is_over();
            let read = typed.as_ref().map_or(0, Typed::read_until_now);
            let most = most_drained(web.intake.limits()).saturating_sub(read);
            drain(&mut parts, unread, most).await;
            Err(refused.with(typed))
        }
    }
}

/// Nothing can be taken in: reads what was typed, only to give it back.
async fn hand_back(parts: &mut Parts, mut typed: Typed, error: IntakeError, most: u64) -> Refused {
    let mut unread = None;
    while let Ok(Some(mut part)) = parts.next().await {
        if part.file_name().is_some() || typed.read(&mut part).await.is_err() {
            unread = Some(part);
            break;
        }
    }
    drain(parts, unread, most).await;
    Refused::from(error).with(Some(typed))
}

/// One form being read: first what was typed, then the files.
struct Reception<'w> {
    web: &'w Web,
    lang: Lang,
    seat: &'w Seat,
    submission: Submission,
    /// Gone once the words are sealed.
    typed: Option<Typed>,
    /// Bytes of files that came, kept or not.
    files: u64,
}

impl Reception<'_> {
    /// Reads to the end, or to the part at which something is refused; that part comes back, since the
    /// next one can only be asked for when it is read to its end.
    async fn read(&mut self, parts: &mut Parts) -> Result<(), (Refused, Option<Part>)> {
        while let Some(mut part) = parts.next().await.map_err(|broken| (broken.into(), None))? {
            let taken = match part.file_name().map(str::to_owned) {
                None => self.field(&mut part).await,
                Some(name) => self.file(&mut part, &name).await,
            };
            if let Err(refused) = taken {
                return Err((refused, Some(part)));
            }
            if self.is_too_much() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Far more came than could be kept: the rest is not even read. The words and what was kept of the
    /// files are not lost to that.
    fn is_too_much(&self) -> bool {
        let limits = self.web.intake.limits();
        self.files > limits.testimony_bytes.saturating_add(most_drained(limits))
    }

    async fn field(&mut self, part: &mut Part) -> Result<(), Refused> {
        let Some(typed) = &mut self.typed else { return Err(Refused::because(Notice::ORDER)) };
        typed.read(part).await?;
        if part.name() == PROMISE_FIELD {
            self.submission.want_promise();
        }
        Ok(())
    }

    async fn file(&mut self, part: &mut Part, name: &str) -> Result<(), Refused> {
        let mut chunk = part.chunk().await?;
        if name.is_empty() && chunk.is_none() {
            // What a browser sends for a file field that nobody touched.
            return Ok(());
        }
        self.seal_words().await?;
        let waiting = self.seat.waits_for_us();
        self.submission.begin_file(name, &part.media_type()).await?;
        drop(waiting);
        if self.submission.has_a_place() {
            self.seat.has_a_place();
        }
        while let Some(bytes) = chunk {
            self.files = self.files.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
            if self.is_too_much() {
                break;
            }
            let had_a_place = self.submission.has_a_place();
            self.submission.write_file(bytes).await;
            if had_a_place && !self.submission.has_a_place() {
                self.seat.lost_its_place();
            }
            chunk = part.chunk().await?;
        }
        self.submission.end_file().await;
        Ok(())
    }

    /// Seals what was typed and wipes it. What the form refuses goes back to its writer.
    async fn seal_words(&mut self) -> Result<(), Refused> {
        let Some(typed) = &self.typed else { return Ok(()) };
        let form = typed.to_form(self.lang)?;
        let consent = self.web.site.of(self.lang).consent_text;
        self.submission.words(form, consent).await?;
        self.typed = None;
        Ok(())
    }

    /// Nothing is lost of what was typed while it is still here.
    async fn finish(mut self) -> Result<Accepted, Refused> {
        let typed = self.typed.as_ref().map(|typed| typed.fields.clone());
        let back = |refused: Refused| Refused { typed: typed.clone(), ..refused };
        self.seal_words().await.map_err(back)?;
        if !self.seat.is_ending() {
            return Err(back(Refused::because(Notice::BUSY)));
        }
        self.submission.finish().await.map_err(|error| back(error.into()))
    }
}

impl Typed {
    fn new(allowance: Allowance, limits: &Limits) -> Self {
        let most = most_drained(limits);
        Self { fields: Vec::new(), bytes: 0, problem: None, allowance, most }
    }

    fn read_until_now(&self) -> u64 {
        u64::try_from(self.bytes).unwrap_or(u64::MAX)
    }

    /// So many bytes more came. Past all bounds the rest is not even read.
    fn count(&mut self, bytes: usize) -> Result<(), Refused> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.read_until_now() <= self.most {
            Ok(())
        } else {
            Err(Refused::because(Notice::TOO_LARGE))
        }
    }

    async fn read(&mut self, part: &mut Part) -> Result<(), Refused> {
        if part.name().len() > MAX_FIELD_NAME {
            self.problem = Some(Notice::of(&FormError::UnknownField));
            while let Some(chunk) = part.chunk().await? {
                self.count(chunk.len())?;
            }
            return Ok(());
        }
        let name = part.name().to_owned();
        let mut value = Vec::new();
        while let Some(chunk) = part.chunk().await? {
            self.count(chunk.len())?;
            if self.bytes > MAX_TYPED {
                self.problem = Some(Notice::TOO_LARGE);
            } else if self.allowance.take(chunk.len()).await {
                value.extend_from_slice(&chunk);
            } else {
                self.problem = Some(Notice::BUSY);
            }
        }
        let value = String::from_utf8(value).unwrap_or_else(|e| {
            self.problem = Some(Notice::BROKEN);
            String::from_utf8_lossy(e.as_bytes()).into_owned()
        });
        self.fields.push((name, value));
        Ok(())
    }

    fn to_form(&self, lang: Lang) -> Result<Form, Refused> {
        if let Some(problem) = self.problem {
            return Err(Refused::because(problem));
        }
        let mut form = Form::new(lang);
        for (name, value) in self.fields.iter().filter(|(name, _)| name != PROMISE_FIELD) {
            form.put(name, value)?;
        }
        Ok(form)
    }
}

/// Reads on after a refusal, within bounds: a browser shows an answer only when it has sent all. The part
/// at which it was refused comes first, since the next one can only be asked for when it is read.
async fn drain(parts: &mut Parts, unread: Option<Part>, most: u64) {
    let mut part = unread;
    let mut drained: u64 = 0;
    loop {
        if let Some(mut part) = part.take() {
            drained = drained.saturating_add(skip(&mut part, most.saturating_sub(drained)).await);
        }
        // Past the bound a part may be unread, and asking for the next one would read it.
        if drained > most {
            return;
        }
        let Ok(Some(next)) = parts.next().await else { return };
        part = Some(next);
    }
}

/// Reads a part to its end, or past so many bytes, and gives how many there were.
async fn skip(part: &mut Part, most: u64) -> u64 {
    let mut skipped: u64 = 0;
    while let Ok(Some(chunk)) = part.chunk().await {
        skipped = skipped.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        if skipped > most {
            break;
        }
    }
    skipped
}
