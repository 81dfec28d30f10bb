//! Five languages; every string in all of them.
//!
//! Promises: 1. a missing language, key or argument is found by a test, not by a witness; 2. texts
//! come out as they are written, without invisible marks around what is filled in.
//!
//! Does not: guess a language from a browser, or hold any text itself: see `locales/*.ftl`.

use std::sync::LazyLock;

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use unic_langid::LanguageIdentifier;

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lang {
    /// Kyrgyz, in Cyrillic.
    Ky,
    /// Russian.
    Ru,
    /// Uzbek, in Cyrillic: first for Uzbek, as the south writes it.
    UzCyrl,
    /// Uzbek, in Latin.
    UzLatn,
    /// English, the source of the strings.
    En,
}

impl Lang {
    /// All of them, in the order in which pages offer them.
    pub const ALL: [Self; 5] = [Self::Ky, Self::Ru, Self::UzCyrl, Self::UzLatn, Self::En];

    /// The BCP 47 tag, which is also the first segment of a page's path.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Ky => "ky",
            Self::Ru => "ru",
            Self::UzCyrl => "uz-Cyrl",
            Self::UzLatn => "uz-Latn",
            Self::En => "en",
        }
    }

    /// The language of a tag, written exactly as [`tag`](Self::tag) writes it.
    #[must_use]
    pub fn parse(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lang| lang.tag() == tag)
    }

    /// The text of its `locales/*.ftl` file.
    #[must_use]
    pub const fn source(self) -> &'static str {
        match self {
            Self::Ky => include_str!("../../locales/ky.ftl"),
            Self::Ru => include_str!("../../locales/ru.ftl"),
            Self::UzCyrl => include_str!("../../locales/uz-Cyrl.ftl"),
            Self::UzLatn => include_str!("../../locales/uz-Latn.ftl"),
            Self::En => include_str!("../../locales/en.ftl"),
        }
    }
}

/// The strings of one language.
pub struct Locale {
    lang: Lang,
    bundle: FluentBundle<FluentResource>,
    signed_off: Option<&'static str>,
}

impl Locale {
    /// Reads the strings of a language.
    ///
    /// # Errors
    /// [`LocaleError`] if its file cannot be read as Fluent or says nothing of its review.
    pub fn load(lang: Lang) -> Result<Self, LocaleError> {
        let broken = LocaleError::Broken { tag: lang.tag() };
        let source = lang.source();
        let Ok(resource) = FluentResource::try_new(source.to_owned()) else { return Err(broken) };
        let Ok(id) = lang.tag().parse::<LanguageIdentifier>() else { return Err(broken) };
        let mut bundle = FluentBundle::new_concurrent(vec![id]);
        bundle.set_use_isolating(false);
        if bundle.add_resource(resource).is_err() {
            return Err(broken);
        }
        let line = source.lines().find_map(|line| line.strip_prefix("### sign-off:"));
        let review = line.map(str::trim).ok_or(LocaleError::NoSignOff { tag: lang.tag() })?;
        let signed_off = (review != "none yet").then_some(review);
        Ok(Self { lang, bundle, signed_off })
    }

    /// The strings of a language, read once for the whole program.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn of(lang: Lang) -> Result<&'static Self, LocaleError> {
        static LOADED: LazyLock<Vec<Result<Locale, LocaleError>>> =
            LazyLock::new(|| Lang::ALL.into_iter().map(Locale::load).collect());
        let broken = LocaleError::Broken { tag: lang.tag() };
        let mut loaded = LOADED.iter().zip(Lang::ALL);
        let (found, _) = loaded.find(|(_, loaded)| *loaded == lang).ok_or(broken)?;
        found.as_ref().map_err(LocaleError::clone)
    }

    /// The language.
    #[must_use]
    pub fn lang(&self) -> Lang {
        self.lang
    }

    /// Who has signed off the wording, or `None` while it is a draft.
    #[must_use]
    pub fn signed_off(&self) -> Option<&'static str> {
        self.signed_off
    }

    /// A string without arguments; of a key that does not exist, the key.
    #[must_use]
    pub fn text(&self, key: &str) -> String {
        self.text_with(key, &[])
    }

    /// A string with its arguments filled in; of a key that does not exist, the key.
    #[must_use]
    pub fn text_with(&self, key: &str, args: &[(&str, Arg<'_>)]) -> String {
        let pattern = self.bundle.get_message(key).and_then(|message| message.value());
        let Some(pattern) = pattern else { return key.to_owned() };
        let mut filled = FluentArgs::new();
        for (name, arg) in args {
            let value = match arg {
                Arg::Text(text) => FluentValue::from(*text),
                Arg::Number(number) => FluentValue::from(*number),
            };
            filled.set(*name, value);
        }
        let mut errors = Vec::new();
        self.bundle.format_pattern(pattern, Some(&filled), &mut errors).into_owned()
    }
}

/// What is filled into a string.
pub enum Arg<'a> {
    /// A text, as it is.
    Text(&'a str),
    /// A number, which also chooses the plural form.
    Number(u64),
}

/// Why a language cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocaleError {
    /// The file is not what Fluent reads.
    #[error("the strings of {tag} are broken; the build is not usable")]
    Broken {
        /// Tag of the language.
        tag: &'static str,
    },
    /// The file's head does not say who reviewed it.
    #[error("the strings of {tag} have no line `### sign-off:`; the build is not usable")]
    NoSignOff {
        /// Tag of the language.
        tag: &'static str,
    },
}
