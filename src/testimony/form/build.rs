//! From answers to the account and the identity.

use super::{BLOCKS, Field, answers::Answers, choices::SAFEGUARD};
use crate::{
    digest::Digest,
    id::TestimonyId,
    locale::Lang,
    testimony::{
        Account, Affected, Assisted, Attachment, Channel, Code, Consent, Contact, Detention,
        Examination, Health, Identity, Kind, KnownEvidence, Named, OtherWitnesses, Report,
        Responsible, ReviewerWish, SCHEMA, Threat, Triage,
    },
};

/// The account and the identity of one form.
pub(super) fn parts(
    lang: Lang,
    typed: Vec<(&'static Field, String)>,
    (id, channel, text): (TestimonyId, Channel, Digest),
) -> (Account, Identity) {
    let mut answers = Answers::new(typed);
    let from = &mut answers;
    let mut triage = triage(from, lang, channel);
    let identity = identity(from);
    let consent = consent(from, &triage.role, text);
    let mut affected = affected(from, &identity);
    if let (
        Some(first),
        "on-behalf-agreed" | "on-behalf-cannot-ask" | "on-behalf-unaware" | "guardian-of-child",
    ) = (affected.first_mut(), consent.basis.as_str())
    {
        first.basis = Some(consent.basis.clone());
    }
    let attachments: Vec<_> = attachment(from).into_iter().collect();
    triage.attachments = u16::try_from(attachments.len()).unwrap_or(u16::MAX);
    triage.has_identity = !identity.names_nobody();
    triage.may_use = consent.uses.iter().any(|used| used.as_str() != "keep");
    let account = Account {
        schema: SCHEMA.to_owned(),
        id,
        continues: None,
        story: from.raw("story").unwrap_or_default(),
        knowledge: from.one_of("knowledge"),
        when: [from.when("when"), from.when("date")].into_iter().flatten().collect(),
        places: from.place("where").into_iter().collect(),
        affected,
        responsible: responsible(from, &identity).into_iter().collect(),
        others: others(from),
        detention: detention(from),
        health: health(from),
        threats: (1..=BLOCKS).filter_map(|n| threat(from, n)).collect(),
        known_evidence: known_evidence(from).into_iter().collect(),
        attachments,
        reports: report(from).into_iter().collect(),
        needs: Vec::new(),
        consent,
        assisted: assisted(from, &triage.role),
        pressure: None,
        triage,
    };
    (account, identity)
}

/// `None` if nothing was answered, so that an account does not carry empty shells.
fn given<T: PartialEq + Default>(answer: T) -> Option<T> {
    if answer == T::default() { None } else { Some(answer) }
}

fn triage(from: &mut Answers, lang: Lang, channel: Channel) -> Triage {
    Triage {
        schema: SCHEMA.to_owned(),
        kind: Kind::New,
        channel,
        lang: lang.tag().to_owned(),
        risk: from.code("risk").unwrap_or_else(|| Code::known("unsaid")),
        risk_flags: from.codes("risk-flag"),
        role: from.code("role").unwrap_or_else(|| Code::known("no-answer")),
        boxes: from.codes("box"),
        help_by: from.when("danger"),
        attachments: 0,
        has_identity: false,
        may_use: false,
        reviewer_wish: given(ReviewerWish {
            gender: from.code("wish-gender"),
            lang: from.words("wish-lang"),
            note: from.words("wish"),
        }),
    }
}

fn identity(from: &mut Answers) -> Identity {
    let affected = (1..=BLOCKS)
        .filter_map(|n| Some((n, Named::new(from.words(&format!("affected-{n}-name"))?))))
        .collect();
    let responsible = from.words("responsible-name").map(|name| (1, Named::new(name)));
    let mode = from.code("contact");
    let (way, safe_when, sign) =
        (from.words("contact-way"), from.words("contact-when"), from.words("contact-sign"));
    let asked = mode.is_some() || way.is_some() || safe_when.is_some() || sign.is_some();
    let implied = if way.is_some() { "other-safe-way" } else { "site-only" };
    let mode = mode.unwrap_or_else(|| Code::known(implied));
    Identity {
        schema: SCHEMA.to_owned(),
        submitter: from.words("name").map(Named::new),
        affected,
        responsible: responsible.into_iter().collect(),
        contact: asked.then_some(Contact { mode, way, safe_when, sign }),
    }
}

/// Nothing ticked is keep only; "keep only" outweighs every other box; the state needs two.
fn consent(from: &mut Answers, role: &Code, text: Digest) -> Consent {
    let mut uses = from.codes("consent");
    let (state, sure) = (from.ticked("consent-state"), from.ticked("consent-state-sure"));
    uses.retain(|used| used.as_str() != "national-authorities");
    if state && sure {
        uses.push(Code::known("national-authorities"));
    }
    if let Some(keep) = uses.iter().find(|used| used.as_str() == "keep").cloned() {
        uses = vec![keep];
    }
    let unsaid = if role.as_str() == "self" { "own" } else { "unsaid" };
    Consent {
        uses,
        ask_first: from.ticked("ask-first"),
        basis: from.code("behalf").unwrap_or_else(|| Code::known(unsaid)),
        text,
        conditions: from.words("condition").into_iter().collect(),
        after_death: None,
    }
}

fn affected(from: &mut Answers, identity: &Identity) -> Vec<Affected> {
    let person = |n: u16| {
        let about = from.words(&format!("affected-{n}"));
        let age = from.words(&format!("affected-{n}-age"));
        let child = from.ticked(&format!("affected-{n}-child"));
        let state = from.code(&format!("affected-{n}-state"));
        let citizenship = from.words(&format!("affected-{n}-citizenship"));
        let answers = Affected { about, age, child, state, citizenship, ..Affected::default() };
        let named = identity.affected.iter().any(|(number, _)| *number == n);
        given(answers)
            .or_else(|| named.then(Affected::default))
            .map(|person| Affected { r#ref: n, ..person })
    };
    (1..=BLOCKS).filter_map(person).collect()
}

fn responsible(from: &mut Answers, identity: &Identity) -> Option<Responsible> {
    given(Responsible {
        kind: from.code("responsible-kind"),
        claimed: from.words("responsible-said"),
        noticed: from.words("responsible"),
        named: identity.responsible.first().map(|(number, _)| *number),
        ..Responsible::default()
    })
}

fn others(from: &mut Answers) -> Option<OtherWitnesses> {
    given(OtherWitnesses {
        count: None,
        about: from.words("others"),
        fear_reprisal: from.ticked("others-fear"),
        may_be_asked: from.ticked("others-ask"),
    })
}

fn detention(from: &mut Answers) -> Option<Detention> {
    let safeguard = |from: &mut Answers, code: &'static str| {
        from.one_of(code).map(|answer| (Code::known(code), answer))
    };
    given(Detention {
        taken: from.when("taken"),
        registered: from.when("registered"),
        released: from.when("released"),
        places: from.place("held-where").into_iter().collect(),
        safeguards: SAFEGUARD.iter().filter_map(|asked| safeguard(from, asked.code)).collect(),
        accused_of: from.words("accused-of"),
        signed: from.code("signed"),
        motives: Vec::new(),
    })
}

fn health(from: &mut Answers) -> Option<Health> {
    let examination = given(Examination {
        when: from.when("exam-when"),
        place: from.place("exam-where"),
        by: None,
        others_present: from.one_of("exam-guards"),
        paper: from.code("exam-paper"),
        consistency: None,
    });
    given(Health {
        words: from.words("health"),
        examinations: examination.into_iter().collect(),
        refused: from.ticked("exam-refused"),
        urgent: from.words("health-urgent"),
    })
}

fn threat(from: &mut Answers, n: u16) -> Option<Threat> {
    given(Threat {
        kinds: Vec::new(),
        targets: from.codes(&format!("threat-{n}-target")),
        when: from.when(&format!("threat-{n}-when")),
        place: from.place(&format!("threat-{n}-where")),
        by: None,
        words: from.words(&format!("threat-{n}")),
        authorities: from.code(&format!("threat-{n}-officials")).into_iter().collect(),
        loss: from.words(&format!("threat-{n}-loss")),
        reported: None,
    })
}

fn known_evidence(from: &mut Answers) -> Option<KnownEvidence> {
    let words = from.words("evidence");
    let held_by = from.words("evidence-kept");
    let at_risk = from.ticked("evidence-risk");
    let said = words.is_some() || held_by.is_some() || at_risk;
    said.then(|| KnownEvidence { kind: Code::known("unsaid"), held_by, at_risk, words })
}

fn attachment(from: &mut Answers) -> Option<Attachment> {
    given(Attachment {
        n: 0,
        kind: None,
        origin: from.one_of("files-origin"),
        made: from.when("files-made"),
        shows: from.words("files-show"),
        original: from.one_of("files-original"),
    })
}

fn report(from: &mut Answers) -> Option<Report> {
    given(Report {
        body: None,
        words: from.words("report"),
        when: from.when("report-when"),
        number: from.words("report-number"),
        answer: None,
        not_made_fear: from.ticked("report-fear"),
    })
}

/// There if somebody wrote for the person, read back, or translated.
fn assisted(from: &mut Answers, role: &Code) -> Option<Assisted> {
    let read_back = from.ticked("read-back");
    let interpreter_lang = from.words("translated-from");
    let by = if interpreter_lang.is_some() { "interpreter" } else { "helper" };
    let helped = role.as_str() == "helper" || read_back || interpreter_lang.is_some();
    helped.then(|| Assisted { by: Code::known(by), read_back, interpreter_lang })
}
