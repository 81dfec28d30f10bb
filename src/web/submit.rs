//! The one form: its parts go straight into sealing, in the order in which they arrive.

use axum::{
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::Response,
};

use super::{
    Web,
    answer::{self, Encoding},
    multipart::{Broken, Form as Parts, MAX_DRAINED, Part},
    pace::Pace,
    pages::Notice,
};
use crate::{
    intake::{Accepted, IntakeError, OncePage, Submission},
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
    let (head, body) = request.into_parts();
    let page = match receive(&web, lang, &head.headers, body).await {
        Ok(Accepted { digits, unkept }) => {
            OncePage::Receipt { digits: digits.expose().to_owned(), unkept }
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
#[derive(Default)]
struct Typed {
    fields: Vec<(String, String)>,
    bytes: usize,
    problem: Option<Notice<'static>>,
}

async fn receive(
    web: &Web,
    lang: Lang,
    headers: &HeaderMap,
    body: Body,
) -> Result<Accepted, Refused> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let mut parts =
        Parts::new(body, content_type.unwrap_or_default(), Pace::of(web.intake.limits()))
            .ok_or(Refused::because(Notice::BROKEN))?;
    let submission = match web.intake.begin().await {
        Ok(submission) => submission,
        Err(error) => return Err(hand_back(&mut parts, error).await),
    };
    let mut desk = Reception { web, lang, submission, typed: Some(Typed::default()) };
    match desk.read(&mut parts).await {
        Ok(()) => desk.finish().await,
        Err((refused, unread)) => {
            let typed = desk.typed.take();
            // What was taken in goes now, and its place: the rest may take long to arrive.
            drop(desk);
            if let Some(mut part) = unread {
                skip(&mut part).await;
            }
            drain(&mut parts).await;
            Err(refused.with(typed))
        }
    }
}

/// Nothing can be taken in: reads what was typed, only to give it back.
async fn hand_back(parts: &mut Parts, error: IntakeError) -> Refused {
    let mut typed = Typed::default();
    while let Ok(Some(mut part)) = parts.next().await {
        if part.file_name().is_some() || typed.read(&mut part).await.is_err() {
            skip(&mut part).await;
            break;
        }
    }
    drain(parts).await;
    Refused::from(error).with(Some(typed))
}

/// One form being read: first what was typed, then the files.
struct Reception<'w> {
    web: &'w Web,
    lang: Lang,
    submission: Submission,
    /// Gone once the words are sealed.
    typed: Option<Typed>,
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
        }
        Ok(())
    }

    async fn field(&mut self, part: &mut Part) -> Result<(), Refused> {
        let Some(typed) = &mut self.typed else { return Err(Refused::because(Notice::ORDER)) };
        typed.read(part).await
    }

    async fn file(&mut self, part: &mut Part, name: &str) -> Result<(), Refused> {
        let mut chunk = part.chunk().await?;
        if name.is_empty() && chunk.is_none() {
            // What a browser sends for a file field that nobody touched.
            return Ok(());
        }
        self.seal_words().await?;
        self.submission.begin_file(name, &part.media_type()).await?;
        while let Some(bytes) = chunk {
            self.submission.write_file(bytes).await;
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
        self.submission.finish().await.map_err(|error| back(error.into()))
    }
}

impl Typed {
    async fn read(&mut self, part: &mut Part) -> Result<(), Refused> {
        if part.name().len() > MAX_FIELD_NAME {
            self.problem = Some(Notice::of(&FormError::UnknownField));
            while part.chunk().await?.is_some() {}
            return Ok(());
        }
        let name = part.name().to_owned();
        let mut value = Vec::new();
        while let Some(chunk) = part.chunk().await? {
            self.bytes = self.bytes.saturating_add(chunk.len());
            if self.bytes > MAX_TYPED {
                self.problem = Some(Notice::TOO_LARGE);
            } else {
                value.extend_from_slice(&chunk);
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
        for (name, value) in &self.fields {
            form.put(name, value)?;
        }
        Ok(form)
    }
}

/// Reads on after a refusal, within bounds: a browser shows an answer only when it has sent all.
async fn drain(parts: &mut Parts) {
    let mut drained: u64 = 0;
    while let Ok(Some(mut part)) = parts.next().await {
        drained = drained.saturating_add(skip(&mut part).await);
        if drained > MAX_DRAINED {
            return;
        }
    }
}

/// Reads a part to its end, or to [`MAX_DRAINED`], and gives how much that was.
async fn skip(part: &mut Part) -> u64 {
    let mut skipped: u64 = 0;
    while let Ok(Some(chunk)) = part.chunk().await {
        skipped = skipped.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        if skipped > MAX_DRAINED {
            break;
        }
    }
    skipped
}
