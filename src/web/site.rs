//! Every page of the site, drawn once where it is the same for everyone.

use std::collections::BTreeMap;

use rand::rngs::OsRng;

use super::{
    answer::Static,
    pages::{
        self, AFTER, AFTER_PATH, Again, CODE_FIELD, Code, FileFate, MailboxPage, Notice,
        PageSettings, PerLanguage, Plain, ReceiptPage, Replies, STYLE, STYLE_PATH,
    },
};
use crate::{
    config::{self, Limits, Organisation},
    digest::Digest,
    intake::{OncePage, Unkept, mailbox::SHOWS_REPLIES},
    locale::{Lang, Locale, LocaleError},
    receipt::{Receipt, Repair, WordList},
};

/// Minutes that a page can be read again, as the page says.
pub(super) const MINUTES: u64 = 30;
/// Bytes of a megabyte, as the pages count them.
const MEGABYTE: u64 = 1 << 20;

/// The pages of one language that are the same for everyone.
pub(super) struct Pages {
    locale: &'static Locale,
    pub(super) form: Static,
    pub(super) enter: Static,
    again: Vec<(Again, AgainForm)>,
    pub(super) about: Static,
    pub(super) gone: Static,
    pub(super) busy: Static,
    pub(super) missing: Static,
    pub(super) method: Static,
    /// Digest of the form page: what the witness read when agreeing to anything.
    pub(super) consent_text: Digest,
}

/// One form of a mailbox, empty, and its digest.
pub(super) struct AgainForm {
    pub(super) page: Static,
    /// What the witness read when choosing uses on it.
    pub(super) consent_text: Digest,
}

/// All pages.
pub(super) struct Site {
    settings: PageSettings,
    pages: Vec<(Lang, Pages)>,
    first: Pages,
    pub(super) languages: Static,
    pub(super) offline: Static,
    pub(super) style: Static,
    pub(super) after: Static,
}

impl Site {
    /// Draws everything that can be drawn before anybody asks.
    pub(super) fn draw(organisation: &Organisation, limits: &Limits) -> Result<Self, LocaleError> {
        let settings = settings(organisation, limits);
        let locales = Lang::ALL.into_iter().map(Locale::of).collect::<Result<Vec<_>, _>>()?;
        let pages = locales.iter().map(|l| (l.lang(), Pages::draw(l, &settings))).collect();
        Ok(Self {
            first: Pages::draw(Locale::of(Lang::Ky)?, &settings),
            languages: Static::html(pages::languages(&locales, &settings)),
            offline: Static::html(pages::offline(&locales, &settings)),
            style: Static::css(STYLE.to_owned()),
            after: Static::css(AFTER.to_owned()),
            pages,
            settings,
        })
    }

    /// The hash of everything that is the same for everyone, at the path where it is served.
    pub(super) fn files(&self) -> BTreeMap<String, Digest> {
        let mut files = BTreeMap::from([
            ("/".to_owned(), self.languages.digest()),
            (STYLE_PATH.to_owned(), self.style.digest()),
            (AFTER_PATH.to_owned(), self.after.digest()),
        ]);
        for (lang, pages) in &self.pages {
            let tag = lang.tag();
            files.insert(format!("/{tag}"), pages.form.digest());
            files.insert(format!("/{tag}/mailbox"), pages.enter.digest());
            files.insert(format!("/{tag}/about"), pages.about.digest());
        }
        files
    }

    /// The pages of a language.
    pub(super) fn of(&self, lang: Lang) -> &Pages {
        self.pages.iter().find(|(of, _)| *of == lang).map_or(&self.first, |(_, pages)| pages)
    }

    /// The page for leaving, with spare codes of its own.
    pub(super) fn leave(&self, lang: Lang) -> String {
        pages::leave(self.of(lang).locale, &spare())
    }

    /// The page of a mailbox.
    pub(super) fn mailbox(
        &self,
        lang: Lang,
        page: MailboxPage<'_>,
        unkept: &[(String, Unkept)],
    ) -> String {
        let page = MailboxPage { files: &fates(unkept), ..page };
        pages::mailbox(self.of(lang).locale, &self.settings, &page)
    }

    /// A page that is read once, drawn from what was kept of it; `before` says how many wait before a number.
    pub(super) fn once(
        &self,
        lang: Lang,
        address: &str,
        page: &OncePage,
        before: impl Fn(u64) -> usize,
    ) -> String {
        let locale = self.of(lang).locale;
        let own = pages::once_path(lang, address);
        match page {
            OncePage::Receipt { digits, unkept, promise } => {
                let code = Receipt::parse(digits).ok().map(|receipt| code_of(&receipt));
                let spare = if code.is_some() { spare() } else { Vec::new() };
                pages::receipt(
                    locale,
                    &ReceiptPage {
                        code: code.as_ref(),
                        spare: &spare,
                        files: &fates(unkept),
                        burn: &format!("{own}/done"),
                        promise: promise.as_deref(),
                        minutes: MINUTES,
                    },
                )
            }
            OncePage::Refill { problem, field, typed, back } => {
                let notice = Notice::from_parts(problem, field.as_deref());
                let typed: Vec<_> = typed.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
                self.refilled(locale, notice, &typed, back.as_ref())
            }
            OncePage::Enter { problem, typed } => {
                let meant = Repair::of(typed).map(|repair| repair.shown());
                let yes = format!("{own}/open");
                let meant = meant.as_ref().map(|meant| (meant.expose(), yes.as_str()));
                pages::enter_again(locale, problem, typed, meant)
            }
            OncePage::Lost => pages::plain(locale, &self.settings, Plain::Broken),
            OncePage::Waiting { number } => {
                pages::waiting(locale, u64::try_from(before(*number)).unwrap_or_default(), &own)
            }
            // It is drawn with its answers, by `mailbox`.
            OncePage::Mailbox { .. } => pages::gone(locale),
        }
    }

