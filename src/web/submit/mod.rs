//! The one form: its parts go straight into sealing, in the order in which they arrive.

mod typed;

use std::sync::Arc;

use axum::{
    extract::{Path, Request, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::Response,
};

use self::typed::{Typed, drain};
use super::{
    Web,
    answer::{self, Encoding},
    crowd::Seat,
    mailbox,
    multipart::{Broken, Form as Parts, Part, most_drained},
    pace::Pace,
    pages::{Again, CODE_FIELD, Notice, once_path},
};
use crate::{
    digest::Digest,
    intake::{Accepted, Author, IntakeError, MailboxKeys, OncePage, PROMISE_FIELD, Submission},
    locale::Lang,
    receipt::Receipt,
    testimony::{FormError, Kind},
};

/// Takes in one testimony and answers with the address of the page that says how it went.
pub(super) async fn send(
    State(web): State<Web>,
    Path(tag): Path<String>,
    request: Request,
) -> Response {
    let Some(lang) = Lang::parse(&tag) else {
        return super::strange(&web, request.headers());
    };
    let letter = Letter { consent: web.site.of(lang).consent_text, from: Origin::Form };
    take(&web, lang, letter, request).await
}

/// The same from one of the forms of a mailbox.
///
/// If the mailbox was closed meanwhile, what was typed comes back in the first form, to be sent with the
/// code typed again.
pub(super) async fn again(
    State(web): State<Web>,
    Path((tag, address)): Path<(String, String)>,
    request: Request,
) -> Response {
    let place = Again::at(request.uri().path());
    let (Some(lang), Some(what)) = (Lang::parse(&tag), place) else {
        return super::strange(&web, request.headers());
    };
    let pages = web.site.of(lang);
    let consent = pages.again(what).map_or(pages.consent_text, |form| form.consent_text);
    let from = match web.intake.pages().read(&address) {
        Some(OncePage::Mailbox { keys, .. }) => Origin::Mailbox { what, address, keys: Some(keys) },
        Some(_) | None => Origin::Nowhere,
    };
    take(&web, lang, Letter { consent, from }, request).await
}

/// What is known of a form before it is read.
struct Letter {
    /// Digest of the page that its writer had before them.
    consent: Digest,
    from: Origin,
}

/// Where it was sent from.
enum Origin {
    /// The first form.
    Form,
    /// A form of the mailbox at that address.
    Mailbox { what: Again, address: String, keys: Option<MailboxKeys> },
    /// A form of a mailbox that is closed.
    Nowhere,
}

async fn take(web: &Web, lang: Lang, mut letter: Letter, request: Request) -> Response {
    let encoding = Encoding::accepted(request.headers());
    let Some(seat) = request.extensions().get::<Arc<Seat>>().cloned() else {
        // Not by way of our listener: there is nothing that bounds what it sends.
        return answer::page(StatusCode::SERVICE_UNAVAILABLE, &web.site.of(lang).busy, encoding);
    };
    let received = receive(web, lang, &seat, &mut letter, request).await;
    seat.is_answered_now();
    let page = match (received, letter.from) {
        (Ok(Taken { accepted, .. }), Origin::Mailbox { address, .. }) => {
            let mut unkept = accepted.unkept;
            unkept.truncate(web.intake.pages().names_that_fit());
            // Read anew: the keys went with what was sent.
            if let Some(OncePage::Mailbox { keys, .. }) = web.intake.pages().read(&address) {
                mailbox::tell(web, &address, keys, "box-sent", unkept);
                return answer::see_other(&once_path(lang, &address));
            }
            OncePage::Receipt { digits: String::new(), unkept, promise: None }
        }
        (Ok(Taken { accepted, knows_code }), Origin::Form | Origin::Nowhere) => {
            let Accepted { digits, mut unkept, promise } = accepted;
            unkept.truncate(web.intake.pages().names_that_fit());
            // Whoever typed a code has it; it is not shown once more.
            let digits = digits.filter(|_| !knows_code);
            let digits = digits.map(|digits| digits.expose().to_owned()).unwrap_or_default();
            OncePage::Receipt { digits, unkept, promise }
        }
        (Err(Refused { notice, typed: Some(typed) }), from) => OncePage::Refill {
            problem: notice.key().to_owned(),
            field: notice.field().map(str::to_owned),
            typed,
            back: from.back(),
        },
        (Err(Refused { notice: _, typed: None }), _) => OncePage::Lost,
    };
    match web.intake.pages().keep(&page) {
        Ok(address) => answer::see_other(&once_path(lang, &address)),
        Err(_) => answer::page(StatusCode::SERVICE_UNAVAILABLE, &web.site.of(lang).busy, encoding),
    }
}

impl Origin {
    /// The form that comes back, and the mailbox that it belongs to.
    fn back(self) -> Option<(String, String)> {
        match self {
            Self::Mailbox { what, address, .. } => Some((what.place().to_owned(), address)),
            Self::Form | Self::Nowhere => None,
        }
    }
}

/// It is durable.
struct Taken {
    accepted: Accepted,
    /// Whether its writer typed a code.
    knows_code: bool,
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

async fn receive(
    web: &Web,
    lang: Lang,
    seat: &Arc<Seat>,
    letter: &mut Letter,
    request: Request,
) -> Result<Taken, Refused> {
    let (head, body) = request.into_parts();
    let content_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let pace = Pace::of(web.intake.limits());
    let mut parts = Parts::new(body, content_type.unwrap_or_default(), pace)
        .ok_or(Refused::because(Notice::BROKEN))?;
    let typed = Typed::new(seat.allowance(), web.intake.limits());
    let most = most_drained(web.intake.limits());
    if matches!(letter.from, Origin::Nowhere) {
        return Err(hand_back(&mut parts, typed, Refused::because(Notice::VISIT), most).await);
    }
    let mut submission = match web.intake.begin().await {
        Ok(submission) => submission,
        Err(error) => return Err(hand_back(&mut parts, typed, error.into(), most).await),
    };
    let mut kind = Kind::New;
    if let Origin::Mailbox { what, keys, .. } = &mut letter.from {
        kind = what.kind();
        keys.take().into_iter().for_each(|keys| submission.is_by(Author::Mailbox(keys)));
    }
    let origin = Page { lang, consent: letter.consent, kind };
    let typed = Some(typed);
    let mut desk =
        Reception { web, seat, page: origin, submission, typed, files: 0, knows_code: false };
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
async fn hand_back(parts: &mut Parts, mut typed: Typed, because: Refused, most: u64) -> Refused {
    let mut unread = None;
    while let Ok(Some(mut part)) = parts.next().await {
        if part.file_name().is_some() || typed.read(&mut part).await.is_err() {
            unread = Some(part);
            break;
        }
    }
    drain(parts, unread, most).await;
    because.with(Some(typed))
}

/// One form being read: first what was typed, then the files.
struct Reception<'w> {
    web: &'w Web,
    seat: &'w Seat,
    page: Page,
    submission: Submission,
    /// Gone once the words are sealed.
    typed: Option<Typed>,
    /// Bytes of files that came, kept or not.
    files: u64,
    /// Whether its writer typed a code.
    knows_code: bool,
}

/// The page on which it was written.
#[derive(Clone, Copy)]
struct Page {
    lang: Lang,
    consent: Digest,
    kind: Kind,
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
        if part.name() == PROMISE_FIELD && self.page.kind == Kind::New {
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
        let form = typed.to_form(self.page.lang)?;
        if self.page.kind == Kind::New
            && let Some(code) = typed.filled(CODE_FIELD)
        {
            let receipt = Receipt::parse(code).map_err(|_| Refused::because(Notice::CODE))?;
            self.submission.is_by(Author::Receipt(receipt));
            self.knows_code = true;
        }
        self.submission.is_a(self.page.kind, typed.pressure()?);
        self.submission.words(form, self.page.consent).await?;
        self.typed = None;
        Ok(())
    }

    /// Nothing is lost of what was typed while it is still here.
    async fn finish(mut self) -> Result<Taken, Refused> {
        let typed = self.typed.as_ref().map(|typed| typed.fields.clone());
        let back = |refused: Refused| Refused { typed: typed.clone(), ..refused };
        self.seal_words().await.map_err(back)?;
        if !self.seat.is_ending() {
            return Err(back(Refused::because(Notice::BUSY)));
        }
        let knows_code = self.knows_code;
        let accepted = self.submission.finish().await.map_err(|error| back(error.into()))?;
        Ok(Taken { accepted, knows_code })
    }
}
