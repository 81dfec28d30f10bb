//! The answers to choose from: what is stored, and the key of the string that people see.

/// One answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// What is sent and stored.
    pub code: &'static str,
    /// Key of its string.
    pub key: &'static str,
}

const fn choice(code: &'static str, key: &'static str) -> Choice {
    Choice { code, key }
}

/// List `risk`.
pub const RISK: &[Choice] = &[
    choice("now", "safety-now"),
    choice("soon", "safety-soon"),
    choice("none", "safety-no"),
    choice("unsure", "safety-unsure"),
];

/// List `risk_flag`.
pub const RISK_FLAG: &[Choice] = &[
    choice("held-now", "safety-held"),
    choice("life-or-health", "safety-health"),
    choice("hunger-strike", "safety-hunger"),
    choice("hearing-within-days", "safety-hearing"),
    choice("extradition", "safety-extradition"),
];

/// How most of the story is known.
pub const KNOWLEDGE: &[Choice] = &[
    choice("lived", "knowledge-lived"),
    choice("saw", "knowledge-saw"),
    choice("heard", "knowledge-heard"),
    choice("told", "knowledge-told"),
    choice("inferred", "knowledge-inferred"),
];

/// The boxes, stored under their own keys and never as a finer code.
pub const BOX: &[Choice] = &[
    choice("harm-torture", "harm-torture"),
    choice("harm-confession", "harm-confession"),
    choice("harm-detention", "harm-detention"),
    choice("harm-death", "harm-death"),
    choice("harm-missing", "harm-missing"),
    choice("harm-sexual", "harm-sexual"),
    choice("harm-threat", "harm-threat"),
    choice("harm-trial", "harm-trial"),
    choice("harm-care", "harm-care"),
    choice("harm-property", "harm-property"),
    choice("harm-extortion", "harm-extortion"),
    choice("harm-ethnic", "harm-ethnic"),
    choice("harm-other", "harm-other"),
];

/// List `role`.
pub const ROLE: &[Choice] = &[
    choice("self", "role-self"),
    choice("family", "role-family"),
    choice("eyewitness", "role-saw"),
    choice("hearsay", "role-told"),
    choice("lawyer", "role-lawyer"),
    choice("medic", "role-medic"),
    choice("helper", "role-helper"),
    choice("insider", "role-insider"),
    choice("no-answer", "role-no-answer"),
];

/// List `consent_basis`.
pub const BEHALF: &[Choice] = &[
    choice("on-behalf-agreed", "behalf-yes"),
    choice("on-behalf-cannot-ask", "behalf-cannot"),
    choice("on-behalf-unaware", "behalf-no"),
    choice("guardian-of-child", "behalf-child"),
];

/// List `safeguard`, each asked for yes, no or not known.
pub const SAFEGUARD: &[Choice] = &[
    choice("registered-on-time", "guard-registered"),
    choice("family-told", "guard-family"),
    choice("lawyer-before-first-questioning", "guard-lawyer"),
    choice("private-talk-with-lawyer", "guard-private"),
    choice("medical-examination-on-arrival", "guard-doctor"),
    choice("independent-examination-allowed", "guard-independent"),
    choice("interpreter", "guard-interpreter"),
    choice("judge-within-legal-time", "guard-judge"),
    choice("allegation-of-torture-recorded", "guard-recorded"),
];

/// Yes, no, or not known.
pub const TRI: &[Choice] =
    &[choice("yes", "answer-yes"), choice("no", "answer-no"), choice("unknown", "answer-unknown")];

/// List `statement_signed`.
pub const SIGNED: &[Choice] = &[
    choice("forced-to-sign", "signed-forced"),
    choice("asked-refused", "signed-refused"),
    choice("not-asked", "signed-not-asked"),
    choice("signed-not-understood", "signed-unread"),
];

/// List `person_state`.
pub const STATE: &[Choice] = &[
    choice("free", "state-free"),
    choice("held", "state-held"),
    choice("missing", "state-missing"),
    choice("dead", "state-dead"),
    choice("abroad", "state-abroad"),
];

/// List `perpetrator_type`.
pub const BY: &[Choice] = &[
    choice("police", "by-police"),
    choice("security-service", "by-security"),
    choice("prison-staff", "by-prison"),
    choice("prosecutor", "by-prosecutor"),
    choice("judge", "by-judge"),
    choice("plain-clothes", "by-plain"),
    choice("armed-group", "by-armed"),
    choice("crowd", "by-crowd"),
    choice("unknown", "by-unknown"),
];

/// List `threat_target`.
pub const TARGET: &[Choice] = &[
    choice("witness", "target-witness"),
    choice("relative", "target-family"),
    choice("victim-in-custody", "target-held"),
    choice("lawyer", "target-lawyer"),
];

/// List `authority_response`.
pub const OFFICIALS: &[Choice] = &[
    choice("intervened", "officials-helped"),
    choice("present-did-nothing", "officials-nothing"),
    choice("gave-access", "officials-let"),
];

/// Where the files come from.
pub const ORIGIN: &[Choice] = &[
    choice("made-by-me", "origin-me"),
    choice("given-by-maker", "origin-maker"),
    choice("given-by-other", "origin-other"),
    choice("from-internet", "origin-internet"),
    choice("from-case-file", "origin-case"),
    choice("found", "origin-found"),
];

/// List `paper`.
pub const PAPER: &[Choice] =
    &[choice("have", "paper-have"), choice("exists", "paper-exists"), choice("none", "paper-none")];

/// List `consent_use`, without the one that is asked twice and the modifier.
pub const CONSENT: &[Choice] = &[
    choice("keep", "consent-keep"),
    choice("statistics", "consent-count"),
    choice("publish-anonymous", "consent-publish"),
    choice("case-lawyer", "consent-lawyer"),
    choice("international", "consent-un"),
    choice("court", "consent-court"),
];

/// List `contact_mode`.
pub const CONTACT: &[Choice] = &[
    choice("site-only", "contact-site"),
    choice("other-safe-way", "contact-other"),
    choice("none", "contact-none"),
];

/// List `reviewer_gender`.
pub const GENDER: &[Choice] = &[choice("woman", "wish-woman"), choice("man", "wish-man")];
