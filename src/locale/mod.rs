//! Five languages; every string in all of them.
//!
//! Promises: 1. a missing language, key or argument is found by a test, not by a witness; 2. texts
//! come out as they are written, without invisible marks around what is filled in.
//!
//! Does not: guess a language from a browser, or hold any text itself: see `locales/*.ftl` for the
//! pages and `locales/cli/*.ftl` for the command line, whose English stands in the code.

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

    /// The text of its `locales/cli/*.ftl` file; English needs none, it stands in the code.
    #[must_use]
    pub const fn commands(self) -> Option<&'static str> {
        match self {
            Self::Ky => Some(include_str!("../../locales/cli/ky.ftl")),
            Self::Ru => Some(include_str!("../../locales/cli/ru.ftl")),
            Self::UzCyrl => Some(include_str!("../../locales/cli/uz-Cyrl.ftl")),
            Self::UzLatn => Some(include_str!("../../locales/cli/uz-Latn.ftl")),
            Self::En => None,
        }
    }
}

/// The strings of one language.
pub struct Locale {
    lang: Lang,
    bundle: FluentBundle<FluentResource>,
    signed_off: Option<String>,
}

impl Locale {
    /// Reads the strings of a language.
    ///
    /// # Errors
    /// [`LocaleError`] if its file cannot be read as Fluent or says nothing of its review.
    pub fn load(lang: Lang) -> Result<Self, LocaleError> {
        Self::read(lang, lang.source())
    }

    /// Reads the words of the command line; `None` for English.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_commands(lang: Lang) -> Result<Option<Self>, LocaleError> {
        lang.commands().map(|source| Self::read(lang, source)).transpose()
    }

    fn read(lang: Lang, source: &str) -> Result<Self, LocaleError> {
        let broken = LocaleError::Broken { tag: lang.tag() };
        let Ok(resource) = FluentResource::try_new(source.to_owned()) else { return Err(broken) };
        let Ok(id) = lang.tag().parse::<LanguageIdentifier>() else { return Err(broken) };
        let mut bundle = FluentBundle::new_concurrent(vec![id]);
        bundle.set_use_isolating(false);
        if bundle.add_resource(resource).is_err() {
            return Err(broken);
        }
        let line = source.lines().find_map(|line| line.strip_prefix("### sign-off:"));
        let review = line.map(str::trim).ok_or(LocaleError::NoSignOff { tag: lang.tag() })?;
        let signed_off = (review != "none yet").then(|| review.to_owned());
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
    pub fn signed_off(&self) -> Option<&str> {
        self.signed_off.as_deref()
    }

    /// A string without arguments; of a key that does not exist, the key.
    #[must_use]
    pub fn text(&self, key: &str) -> String {
        self.text_with(key, &[])
    }

    /// A string with its arguments filled in; of a key that does not exist, the key.
    #[must_use]
    pub fn text_with(&self, key: &str, args: &[(&str, Arg<'_>)]) -> String {
        self.part(key, None, args).unwrap_or_else(|| key.to_owned())
    }

    /// A string, or the attribute of one, with its arguments filled in; `None` if there is none.
    #[must_use]
    pub fn part(
        &self,
        key: &str,
        attribute: Option<&str>,
        args: &[(&str, Arg<'_>)],
    ) -> Option<String> {
        let message = self.bundle.get_message(key)?;
        let pattern = match attribute {
            None => message.value()?,
            Some(name) => message.get_attribute(name)?.value(),
        };
        let mut filled = FluentArgs::new();
        for (name, arg) in args {
            let value = match arg {
                Arg::Text(text) => FluentValue::from(*text),
                Arg::Number(number) => FluentValue::from(*number),
            };
            filled.set(*name, value);
        }
        let mut errors = Vec::new();
        Some(self.bundle.format_pattern(pattern, Some(&filled), &mut errors).into_owned())
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
