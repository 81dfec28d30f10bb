//! What was typed: held until it is sealed, bounded, and given back if it cannot be.

use super::{
    super::{
        crowd::Allowance,
        multipart::{Form as Parts, Part, most_drained},
        pages::{CODE_FIELD, FREELY_FIELD, Notice, PRESSURE_FIELD},
    },
    Refused,
};
use crate::{
    config::Limits,
    intake::PROMISE_FIELD,
    locale::Lang,
    testimony::{Form, FormError, Pressure, Tri, limits::NOTE},
};

/// Bytes of everything typed that are held while the words are not sealed yet.
const MAX_TYPED: usize = 2 << 20;
/// Bytes of a field's name; ours have fewer than 40.
const MAX_FIELD_NAME: usize = 64;

/// What was typed, until it is sealed.
pub(super) struct Typed {
    pub(super) fields: Vec<(String, String)>,
    bytes: usize,
    problem: Option<Notice<'static>>,
    allowance: Allowance,
    /// Bytes that are read in all, held or not.
    most: u64,
}

impl Typed {
    pub(super) fn new(allowance: Allowance, limits: &Limits) -> Self {
        let most = most_drained(limits);
        Self { fields: Vec::new(), bytes: 0, problem: None, allowance, most }
    }

    pub(super) fn read_until_now(&self) -> u64 {
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

    pub(super) async fn read(&mut self, part: &mut Part) -> Result<(), Refused> {
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

    pub(super) fn to_form(&self, lang: Lang) -> Result<Form, Refused> {
        if let Some(problem) = self.problem {
            return Err(Refused::because(problem));
        }
        let mut form = Form::new(lang);
        let beside = [PROMISE_FIELD, CODE_FIELD, FREELY_FIELD, PRESSURE_FIELD];
        for (name, value) in self.fields.iter().filter(|(name, _)| !beside.contains(&&**name)) {
            form.put(name, value)?;
        }
        Ok(form)
    }

    /// What was typed into a field that is no part of a testimony's words, unless it is empty.
    pub(super) fn filled(&self, field: &str) -> Option<&str> {
        let (_, value) = self.fields.iter().find(|(name, _)| name == field)?;
        Some(value.as_str()).filter(|value| !value.trim().is_empty())
    }

    /// Whether it is written of free will, if that was answered.
    pub(super) fn pressure(&self) -> Result<Option<Pressure>, Refused> {
        let words = self.filled(PRESSURE_FIELD).map(str::to_owned);
        if words.as_ref().is_some_and(|words| words.len() > NOTE) {
            return Err(Refused::because(Notice::PRESSURE));
        }
        let freely = match self.filled(FREELY_FIELD) {
            Some("yes") => Tri::Yes,
            Some("no") => Tri::No,
            Some("unknown") => Tri::Unknown,
            Some(_) => return Err(Refused::because(Notice::FREELY)),
            None if words.is_some() => Tri::Unknown,
            None => return Ok(None),
        };
        Ok(Some(Pressure { freely, words }))
    }
}

/// Reads on after a refusal, within bounds: a browser shows an answer only when it has sent all. The part
/// at which it was refused comes first, since the next one can only be asked for when it is read.
pub(super) async fn drain(parts: &mut Parts, unread: Option<Part>, most: u64) {
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
