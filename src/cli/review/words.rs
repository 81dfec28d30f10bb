//! The reviewers' words for codes.
//!
//! Promises: 1. a code of this version's taxonomy is never shown bare; 2. a code that this version
//! does not know is shown as it is and called so.

use crate::testimony::{Channel, Code, Kind, Knowledge, List, Origin, Taxonomy, Tri};

/// A code of a list in words.
pub(super) fn of(list: List, code: &Code) -> String {
    let code = code.as_str();
    if let Some((_, _, words)) = OWN.iter().find(|(l, c, _)| *l == list && *c == code) {
        return (*words).to_owned();
    }
    match Taxonomy::embedded().find(list, code) {
        Some(entry) => entry.label.clone().unwrap_or_else(|| code.replace('-', " ")),
        None => unknown(code),
    }
}

/// Codes of a list in words, with semicolons.
pub(super) fn all(list: List, codes: &[Code]) -> String {
    codes.iter().map(|code| of(list, code)).collect::<Vec<_>>().join("; ")
}

/// A ticked box in words.
pub(super) fn ticked(code: &Code) -> String {
    let found = BOXES.iter().find(|(key, _)| *key == code.as_str());
    found.map_or_else(|| unknown(code.as_str()), |(_, words)| (*words).to_owned())
}

/// A ticked box in one or two words, for lists.
pub(super) fn ticked_short(code: &Code) -> &str {
    let code = code.as_str();
    code.strip_prefix("harm-").unwrap_or(code)
}

/// The danger in words; the urgent ones begin with a word that the eye finds.
pub(super) fn danger(risk: &Code, flags: &[Code]) -> String {
    let mut words = match risk.as_str() {
        "now" => "URGENT: danger now".to_owned(),
        "soon" => "SOON: danger in the coming days".to_owned(),
        "none" => "none".to_owned(),
        "unsure" => "not sure".to_owned(),
        "unsaid" => "not said".to_owned(),
        other => unknown(other),
    };
    for flag in flags {
        words.push_str("; ");
        words.push_str(&of(List::RiskFlag, flag));
    }
    words
}

/// The name of a page's language; a tag that is none of ours is not repeated.
pub(super) fn language(tag: &str) -> &'static str {
    LANGUAGES.iter().find(|(t, _)| *t == tag).map_or("another language", |(_, name)| *name)
}

/// What a testimony is to an earlier one.
pub(super) const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::New => "a new account",
        Kind::Supplement => "adds to an earlier account",
        Kind::Correction => "corrects an earlier account",
        Kind::ConsentChange => "changes the consent of an earlier account",
        Kind::Withdrawal => "withdraws an earlier account",
        Kind::Message => "words to the reviewers, no testimony",
    }
}

/// How it was sealed, as the sealing side claims.
pub(super) const fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::WebServerSealed => "by the server, while it came in through the form",
        Channel::WebDeviceSealed => "on the witness's own device",
        Channel::OfflineCli => "by an intermediary, offline",
        Channel::ReviewerEntered => "by a reviewer who wrote it down",
    }
}

/// How something is known.
pub(super) const fn knowledge(knowledge: Knowledge) -> &'static str {
    match knowledge {
        Knowledge::Lived => "lived through it",
        Knowledge::Saw => "saw it",
        Knowledge::Heard => "heard it happen",
        Knowledge::Told => "was told by others",
        Knowledge::Inferred => "concluded it",
        Knowledge::Unsaid => "not said",
    }
}

/// Where a file comes from.
pub(super) const fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::MadeByMe => "the witness made it",
        Origin::GivenByMaker => "given by whoever made it",
        Origin::GivenByOther => "given by somebody else",
        Origin::FromInternet => "from the internet",
        Origin::FromCaseFile => "from a case file",
        Origin::Found => "found",
        Origin::Unsaid => "not said",
    }
}

/// Yes, no, not known.
pub(super) const fn tri(answer: Tri) -> &'static str {
    match answer {
        Tri::Yes => "yes",
        Tri::No => "no",
        Tri::Unknown => "not known",
    }
}

/// A size in words.
pub(super) fn size(bytes: u64) -> String {
    let (unit, name) = match bytes {
        0..=1023 => return format!("{bytes} bytes"),
        1024..=1_048_575 => (1_u64 << 10, "KiB"),
        1_048_576..=1_073_741_823 => (1 << 20, "MiB"),
        _ => (1 << 30, "GiB"),
    };
    let tenths = bytes.saturating_mul(10).div_ceil(unit);
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}

fn unknown(code: &str) -> String {
    format!("{code} (a code that this version does not know)")
}

