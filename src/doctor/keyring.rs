//! The keyring: how long it lasts, who holds it up, and what is lacking.

use std::{fs, io, path::Path};

use crate::{
    clock::Day,
    files,
    finding::{Finding, Level, gist},
    id::Id,
    keyring::{self, Chain, Keyring, KeyringError, Published, Reader, TrustRoot, VoidSuspension},
};

/// What a folder of published keyrings proves, or the finding of why it proves nothing.
///
/// # Errors
/// The finding: nothing is published, or what is there does not hold.
pub fn published_in(folder: &Path, trust: &TrustRoot) -> Result<Published, Box<Finding>> {
    keyring::load_folder(folder, trust).map_err(|error| {
        let absent = matches!(
            error,
            KeyringError::NothingPublished
                | KeyringError::Unreadable { kind: io::ErrorKind::NotFound, .. }
        );
        Box::new(if absent { nothing_published(folder) } else { does_not_hold(folder, error) })
    })
}

fn nothing_published(folder: &Path) -> Finding {
    Finding::soon("no-keyring").with("folder", folder.display()).says(
        format!("there is no keyring in {}", folder.display()),
        "without one the form is closed and nobody can read or write",
        "administrators: sign and publish the first one; readers: `sandyk sync` brings it",
    )
}

fn does_not_hold(folder: &Path, error: KeyringError) -> Finding {
    let said = format!("the keyrings in {} do not hold: {}", folder.display(), gist(&error));
    Finding::now("keyring-does-not-hold").with("folder", folder.display()).because(error).says(
        said,
        "either a file is damaged, or somebody tries to be named as a reader",
        "trust none of it; compare the files with another administrator's copy, by another way",
    )
}

/// What the newest keyring is like on that day.
#[must_use]
pub fn keyring(keyring: &Keyring, today: Day) -> Vec<Finding> {
    let mut found = vec![lasts(keyring, today)];
    found.extend(few_readers(keyring));
    found
}

fn lasts(keyring: &Keyring, today: Day) -> Finding {
    let (last, epoch) = (keyring.not_after, keyring.epoch);
    let about = format!("epoch {epoch}, good until {last}");
    let days = today.days_until(last);
    if matches!(keyring.check_days(today), Err(KeyringError::TooLongLived { .. })) {
        return Finding::now("keyring-too-far").about(about).with("today", today).says(
            format!(
                "this machine says {today}, but the keyring is good for more than a year from then"
            ),
            "the clock is probably behind; nothing is sealed with such a keyring",
            "set the clock, then look again",
        );
    }
    if days < 0 {
        return Finding::now("keyring-has-ended").about(about).with("last", last).says(
            format!("the keyring was good until {last} and has ended"),
            "the form is closed: no witness can send anything, and readers can write nothing",
            "administrators: `sandyk admin renew`, sign it, publish it today",
        );
    }
    if days > FIRST_WARNING {
        return Finding::good("keyring-lasts", about);
    }
    let renew = "administrators: `sandyk admin renew`, sign it, publish it before that day";
    let level = if days > LAST_WARNING { Level::Soon } else { Level::Now };
    Finding::at(level, "keyring-ends").about(about).count("days", days).with("last", last).says(
        format!("the keyring ends in {days} days, on {last}"),
        "after that day the form closes for everybody, also if all who could renew it are in prison",
        renew,
    )
}

fn few_readers(keyring: &Keyring) -> Option<Finding> {
    let (readers, guardians) = (keyring.readers.len(), keyring.guardians().count());
    let add = "take in another with `sandyk admin invite` and `sandyk admin add`, vouched for";
    if readers < 2 {
        return Some(Finding::soon("one-reader-only").says(
            "there is one reader only",
            "if this one key is lost or its owner taken, nobody opens anything again",
            add,
        ));
    }
    (guardians < 2).then(|| {
        Finding::note("one-guardian-only").says(
            "there is one guardian only",
            "if this one key is lost, nobody learns again who the witnesses are and how to reach them",
            add,
        )
    })
}

/// What is lacking beside the newest keyring: machines that may fetch, and what the site must serve.
#[must_use]
pub fn beside(published: &Published) -> Vec<Finding> {
    let keyring = published.chain.current().get();
    let mut found = vec![devices(published, keyring)];
    found.push(match &published.site {
        Ok(Some(site)) => {
            Finding::good("site-is-signed", format!("manifest {}", site.manifest().number))
        }
        Ok(None) => Finding::note("site-is-not-signed").says(
            "the roots have signed no manifest of the site",
            "nobody outside can notice that a server which was taken over shows other pages",
            "`sandyk admin manifest draft`, `sign`, `publish`",
        ),
        Err(error) => Finding::soon("site-does-not-hold").because(error.clone()).says(
            format!("the manifest of the site does not hold: {}", gist(error)),
            "nobody outside can notice that a server which was taken over shows other pages",
            "compare site.note with the administrators' copy; sign a new one",
        ),
    });
    found
}

