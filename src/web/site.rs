//! Every page of the site, drawn once where it is the same for everyone.

use std::collections::BTreeMap;

use super::{
    answer::Static,
    pages::{
        self, AFTER, AFTER_PATH, FileFate, Notice, PageSettings, PerLanguage, Plain, ReceiptPage,
        STYLE, STYLE_PATH,
    },
};
use crate::{
    config::{self, Limits, Organisation},
    digest::Digest,
    intake::{OncePage, Unkept},
    locale::{Lang, Locale, LocaleError},
};

/// Minutes that a page can be read again, as the page says.
const MINUTES: u64 = 30;
/// Bytes of a megabyte, as the pages count them.
const MEGABYTE: u64 = 1 << 20;

/// The pages of one language that are the same for everyone.
pub(super) struct Pages {
    locale: &'static Locale,
    pub(super) form: Static,
    pub(super) leave: Static,
    pub(super) about: Static,
    pub(super) gone: Static,
    pub(super) busy: Static,
    pub(super) missing: Static,
    pub(super) method: Static,
    /// Digest of the form page: what the witness read when agreeing to anything.
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
            files.insert(format!("/{tag}/leave"), pages.leave.digest());
            files.insert(format!("/{tag}/about"), pages.about.digest());
        }
        files
    }

    /// The pages of a language.
    pub(super) fn of(&self, lang: Lang) -> &Pages {
        self.pages.iter().find(|(of, _)| *of == lang).map_or(&self.first, |(_, pages)| pages)
    }

    /// A page that is read once, drawn from what was kept of it.
    pub(super) fn once(&self, lang: Lang, address: &str, page: &OncePage) -> String {
        let locale = self.of(lang).locale;
        match page {
            OncePage::Receipt { digits, unkept, promise } => {
                let files: Vec<_> =
                    (1..).zip(unkept).map(|(n, (name, why))| fate(name, n, *why)).collect();
                let burn = format!("/{}/once/{address}/done", lang.tag());
                let (digits, spare) = (digits.as_str(), &[]);
                let (files, burn, promise) = (&*files, &*burn, promise.as_deref());
                let shown = ReceiptPage { digits, spare, files, burn, promise, minutes: MINUTES };
                pages::receipt(locale, &shown)
            }
            OncePage::Refill { problem, field, typed } => {
                let notice = Notice::from_parts(problem, field.as_deref());
                let typed: Vec<_> = typed.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
                pages::form_again(locale, &self.settings, notice, &typed)
            }
            OncePage::Lost => pages::plain(locale, &self.settings, Plain::Broken),
        }
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
            leave: Static::html(pages::leave(locale)),
            about: Static::html(pages::about(locale, settings)),
            gone: Static::html(pages::gone(locale)),
            busy: plain(Plain::Busy),
            missing: plain(Plain::Missing),
            method: plain(Plain::Method),
        }
    }
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
    }
}

fn texts(lines: &config::PerLanguage) -> PerLanguage {
    let of = |lang| lines.get(lang).map(|text| (lang, text.to_owned()));
    Lang::ALL.into_iter().filter_map(of).collect()
}
