//! A laptop or a person was taken: which keyring could follow, and what people must do.

use std::path::Path;

use rand::{CryptoRng, RngCore};

use super::AHEAD;
use crate::{
    admin::{AdminError, Ceremony, Scratch, Walked},
    clock::Day,
    doctor,
    finding::{Finding, Level, gist},
    keyring::{Chain, Device, Keyring, Reader},
};

/// Rehearses what administrators do when a server, a laptop or a person is taken.
///
/// A renewal and a suspension are signed for real, by throw-away roots in a scratch folder that is gone
/// afterwards; nothing else is written.
#[must_use]
pub fn drill(
    folder: &Path,
    ceremony: &Ceremony,
    today: Day,
    rng: &mut (impl RngCore + CryptoRng),
) -> Vec<Finding> {
    let mut steps = Vec::new();
    match doctor::published_in(&ceremony.published_folder(), ceremony.trust()) {
        Err(finding) => steps.push(*finding),
        Ok(published) => {
            let keyring = published.chain.current().get();
            let about = format!("epoch {}, from the roots on", keyring.epoch);
            steps.push(Finding::good("drill-publish-elsewhere", about));
            steps.extend(doctor::keyring(keyring, today));
            steps.push(signed(folder, today, rng));
            let devices = published.desk.iter().flat_map(|desk| &desk.get().devices);
            steps.extend(devices.take(1).map(|device| suspended(folder, device, rng)));
            steps.push(doctor::ahead(&folder.join(AHEAD), &published.chain, Level::Soon));
            steps.extend(everybody_can_go(&published.chain, keyring));
        }
    }
    steps.extend(by_people());
    steps
}

/// A whole small ceremony: drafted, passed around in one file, signed, published, read back.
fn signed(folder: &Path, today: Day, rng: &mut (impl RngCore + CryptoRng)) -> Finding {
    match Scratch::of(folder).and_then(|scratch| scratch.renewal(today, rng)) {
        Ok(Some(Walked { epoch, signed, .. })) => Finding::good(
            "drill-ceremony",
            format!("epoch {epoch}, by throw-away {}", signed.join(", ")),
        ),
        Ok(None) => not_signed(AdminError::NoDraft),
        Err(error) => not_signed(error),
    }
}

fn not_signed(error: AdminError) -> Finding {
    let said = format!("a renewal cannot be signed and published today: {}", gist(&error));
    Finding::now("drill-ceremony-fails").because(error).says(
        said,
        "when somebody is taken, the next keyring would not come either",
        "`sandyk admin doctor`, and mend what it names, while there is time",
    )
}

/// One machine shut out by one root.
fn suspended(folder: &Path, device: &Device, rng: &mut (impl RngCore + CryptoRng)) -> Finding {
    let id: String = device.id.to_string().chars().take(SHORT).collect();
    match Scratch::of(folder).and_then(|scratch| scratch.suspend(device, rng)) {
        Ok(()) => Finding::good("drill-suspend", format!("machine {id}, by one throw-away root")),
        Err(error) => {
            let said = format!("machine {id} could not be suspended: {}", gist(&error));
            Finding::now("drill-suspend-fails").with("id", id).because(error).says(
                said,
                "whoever takes that laptop goes on fetching",
                "`sandyk admin doctor`, and mend what it names, while there is time",
            )
        }
    }
}

/// For each reader: whether a keyring without them could follow, and who would be left.
fn everybody_can_go(chain: &Chain, keyring: &Keyring) -> Vec<Finding> {
    let mut lacking: Vec<Finding> =
        keyring.readers.iter().filter_map(|reader| without(chain, keyring, reader)).collect();
    if lacking.is_empty() {
        let about = format!("each of {} readers could be retired today", keyring.readers.len());
        lacking.push(Finding::good("drill-retire", about));
    }
    lacking
}

fn without(chain: &Chain, keyring: &Keyring, reader: &Reader) -> Option<Finding> {
    let mut next = keyring.clone();
    next.epoch = next.epoch.saturating_add(1);
    next.previous = chain.current_digest();
    next.readers.retain(|other| other.id != reader.id);
    let id: String = reader.id.to_string().chars().take(SHORT).collect();
    if let Err(error) = chain.check_next(&next) {
        let said = format!("reader {id} cannot be retired: {}", gist(&error));
        return Some(Finding::now("drill-cannot-retire").with("id", id).because(error).says(
            said,
            "if this person is arrested or their laptop taken, whatever comes stays open to those who hold it",
            "take in another reader of that role now, while there is time to vouch",
        ));
    }
    (next.readers.len() < 2).then(|| {
        Finding::soon("drill-one-would-be-left").with("id", &id).says(
            format!("without reader {id} only one reader would be left"),
            "one more arrest, and nobody opens anything again",
            "take in another reader now, while there is time to vouch",
        )
    })
}

/// What no program can try.
fn by_people() -> Vec<Finding> {
    vec![
        Finding::ask("ask-roots-meet").says(
            "call the holders of the root keys: can as many as must sign come together within two days",
            "without their signatures nobody is retired, and no keyring is renewed",
            "bring the spare into reach of somebody who is not watched, or change the roots",
        ),
        Finding::ask("ask-whose-id").says(
            "look up whose number each reader's is, without this machine",
            "the keyring has no names: who does not know the number retires the wrong person",
            "keep the list on paper, apart from everything else",
        ),
        Finding::ask("ask-person-abroad").says(
            "name the person abroad who would go on if all administrators were taken on one day",
            "otherwise the form closes when the keyring ends, and witnesses find a shut door",
            "give them renewals that are signed ahead, and how to publish them",
        ),
    ]
}

/// Letters of an id that are shown.
const SHORT: usize = 8;