/// Which machines are suspended, and which suspensions do not count, and why.
#[must_use]
pub fn suspended(published: &Published) -> Vec<Finding> {
    let mut found: Vec<Finding> = published.void_suspensions.iter().map(void).collect();
    let ids: Vec<_> = published.suspensions.iter().map(|note| short(&note.get().device)).collect();
    if !ids.is_empty() {
        let (count, ids) = (ids.len(), ids.join(", "));
        let finding = Finding::soon("device-is-suspended").count("count", count).with("ids", &ids);
        found.push(finding.says(
            format!("machines that are suspended until the next epoch: {ids}"),
            "with the next epoch it loses its force, and what was fetched before can still be read",
            "`sandyk admin retire` for the machine or its reader, sign, publish; then \
             `sandyk review rewrap`",
        ));
    }
    found
}

fn void(VoidSuspension { device, why }: &VoidSuspension) -> Finding {
    let (id, cause) = (short(device), why.clone());
    if matches!(why, KeyringError::Unreadable { .. }) {
        return Finding::now("suspension-not-read").with("id", &id).because(cause).says(
            format!("the suspension of machine {id} cannot be read: {}", gist(why)),
            "nobody can tell whether it counts, so this machine fetches nothing until then",
            "let the server read the file, or sign it again with `sandyk admin suspend`",
        );
    }
    Finding::now("suspension-does-not-count").with("id", &id).because(cause).says(
        format!("machine {id} was to be suspended, but the note does not count: {}", gist(why)),
        "this machine can still fetch everything",
        "sign it again with `sandyk admin suspend`; look for which epoch it was made",
    )
}

/// Whether renewals that were signed ahead wait in `folder`; none at all presses as `lacking` says.
#[must_use]
pub fn ahead(folder: &Path, chain: &Chain, lacking: Level) -> Finding {
    let kept = match renewals(folder, chain) {
        Ok(kept) => kept,
        Err(error) => {
            let said = format!("the renewals in {} are void: {}", folder.display(), gist(&error));
            let finding = Finding::soon("renewals-are-void").with("folder", folder.display());
            return finding.because(error).says(
                said,
                "whoever should go on in your place could publish none of them",
                "sign new ones with `sandyk admin renew --ahead`, give them to that person, destroy these",
            );
        }
    };
    match kept.last() {
        Some(last) => Finding::good("renewals-ahead", format!("{} more, until {last}", kept.len())),
        None => Finding::at(lacking, "no-renewals-ahead").says(
            "no renewal is signed ahead",
            "if all who could sign are arrested, the form closes when the keyring ends",
            "`sandyk admin renew --ahead`; a person abroad keeps it and can publish it and nothing else",
        ),
    }
}

/// The last days of the renewals in a folder that follow the chain and change nothing else.
fn renewals(folder: &Path, chain: &Chain) -> Result<Vec<Day>, KeyringError> {
    let mut chain = chain.clone();
    let mut days = Vec::new();
    loop {
        let known = chain.current().get().clone();
        let epoch = known.epoch.saturating_add(1);
        let path = folder.join(keyring::keyring_file(epoch));
        let note = match files::load_plain_text(&path, MAX_NOTE) {
            Ok(note) => note,
            Err(error) if error.kind() == io::ErrorKind::NotFound => break,
            Err(error) => {
                let (file, kind) = (path.display().to_string(), error.kind());
                return Err(KeyringError::Unreadable { file, kind });
            }
        };
        chain = chain.extend(&note)?;
        let next = chain.current().get();
        let (previous, not_after) = (next.previous, next.not_after);
        if *next != (Keyring { epoch, previous, not_after, ..known }) {
            return Err(KeyringError::EpochForked { epoch });
        }
        days.push(not_after);
    }
    // Of another time: nothing that follows the newest, but something that once did.
    let left = fs::read_dir(folder).into_iter().flatten().flatten();
    let left = left.filter(|entry| entry.file_name().to_string_lossy().starts_with("keyring-"));
    if days.is_empty() && left.count() > 0 {
        let epoch = chain.current().get().epoch.saturating_add(1);
        return Err(KeyringError::Gap { missing: keyring::keyring_file(epoch) });
    }
    Ok(days)
}

fn devices(published: &Published, keyring: &Keyring) -> Finding {
    let Some(desk) = &published.desk else {
        return Finding::now("no-desk-note").count("epoch", keyring.epoch).says(
            format!("there is no desk note of epoch {}", keyring.epoch),
            "no reader's machine may fetch: what witnesses send is read by nobody",
            "publish again; desk-….note belongs beside the keyring of the same number",
        );
    };
    let devices = &desk.get().devices;
    let idle = |reader: &&Reader| !devices.iter().any(|device| device.reader == reader.id);
    let idle: Vec<String> = keyring.readers.iter().filter(idle).map(|r| short(&r.id)).collect();
    if idle.is_empty() {
        let (devices, readers) = (devices.len(), keyring.readers.len());
        return Finding::good("devices", format!("{devices} devices of {readers} readers"));
    }
    let ids = idle.join(", ");
    Finding::soon("reader-without-a-device").count("count", idle.len()).with("ids", &ids).says(
        format!("readers without a machine that may fetch: {ids}"),
        "they can open testimonies, but none reach them",
        "they run `sandyk sync init` and bring device.pub to `sandyk admin add`",
    )
}

