//! Which language the machine speaks, as POSIX and GNU say it.
//!
//! Promises: 1. `--language` wins; then `LC_ALL`, `LC_MESSAGES`, `LANG`, of which the first that is
//! set and not empty counts; `LANGUAGE` comes before its language, but not before C or POSIX; 2. a
//! language that is unknown, or letters that the terminal cannot show, mean English.

use std::ffi::OsString;

use crate::locale::Lang;

/// The language to speak in, from the words of the command line and the environment.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the machine says its language nowhere else")]
pub fn language(args: &[OsString]) -> Lang {
    named(args).unwrap_or_else(|| from_environment(|name| std::env::var(name).ok()))
}

/// The language that `--language` names, also where the rest of the line makes no sense.
fn named(args: &[OsString]) -> Option<Lang> {
    let mut args = args.iter().filter_map(|arg| arg.to_str()).take_while(|arg| *arg != "--");
    while let Some(arg) = args.next() {
        let tag = match arg.strip_prefix("--language") {
            Some("") => args.next(),
            Some(rest) => rest.strip_prefix('='),
            None => continue,
        };
        if let Some(lang) = tag.and_then(Lang::parse) {
            return Some(lang);
        }
    }
    None
}

fn from_environment(value: impl Fn(&str) -> Option<String>) -> Lang {
    let set = |name| value(name).filter(|text| !text.is_empty());
    let Some(locale) = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set) else {
        return Lang::En;
    };
    let (before, codeset) = split_codeset(&locale);
    // letters of a terminal that knows no Unicode would come out as others
    let unicode =
        codeset.is_none_or(|c| c.eq_ignore_ascii_case("utf-8") || c.eq_ignore_ascii_case("utf8"));
    if matches!(before, "C" | "POSIX") || !unicode {
        return Lang::En;
    }
    let wished = set("LANGUAGE").unwrap_or_default();
    wished.split(':').chain([locale.as_str()]).find_map(known).unwrap_or(Lang::En)
}

/// `uz_UZ.UTF-8@cyrillic` without its codeset's name and what follows, and that name.
fn split_codeset(locale: &str) -> (&str, Option<&str>) {
    let (before, rest) = locale.split_once('.').map_or((locale, None), |(a, b)| (a, Some(b)));
    let before = before.split('@').next().unwrap_or(before);
    (before, rest.map(|rest| rest.split('@').next().unwrap_or(rest)))
}

fn known(locale: &str) -> Option<Lang> {
    let lower = locale.to_ascii_lowercase();
    let language = lower.split(['_', '-', '.', '@']).next().unwrap_or_default();
    match language {
        "ky" => Some(Lang::Ky),
        "ru" => Some(Lang::Ru),
        "uz" if lower.contains("cyrl") || lower.ends_with("@cyrillic") => Some(Lang::UzCyrl),
        "uz" => Some(Lang::UzLatn),
        "en" | "c" | "posix" => Some(Lang::En),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoken(set: &[(&str, &str)]) -> Lang {
        from_environment(|name| {
            set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_locale_names_one_of_five_languages() {
        for (locale, lang) in [
            ("ky_KG.UTF-8", Lang::Ky),
            ("ky_KG", Lang::Ky),
            ("ru_RU.UTF-8", Lang::Ru),
            ("ru_KG.utf8", Lang::Ru),
            ("uz_UZ", Lang::UzLatn),
            ("uz_UZ.UTF-8", Lang::UzLatn),
            ("uz_UZ@cyrillic", Lang::UzCyrl),
            ("uz_UZ.UTF-8@cyrillic", Lang::UzCyrl),
            ("uz-Cyrl", Lang::UzCyrl),
            ("en_GB.UTF-8", Lang::En),
            ("C", Lang::En),
            ("C.UTF-8", Lang::En),
            ("POSIX", Lang::En),
            ("tg_TJ.UTF-8", Lang::En),
            ("ru_RU.KOI8-R", Lang::En),
            ("", Lang::En),
        ] {
            assert_eq!(spoken(&[("LANG", locale)]), lang, "{locale}");
        }
        assert_eq!(spoken(&[]), Lang::En);
    }

    #[test]
    fn the_stronger_setting_wins_and_an_empty_one_is_none() {
        let (ky, ru) = (("LANG", "ky_KG.UTF-8"), ("LC_ALL", "ru_RU.UTF-8"));
        assert_eq!(spoken(&[ky, ru]), Lang::Ru);
        assert_eq!(spoken(&[ky, ("LC_ALL", ""), ("LC_MESSAGES", "uz_UZ")]), Lang::UzLatn);
        assert_eq!(spoken(&[ky, ("LC_ALL", "C")]), Lang::En);
        assert_eq!(spoken(&[("LANG", "en_GB.UTF-8"), ("LANGUAGE", "tg:ky:ru")]), Lang::Ky);
        assert_eq!(spoken(&[("LC_ALL", "C.UTF-8"), ("LANGUAGE", "ky")]), Lang::En);
        assert_eq!(spoken(&[ru, ("LANGUAGE", "tg")]), Lang::Ru);
    }

    #[test]
    fn what_is_named_on_the_command_line_wins_wherever_it_stands() {
        let line = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert_eq!(named(&line("sandyk --language ky list")), Some(Lang::Ky));
        assert_eq!(named(&line("sandyk reveiw --language=uz-Cyrl")), Some(Lang::UzCyrl));
        for none in ["sandyk --language", "sandyk --language xx", "sandyk -- --language ky"] {
            assert_eq!(named(&line(none)), None, "{none}");
        }
    }
}
