//! Every page that a witness can meet, as pure functions from strings and settings to HTML.
//!
//! Promises: 1. the form page holds no byte of a request, so that its digest can be published;
//! 2. whatever was typed comes back escaped; 3. no script, no inline style, no image, nothing from
//! elsewhere; 4. per language, form and stylesheet together are at most 40 KB, 15 KB compressed;
//! 5. a page promises only what this version does; 6. the page of a mailbox has the same size whatever
//! is in it.
//!
//! Does not: know HTTP, choose a status, or keep anything.
//! Spec: `docs/format/account.md` for the fields; WCAG 2.2 AA for the rest.

mod again;
mod code;
mod controls;
mod form;
mod layout;
mod mailbox;
mod notice;
mod plain;
mod receipt;
mod sections;

use std::collections::BTreeMap;

use crate::{
    digest::Digest,
    locale::{Lang, Locale},
};

pub use again::{Again, FREELY_FIELD, PRESSURE_FIELD, again, again_refilled, again_text};
pub use code::Code;
pub use form::{form, form_again};
pub use mailbox::{
    Answer, CODE_FIELD, MAILBOX_BYTES, MailboxPage, REPLY_FIELD, enter, enter_again, mailbox,
    once_path, waiting,
};
pub use notice::Notice;
pub use plain::{Plain, about, gone, languages, leave, offline, plain, unreadable};
pub use receipt::{FileFate, ReceiptPage, receipt};

/// The stylesheet, served at [`STYLE_PATH`].
pub const STYLE: &str = include_str!("style.css");

/// Path of the stylesheet.
pub const STYLE_PATH: &str = "/style.css";

/// A second stylesheet, for the pages that come after words; it says nothing, its header counts.
pub const AFTER: &str = "/* the page before is forgotten */\n";

/// Path of [`AFTER`].
pub const AFTER_PATH: &str = "/after.css";

/// A site that [`leave`] offers as the next one: large, known to everybody, about everything.
pub const NEUTRAL_SITE: &str = "https://www.wikipedia.org/";

/// A text that an organisation may give in each language; none is the ordinary case.
pub type PerLanguage = BTreeMap<Lang, String>;

/// What an organisation tells about itself and what it takes; comes from the server's config.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PageSettings {
    /// Its name; left out if empty.
    pub organisation: String,
    /// Another safe way to reach it.
    pub safe_contact: PerLanguage,
    /// How soon testimonies are usually read.
    pub answer_within: PerLanguage,
    /// Whom to talk to if writing was hard.
    pub support: PerLanguage,
    /// Files in one testimony.
    pub max_files: u32,
    /// Size of one file, in MB.
    pub file_mb: u64,
    /// Size of one testimony, in MB.
    pub total_mb: u64,
    /// Whether answers can be read here.
    pub replies: Replies,
}

/// What a server does with answers; the pages promise no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Replies {
    /// It opens them for whoever types the code.
    #[default]
    Here,
    /// It was built so that it cannot: they have to be asked for in another way.
    Elsewhere,
}

impl PageSettings {
    /// The text of a language, if there is one with something in it.
    fn line(texts: &PerLanguage, lang: Lang) -> Option<&str> {
        texts.get(&lang).map(|text| text.trim()).filter(|text| !text.is_empty())
    }
}

/// Path of a language's form.
#[must_use]
pub fn form_path(lang: Lang) -> String {
    format!("/{}", lang.tag())
}

/// Path to which a language's form is sent.
#[must_use]
pub fn send_path(lang: Lang) -> String {
    format!("/{}/send", lang.tag())
}

/// Path of a language's page for leaving safely.
#[must_use]
pub fn leave_path(lang: Lang) -> String {
    format!("/{}/leave", lang.tag())
}

/// Path of the page on which a code is typed.
#[must_use]
pub fn enter_path(lang: Lang) -> String {
    format!("/{}/mailbox", lang.tag())
}

/// Path of a language's page about what happens to what is sent.
#[must_use]
pub fn about_path(lang: Lang) -> String {
    format!("/{}/about", lang.tag())
}

/// The digest of the exact form page, which every testimony from it carries with its consent.
#[must_use]
pub fn consent_text(locale: &Locale, settings: &PageSettings) -> Digest {
    Digest::of(form(locale, settings).as_bytes())
}