/// The beginning of an id, as the other commands show it.
fn short<K>(id: &Id<K>) -> String {
    id.to_string().chars().take(SHORT).collect()
}

/// Largest note that is read, in bytes.
const MAX_NOTE: u64 = 256 << 10;
/// Letters of an id that are shown.
const SHORT: usize = 8;
/// From how many days before the end it is told, and from how many it must be done today.
///
/// On the thirtieth day it is told as before, with fewer days.
const FIRST_WARNING: i64 = 60;
const LAST_WARNING: i64 = 7;

#[cfg(test)]
mod tests {
    use super::{keyring as keyring_found, *};
    use crate::{
        keyring::{
            DeskNote, Role,
            testing::{Rehearsal, day},
        },
        note::SignedNote,
    };

    #[test]
    fn it_is_told_sixty_thirty_and_seven_days_before_the_end() {
        let keyring = Rehearsal::new(&[Role::Guardian, Role::Guardian]).keyring;
        for (days, level, code) in [
            (500, Level::Now, "keyring-too-far"),
            (180, Level::Good, "keyring-lasts"),
            (61, Level::Good, "keyring-lasts"),
            (60, Level::Soon, "keyring-ends"),
            (30, Level::Soon, "keyring-ends"),
            (8, Level::Soon, "keyring-ends"),
            (7, Level::Now, "keyring-ends"),
            (0, Level::Now, "keyring-ends"),
            (-1, Level::Now, "keyring-has-ended"),
        ] {
            let found = keyring_found(&keyring, day("2027-05-21").plus_days(-days));
            assert_eq!((found.len(), found[0].level, found[0].code), (1, level, code), "{days}");
        }
    }

    #[test]
    fn renewals_that_wait_are_counted_and_others_are_void() {
        let stage = Rehearsal::new(&[Role::Guardian, Role::Reviewer]);
        let chain = stage.chain();
        let here = tempfile::tempdir().unwrap();
        let seen = |chain: &Chain| ahead(here.path(), chain, Level::Soon);
        assert_eq!(seen(&chain).code, "no-renewals-ahead");
        let put = |epoch: u32, keyring: &Keyring| {
            let note = stage.sign(keyring.to_text(), &[0, 1]).to_text();
            let path = here.path().join(keyring::keyring_file(epoch));
            let (audience, existing) = (files::Audience::Owner, files::Existing::Replace);
            files::save(&path, note.as_bytes(), audience, existing).unwrap();
            note
        };
        let second = Rehearsal::next(&chain);
        let after = chain.extend(&put(2, &second)).unwrap();
        put(3, &Rehearsal::next(&after));
        assert_eq!(seen(&chain).about, "2 more, until 2028-05-15");
        let last = after.extend(&put(3, &Rehearsal::next(&after))).unwrap();
        assert_eq!(seen(&last).code, "renewals-are-void", "all of them are published");
        fs::remove_file(here.path().join(keyring::keyring_file(3))).unwrap();
        assert_eq!(seen(&chain).code, "renewals-ahead");
        let mut without = second;
        without.readers.pop();
        put(2, &without);
        assert_eq!(seen(&chain).code, "renewals-are-void", "it retires somebody");
    }

    #[test]
    fn one_reader_and_one_guardian_are_too_few() {
        let code = |roles: &[Role]| {
            let found = keyring_found(&Rehearsal::new(roles).keyring, day("2027-01-01"));
            found.get(1).map(|finding| finding.code)
        };
        assert_eq!(code(&[Role::Guardian]), Some("one-reader-only"));
        assert_eq!(code(&[Role::Guardian, Role::Reviewer]), Some("one-guardian-only"));
        assert_eq!(code(&[Role::Guardian, Role::Guardian]), None);
    }

    #[test]
    fn a_reader_whom_nothing_reaches_is_named() {
        let mut stage = Rehearsal::new(&[Role::Guardian, Role::Reviewer]);
        let chain = stage.chain();
        let keyring = stage.keyring.clone();
        let mut desk = stage.desk(&keyring);
        let seen = |desk: Option<&DeskNote>| {
            let note = desk.map(|desk| stage.sign(desk.to_text(), &[0, 1]));
            let verify = |note: &SignedNote| DeskNote::verify(note, &chain).unwrap();
            let desk = note.as_ref().map(verify);
            beside(&Published {
                chain: chain.clone(),
                desk,
                site: Ok(None),
                suspensions: Vec::new(),
                void_suspensions: Vec::new(),
            })
        };
        let whole = seen(Some(&desk));
        assert_eq!([whole[0].level, whole[1].level], [Level::Good, Level::Note]);
        assert_eq!(seen(None)[0].code, "no-desk-note");
        let lost = desk.devices.pop().unwrap();
        let found = seen(Some(&desk)).remove(0);
        assert_eq!(found.code, "reader-without-a-device");
        let id = found.what.split(' ').next_back().unwrap();
        assert!(id.len() == SHORT && lost.reader.to_string().starts_with(id), "{id}");
    }
}