    fn refilled(
        &self,
        locale: &Locale,
        notice: Notice<'_>,
        typed: &[(&str, &str)],
        back: Option<&(String, String)>,
    ) -> String {
        let back = back.and_then(|(place, address)| Some((Again::at(place)?, address)));
        if let Some((again, address)) = back {
            let own = pages::once_path(locale.lang(), address);
            return pages::again_refilled(locale, &self.settings, (again, &own), notice, typed);
        }
        let code = typed.iter().find(|(name, _)| *name == CODE_FIELD);
        let meant = code.and_then(|(_, code)| Repair::of(code)).map(|repair| repair.shown());
        let notice = match &meant {
            Some(meant) => notice.with_meant(Some(meant.expose())),
            None => notice,
        };
        pages::form_again(locale, &self.settings, notice, typed)
    }
}

/// The page for a request that cannot be read, in every language: nothing of it tells which is wanted.
pub(super) fn unreadable(
    organisation: &Organisation,
    limits: &Limits,
) -> Result<String, LocaleError> {
    let locales = Lang::ALL.into_iter().map(Locale::of).collect::<Result<Vec<_>, _>>()?;
    Ok(pages::unreadable(&locales, &settings(organisation, limits)))
}

impl Pages {
    fn draw(locale: &'static Locale, settings: &PageSettings) -> Self {
        let plain = |what| Static::html(pages::plain(locale, settings, what));
        let form = Static::html(pages::form(locale, settings));
        Self {
            locale,
            consent_text: pages::consent_text(locale, settings),
            form,
            enter: Static::html(pages::enter(locale, settings)),
            again: Again::ALL
                .into_iter()
                .map(|again| (again, AgainForm::draw(locale, settings, again)))
                .collect(),
            about: Static::html(pages::about(locale, settings)),
            gone: Static::html(pages::gone(locale)),
            busy: plain(Plain::Busy),
            missing: plain(Plain::Missing),
            method: plain(Plain::Method),
        }
    }
}

impl Pages {
    /// One of the forms of a mailbox.
    pub(super) fn again(&self, what: Again) -> Option<&AgainForm> {
        self.again.iter().find_map(|(again, form)| (*again == what).then_some(form))
    }
}

impl AgainForm {
    fn draw(locale: &Locale, settings: &PageSettings, what: Again) -> Self {
        // A page that asks for no consent changes none: the account before says what may be used.
        let asks = what == Again::Consent;
        let consent_text =
            if asks { pages::again_text(locale, settings, what) } else { Digest::NONE };
        Self { page: Static::html(pages::again(locale, settings, what)), consent_text }
    }
}

/// Codes with which nothing was ever sent.
fn spare() -> Vec<Code> {
    (0..SPARE).map(|_| code_of(&Receipt::random(&mut OsRng))).collect()
}

fn code_of(receipt: &Receipt) -> Code {
    let words = [(Lang::En, WordList::English), (Lang::Ru, WordList::Russian)];
    let spelt = |(lang, list)| (lang, receipt.words(list).expose().to_owned());
    Code {
        digits: receipt.digits().expose().to_owned(),
        words: words.into_iter().map(spelt).collect(),
    }
}

/// Spare codes on one page.
const SPARE: usize = 3;

fn fates(unkept: &[(String, Unkept)]) -> Vec<FileFate<'_>> {
    (1..).zip(unkept).map(|(n, (name, why))| fate(name, n, *why)).collect()
}

fn fate(name: &str, n: u16, why: Unkept) -> FileFate<'_> {
    match why {
        Unkept::TooLarge => FileFate::Cut(name, n),
        Unkept::TooMany | Unkept::NoRoom => FileFate::Missing(name, n),
    }
}

fn settings(organisation: &Organisation, limits: &Limits) -> PageSettings {
    let megabytes = |bytes: u64| bytes.checked_div(MEGABYTE).unwrap_or_default();
    PageSettings {
        organisation: organisation.name.clone(),
        safe_contact: texts(&organisation.safe_contact),
        answer_within: texts(&organisation.answer_within),
        support: texts(&organisation.support),
        max_files: limits.files.into(),
        file_mb: megabytes(limits.file_bytes),
        total_mb: megabytes(limits.testimony_bytes),
        replies: if SHOWS_REPLIES { Replies::Here } else { Replies::Elsewhere },
    }
}

fn texts(lines: &config::PerLanguage) -> PerLanguage {
    let of = |lang| lines.get(lang).map(|text| (lang, text.to_owned()));
    Lang::ALL.into_iter().filter_map(of).collect()
}
