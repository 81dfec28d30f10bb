//! Is an account what this version writes?

use super::{
    super::limits::{ATTACHMENTS, Bad, LINE, LIST, NAME, NOTE, STORY, list, text},
    Account, Affected, Consent, Detention, Health, Place, Report, Responsible, Threat,
};

impl Account {
    /// Is every text and list within its limit?
    ///
    /// Refuses what is impossible, never what is missing: whether anything was said is
    /// [`says_something`](Self::says_something), since files are not known here. Codes, dates,
    /// ids and digests were checked as they were read.
    ///
    /// # Errors
    /// Names the first field that is not, or the schema of another version.
    pub fn check(&self) -> Result<(), Bad> {
        self.triage.check()?;
        if self.schema != super::super::SCHEMA {
            return Err(Bad::Schema);
        }
        self.check_lists()?;
        text(Some(&self.story), STORY, "story")?;
        self.when.iter().try_for_each(|when| when.check("when"))?;
        self.places.iter().try_for_each(|place| check_place(place, "places"))?;
        self.affected.iter().try_for_each(check_affected)?;
        self.responsible.iter().try_for_each(check_responsible)?;
        let others = self.others.as_ref().and_then(|others| others.about.as_ref());
        text(others, LINE, "others")?;
        self.detention.as_ref().map_or(Ok(()), check_detention)?;
        self.health.as_ref().map_or(Ok(()), check_health)?;
        self.threats.iter().try_for_each(check_threat)?;
        self.check_evidence()?;
        self.reports.iter().try_for_each(check_report)?;
        check_consent(&self.consent)?;
        let tongue = self.assisted.as_ref().and_then(|help| help.interpreter_lang.as_ref());
        text(tongue, NAME, "assisted")?;
        text(self.pressure.as_ref().and_then(|p| p.words.as_ref()), NOTE, "pressure")
    }

    /// Is a story, threat, known evidence or affected person there?
    #[must_use]
    pub fn says_something(&self) -> bool {
        !self.story.trim().is_empty()
            || !self.threats.is_empty()
            || !self.known_evidence.is_empty()
            || !self.affected.is_empty()
    }

    fn check_lists(&self) -> Result<(), Bad> {
        list(&self.when, LIST, "when")?;
        list(&self.places, LIST, "places")?;
        list(&self.affected, LIST, "affected")?;
        list(&self.responsible, LIST, "responsible")?;
        list(&self.threats, LIST, "threats")?;
        list(&self.known_evidence, LIST, "known_evidence")?;
        list(&self.attachments, ATTACHMENTS, "attachments")?;
        list(&self.reports, LIST, "reports")?;
        list(&self.needs, LIST, "needs")
    }

    fn check_evidence(&self) -> Result<(), Bad> {
        for known in &self.known_evidence {
            text(known.words.as_ref(), NOTE, "known_evidence")?;
            text(known.held_by.as_ref(), LINE, "known_evidence")?;
        }
        for file in &self.attachments {
            text(file.shows.as_ref(), LINE, "attachments")?;
            file.made.as_ref().map_or(Ok(()), |made| made.check("attachments"))?;
        }
        Ok(())
    }
}

fn check_place(place: &Place, field: &'static str) -> Result<(), Bad> {
    text(place.words.as_ref(), LINE, field)
}

fn check_affected(person: &Affected) -> Result<(), Bad> {
    text(person.about.as_ref(), LINE, "affected")?;
    text(person.age.as_ref(), NAME, "affected")?;
    text(person.citizenship.as_ref(), NAME, "affected")
}

fn check_responsible(person: &Responsible) -> Result<(), Bad> {
    text(person.claimed.as_ref(), LINE, "responsible")?;
    text(person.noticed.as_ref(), NOTE, "responsible")
}

fn check_detention(held: &Detention) -> Result<(), Bad> {
    for when in [&held.taken, &held.registered, &held.released].into_iter().flatten() {
        when.check("detention")?;
    }
    list(&held.places, LIST, "detention")?;
    list(&held.safeguards, LIST, "detention")?;
    list(&held.motives, LIST, "detention")?;
    held.places.iter().try_for_each(|place| check_place(place, "detention"))?;
    text(held.accused_of.as_ref(), LINE, "detention")
}

fn check_health(health: &Health) -> Result<(), Bad> {
    text(health.words.as_ref(), NOTE, "health")?;
    text(health.urgent.as_ref(), LINE, "health")?;
    list(&health.examinations, LIST, "health")?;
    for seen in &health.examinations {
        seen.when.as_ref().map_or(Ok(()), |when| when.check("health"))?;
        seen.place.as_ref().map_or(Ok(()), |place| check_place(place, "health"))?;
    }
    Ok(())
}

fn check_threat(threat: &Threat) -> Result<(), Bad> {
    list(&threat.kinds, LIST, "threats")?;
    list(&threat.targets, LIST, "threats")?;
    list(&threat.authorities, LIST, "threats")?;
    threat.when.as_ref().map_or(Ok(()), |when| when.check("threats"))?;
    threat.place.as_ref().map_or(Ok(()), |place| check_place(place, "threats"))?;
    text(threat.words.as_ref(), NOTE, "threats")?;
    text(threat.loss.as_ref(), LINE, "threats")?;
    threat.reported.as_ref().map_or(Ok(()), check_report)
}

fn check_report(report: &Report) -> Result<(), Bad> {
    text(report.words.as_ref(), NOTE, "reports")?;
    text(report.number.as_ref(), NAME, "reports")?;
    report.when.as_ref().map_or(Ok(()), |when| when.check("reports"))
}

fn check_consent(consent: &Consent) -> Result<(), Bad> {
    list(&consent.uses, LIST, "consent")?;
    list(&consent.conditions, LIST, "consent")?;
    consent.conditions.iter().try_for_each(|words| text(Some(words), LINE, "consent"))
}
