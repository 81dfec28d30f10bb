//! The answers beside the story, under headings, in the order of the form.

use super::{account::date, words};
use crate::{
    cli::{exit::CliError, out::Out},
    testimony::{
        Account, Affected, Assisted, Attachment, Code, Detention, Examination, Health,
        KnownEvidence, List, OtherWitnesses, Place, Pressure, Report, Responsible, Threat, Tri,
    },
};

type Done = Result<(), CliError>;

/// Everything that was answered, but what [`super::account`] shows before it.
pub(super) fn write(account: &Account, out: &mut Out) -> Done {
    let Account { triage, when, places, affected, responsible, others, .. } = account;
    if !triage.boxes.is_empty() {
        out.heading("What happened, as ticked")?;
        triage.boxes.iter().try_for_each(|code| out.item(2, &words::ticked(code)))?;
    }
    if !when.is_empty() || !places.is_empty() {
        out.heading("When and where")?;
        when.iter().try_for_each(|when| date("When", when, out))?;
        places.iter().try_for_each(|where_| place("Where", where_, out))?;
    }
    account.detention.as_ref().map_or(Ok(()), |held| detention(held, out))?;
    if !affected.is_empty() {
        out.heading("Who was harmed")?;
    }
    for harmed in affected {
        if affected.len() > 1 {
            // the number under which a guardian finds the name
            out.line(format!("  {}.", harmed.r#ref))?;
        }
        person(harmed, out)?;
    }
    numbered("Who did it", responsible, out, culprit)?;
    others.as_ref().map_or(Ok(()), |others| other_witnesses(others, out))?;
    rest(account, out)
}

fn rest(account: &Account, out: &mut Out) -> Done {
    numbered("Threats and pressure", &account.threats, out, threat)?;
    numbered("Evidence that was not sent", &account.known_evidence, out, evidence)?;
    account.health.as_ref().map_or(Ok(()), |health| injuries(health, out))?;
    numbered("To whom it was reported", &account.reports, out, report)?;
    if !account.needs.is_empty() {
        out.heading("Help that is needed")?;
        out.item(2, &words::all(List::Need, &account.needs))?;
    }
    let Some(Assisted { by, read_back, interpreter_lang }) = &account.assisted else {
        return Ok(());
    };
    out.heading("Somebody helped to write")?;
    out.fact("Who", &words::of(List::Assistant, by))?;
    said_if(read_back.then_some(("Read back", "the text was read back to the witness")), out)?;
    said("Translated from", interpreter_lang.as_ref(), out)
}

/// What the witness says about the files.
pub(super) fn about_files(described: &[Attachment], out: &mut Out) -> Done {
    for Attachment { n, kind, origin, made, shows, original } in described {
        let which = if *n == 0 { "all files".to_owned() } else { format!("file {n}") };
        out.fact("The witness says", &format!("of {which}:"))?;
        coded("Kind", List::EvidenceKind, kind.as_ref(), out)?;
        origin.map_or(Ok(()), |origin| out.fact("Where from", words::origin(origin)))?;
        made.as_ref().map_or(Ok(()), |made| date("Made", made, out))?;
        said("Shows", shows.as_ref(), out)?;
        answer("Unedited", *original, out)?;
    }
    Ok(())
}

/// Is a correction or withdrawal free?
pub(super) fn pressure(pressure: &Pressure, out: &mut Out) -> Done {
    let Pressure { freely, words: typed } = pressure;
    out.fact("Of free will", words::tri(*freely))?;
    said("They say", typed.as_ref(), out)
}

fn detention(held: &Detention, out: &mut Out) -> Done {
    let Detention { taken, registered, released, places, safeguards, accused_of, signed, motives } =
        held;
    out.heading("Being held")?;
    for (label, when) in
        [("Really taken", taken), ("Written down as", registered), ("Let go", released)]
    {
        when.as_ref().map_or(Ok(()), |when| date(label, when, out))?;
    }
    places.iter().try_for_each(|where_| place("Held where", where_, out))?;
    said("Accused of", accused_of.as_ref(), out)?;
    for (code, given) in safeguards {
        let asked = words::of(List::Safeguard, code);
        out.fact(words::tri(*given), &asked)?;
    }
    coded("Signed", List::StatementSigned, signed.as_ref(), out)?;
    if motives.is_empty() { Ok(()) } else { out.fact("Why", &words::all(List::Motive, motives)) }
}

fn person(person: &Affected, out: &mut Out) -> Done {
    let Affected { r#ref: _, relation, about, age, child, state, citizenship, basis } = person;
    said("Who", about.as_ref(), out)?;
    coded("To the witness", List::Relation, relation.as_ref(), out)?;
    said("Age", age.as_ref(), out)?;
    said_if(child.then_some(("A CHILD", "under 18")), out)?;
    coded("Now", List::PersonState, state.as_ref(), out)?;
    said("Citizen of", citizenship.as_ref(), out)?;
    coded("Spoken for", List::ConsentBasis, basis.as_ref(), out)
}

fn culprit(who: &Responsible, out: &mut Out) -> Done {
    let Responsible { kind, claimed, noticed, count, involvement, knowledge, named } = who;
    coded("Who", List::PerpetratorType, kind.as_ref(), out)?;
    said("Said they were", claimed.as_ref(), out)?;
    said("Noticed", noticed.as_ref(), out)?;
    count.map_or(Ok(()), |count| out.fact("How many", &count.to_string()))?;
    coded("Part in it", List::Involvement, involvement.as_ref(), out)?;
    knowledge.map_or(Ok(()), |known| out.fact("The witness", words::knowledge(known)))?;
    named.map_or(Ok(()), |_| out.fact("", "a name is given; guardians see it with --names"))
}

fn other_witnesses(others: &OtherWitnesses, out: &mut Out) -> Done {
    let OtherWitnesses { count, about, fear_reprisal, may_be_asked } = others;
    out.heading("Other witnesses")?;
    count.map_or(Ok(()), |count| out.fact("How many", &count.to_string()))?;
    said("Who", about.as_ref(), out)?;
    said_if(fear_reprisal.then_some(("Fear", "they FEAR REPRISAL")), out)?;
    said_if(may_be_asked.then_some(("May be asked", "yes")), out)
}

fn threat(threat: &Threat, out: &mut Out) -> Done {
    let Threat { kinds, targets, when, place: at, by, words: typed, authorities, loss, reported } =
        threat;
    said("What", typed.as_ref(), out)?;
    many("Kind", List::ThreatKind, kinds, out)?;
    many("Against", List::ThreatTarget, targets, out)?;
    when.as_ref().map_or(Ok(()), |when| date("When", when, out))?;
    at.as_ref().map_or(Ok(()), |at| place("Where", at, out))?;
    coded("By", List::PerpetratorType, by.as_ref(), out)?;
    many("Officials", List::AuthorityResponse, authorities, out)?;
    said("Taken or broken", loss.as_ref(), out)?;
    reported.as_ref().map_or(Ok(()), |reported| report(reported, out))
}

fn evidence(known: &KnownEvidence, out: &mut Out) -> Done {
    let KnownEvidence { kind, held_by, at_risk, words: typed } = known;
    said_if(at_risk.then_some(("AT RISK", "may be taken or destroyed")), out)?;
    said("What", typed.as_ref(), out)?;
    if kind.as_str() != "unsaid" {
        out.fact("Kind", &words::of(List::EvidenceKind, kind))?;
    }
    said("Who keeps it", held_by.as_ref(), out)
}

/// Injuries; what is needed now stands at the top of the account.
fn injuries(health: &Health, out: &mut Out) -> Done {
    let Health { words: typed, examinations, refused, urgent: _ } = health;
    if typed.is_none() && examinations.is_empty() && !refused {
        return Ok(());
    }
    out.heading("Injuries and health")?;
    said("In own words", typed.as_ref(), out)?;
    said_if(refused.then_some(("Examination", "was asked for and REFUSED")), out)?;
    examinations.iter().try_for_each(|examination| examined(examination, out))
}

fn examined(examination: &Examination, out: &mut Out) -> Done {
    let Examination { when, place: at, by, others_present, paper, consistency } = examination;
    when.as_ref().map_or(Ok(()), |when| date("Examined", when, out))?;
    at.as_ref().map_or(Ok(()), |at| place("Examined where", at, out))?;
    coded("By", List::Examiner, by.as_ref(), out)?;
    answer("Guards in room", *others_present, out)?;
    coded("Paper", List::Paper, paper.as_ref(), out)?;
    coded("The report says", List::MedicalConsistency, consistency.as_ref(), out)
}

fn report(report: &Report, out: &mut Out) -> Done {
    let Report { body, words: typed, when, number, answer, not_made_fear } = report;
    said_if(not_made_fear.then_some(("NOT reported", "out of fear")), out)?;
    coded("To", List::Institution, body.as_ref(), out)?;
    said("Reported", typed.as_ref(), out)?;
    when.as_ref().map_or(Ok(()), |when| date("When", when, out))?;
    said("Number", number.as_ref(), out)?;
    coded("Answer", List::StepOutcome, answer.as_ref(), out)
}

fn place(label: &str, place: &Place, out: &mut Out) -> Done {
    let Place { kind, code, words: typed } = place;
    said(label, typed.as_ref(), out)?;
    let label = if typed.is_some() { "" } else { label };
    coded(label, List::PlaceType, kind.as_ref(), out)?;
    let Some(code) = code else { return Ok(()) };
    let known = |list| crate::testimony::Taxonomy::embedded().find(list, code.as_str()).is_some();
    let list = if known(List::Institution) { List::Institution } else { List::Place };
    coded(label, list, Some(code), out)
}

/// A section of things, with a number before each if there are several.
fn numbered<T>(
    heading: &str,
    things: &[T],
    out: &mut Out,
    each: impl Fn(&T, &mut Out) -> Done,
) -> Done {
    if things.is_empty() {
        return Ok(());
    }
    out.heading(heading)?;
    for (n, thing) in (1_usize..).zip(things) {
        if things.len() > 1 {
            out.line(format!("  {n}."))?;
        }
        each(thing, out)?;
    }
    Ok(())
}

fn said(label: &str, typed: Option<&String>, out: &mut Out) -> Done {
    typed.map_or(Ok(()), |typed| out.said(label, typed))
}

fn coded(label: &str, list: List, code: Option<&Code>, out: &mut Out) -> Done {
    code.map_or(Ok(()), |code| out.fact(label, &words::of(list, code)))
}

fn many(label: &str, list: List, codes: &[Code], out: &mut Out) -> Done {
    if codes.is_empty() { Ok(()) } else { out.fact(label, &words::all(list, codes)) }
}

fn answer(label: &str, answer: Option<Tri>, out: &mut Out) -> Done {
    answer.map_or(Ok(()), |answer| out.fact(label, words::tri(answer)))
}

/// What was ticked; what was not is not shown.
fn said_if(ticked: Option<(&str, &str)>, out: &mut Out) -> Done {
    ticked.map_or(Ok(()), |(label, text)| out.fact(label, text))
}