const LANGUAGES: [(&str, &str); 5] = [
    ("ky", "Kyrgyz"),
    ("ru", "Russian"),
    ("uz-Cyrl", "Uzbek, Cyrillic"),
    ("uz-Latn", "Uzbek, Latin"),
    ("en", "English"),
];

const BOXES: [(&str, &str); 13] = [
    ("harm-torture", "torture, beating, ill-treatment"),
    ("harm-confession", "forced to confess or to accuse others"),
    ("harm-detention", "arrest or detention"),
    ("harm-death", "a person died"),
    ("harm-missing", "a person is missing"),
    ("harm-sexual", "sexual violence or humiliation"),
    ("harm-threat", "threats, attacks, being followed"),
    ("harm-trial", "an unfair trial"),
    ("harm-care", "no doctor, no medicine, no examination"),
    ("harm-property", "a home or property destroyed or taken"),
    ("harm-extortion", "money demanded"),
    ("harm-ethnic", "because of ethnicity or origin"),
    ("harm-other", "something else"),
];

/// Words where the code with spaces for hyphens would not do.
const OWN: [(List, &str, &str); 34] = [
    (List::RiskFlag, "held-now", "somebody is held now"),
    (List::RiskFlag, "life-or-health", "a doctor or medicine is needed urgently"),
    (List::RiskFlag, "hunger-strike", "hunger strike"),
    (List::RiskFlag, "extradition", "may be sent to a country of danger"),
    (List::RiskFlag, "hearing-within-days", "a hearing within days"),
    (List::Role, "self", "the person harmed"),
    (List::Role, "hearsay", "heard it from others"),
    (List::Role, "medic", "doctor or nurse"),
    (List::Role, "helper", "helper who writes for others"),
    (List::Role, "insider", "works or worked there"),
    (List::Role, "no-answer", "not said who"),
    (List::ConsentUse, "keep", "keeping only"),
    (List::ConsentUse, "statistics", "counting in overall numbers"),
    (List::ConsentUse, "publish-anonymous", "public reports without names"),
    (List::ConsentUse, "case-lawyer", "a lawyer working on this case"),
    (List::ConsentUse, "international", "the United Nations and other international bodies"),
    (List::ConsentUse, "court", "a court case"),
    (List::ConsentUse, "national-authorities", "the national authorities"),
    (List::ConsentBasis, "own", "the witness speaks for themselves"),
    (List::ConsentBasis, "on-behalf-agreed", "for another person, who agreed"),
    (List::ConsentBasis, "on-behalf-cannot-ask", "for another person, who cannot be asked"),
    (List::ConsentBasis, "on-behalf-unaware", "for another person, who does NOT know"),
    (List::ConsentBasis, "guardian-of-child", "for a child, as parent or guardian"),
    (List::ConsentBasis, "unsaid", "not said whether for themselves or another"),
    (List::ContactMode, "site-only", "only through this site"),
    (List::ContactMode, "other-safe-way", "in the way given"),
    (List::ContactMode, "none", "not wanted"),
    (List::Paper, "have", "the witness has it"),
    (List::Paper, "exists", "exists elsewhere"),
    (List::Paper, "none", "there is none"),
    (List::PersonState, "held", "held now"),
    (List::StatementSigned, "asked-refused", "asked to sign, refused"),
    (List::StatementSigned, "signed-not-understood", "signed without understanding it"),
    (List::Safeguard, "interpreter", "an interpreter"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testimony::choices;

    #[test]
    fn every_code_that_has_own_words_is_in_its_list() {
        for (list, code, _) in OWN {
            assert!(Taxonomy::embedded().find(list, code).is_some(), "{code}");
        }
    }

    #[test]
    fn every_box_and_every_danger_of_the_form_has_words() {
        for asked in choices::BOX {
            assert!(!ticked(&Code::parse(asked.code).unwrap()).contains("does not know"));
        }
        for asked in choices::RISK {
            assert!(!danger(&Code::parse(asked.code).unwrap(), &[]).contains("does not know"));
        }
    }

    #[test]
    fn a_code_of_a_newer_taxonomy_is_shown_and_called_unknown() {
        let code = Code::parse("of-a-newer-list").unwrap();
        for words in [of(List::Role, &code), ticked(&code), danger(&code, &[])] {
            assert!(words.starts_with("of-a-newer-list (a code"), "{words}");
        }
    }

    #[test]
    fn sizes_are_rounded_up_so_that_nothing_is_called_empty() {
        let shown = [0, 1023, 1025, 1 << 20, 3 << 30].map(size);
        assert_eq!(shown, ["0 bytes", "1023 bytes", "1.1 KiB", "1.0 MiB", "3.0 GiB"]);
    }
}
