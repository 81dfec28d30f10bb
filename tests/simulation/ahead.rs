//! Renewals that roots sign for a time when they cannot, and somebody without any key who publishes them.

use std::{fs, path::Path};

use rand::{Rng as _, seq::SliceRandom as _};
use sandyk::{
    admin::publish_ahead,
    keyring::{Chain, Keyring, KeyringError, Role, desk_file, keyring_file, load_folder},
};

use crate::{
    model::{Epoch, Who, is_usable},
    world::World,
};

impl World {
    /// One or two renewals are signed and given away; those that were given away before follow no more.
    pub(crate) fn sign_ahead(&mut self) {
        let mut chain = self.chain.clone();
        let (mut days, mut notes) = (Vec::new(), Vec::new());
        for _ in 0..self.rng.gen_range(1..=2) {
            let mut next = chain.current().get().clone();
            next.epoch += 1;
            next.previous = chain.current_digest();
            next.vouches.clear();
            next.not_after = next.not_after.plus_days(self.rng.gen_range(1..=300));
            assert_eq!(chain.check_renewal(&next), Ok(()), "a renewal");
            refuse_more_than_renewals(&chain, &next);
            let now = self.model.now();
            let note = self.signed(&next, &now.roots[..now.threshold]);
            chain = chain.extend(&note).unwrap();
            self.check_day(&chain);
            days.push(next.not_after);
            notes.push((next, note));
        }
        let folder = self.folder.path().join("ahead");
        fs::remove_dir_all(&folder).ok();
        for (keyring, note) in &notes {
            put(&folder.join(keyring_file(keyring.epoch)), note);
            put(&folder.join(desk_file(keyring.epoch)), &self.desk_note(keyring).to_text());
        }
        self.model.ahead = (self.model.epochs.len() - 1, days);
        self.count("renewals signed ahead");
        if self.rng.gen_bool(0.5) {
            self.live_without_roots();
        }
    }

    /// Some months in which nobody can hold a ceremony.
    fn live_without_roots(&mut self) {
        for _ in 0..4 {
            let days = self.rng.gen_range(0..150);
            self.wait(days);
            self.publish_ahead();
            self.testimony();
            let readers: Vec<Who> = self.model.now().readers.keys().copied().collect();
            let who = *readers.choose(&mut self.rng).unwrap();
            self.write_act(who);
            self.check(1);
        }
    }

    /// Put into the feed of keyrings too early, it is used by nobody.
    fn check_day(&self, chain: &Chain) {
        let wanted = is_usable(chain.current().get().not_after, self.today());
        assert_eq!(chain.usable(self.today()).is_ok(), wanted, "a renewal on its day");
    }

    /// Whoever was given the renewals publishes what is needed today.
    pub(crate) fn publish_ahead(&mut self) {
        let ahead = self.folder.path().join("ahead");
        let Some((after, days)) = Some(self.model.ahead.clone()).filter(|_| ahead.exists()) else {
            return;
        };
        let (to, now) = (self.folder.path().join("published"), self.model.epochs.len());
        for (n, note) in (1..).zip(&self.shown) {
            put(&to.join(keyring_file(n)), &self.notes[*note]);
        }
        let newest = self.chain.current().get();
        put(&to.join(desk_file(newest.epoch)), &self.desk_note(newest).to_text());
        let done = publish_ahead(&ahead, &to, &self.trust, self.today());
        let came = done.map_or(0, |done| usize::try_from(done.epoch).unwrap() - now);
        let good = days.iter().position(|day| is_usable(*day, self.today()));
        let wanted = good.filter(|_| after == now - 1).map_or(0, |n| n + 1);
        assert_eq!(came, wanted, "renewals published of {days:?}, signed after {after}");
        for day in &days[..came] {
            let epoch = Epoch { not_after: *day, ..self.model.now().clone() };
            let number = u32::try_from(self.model.epochs.len() + 1).unwrap();
            let note = fs::read_to_string(to.join(keyring_file(number))).unwrap();
            self.publish_note(note, epoch);
            self.check_day(&self.chain);
        }
        if came == 0 {
            return self.count("renewals ahead not needed, not yet good, or void");
        }
        self.model.ahead = (after + came, days[came..].to_vec());
        let there = load_folder(&to, &self.trust).unwrap();
        assert_eq!(there.chain.current_digest(), self.chain.current_digest(), "as published");
        let desk = there.desk.unwrap();
        let devices: Vec<_> = desk.get().devices.iter().map(|device| device.reader).collect();
        let wanted = self.model.now().devices.iter().map(|who| self.people[*who].line.id);
        assert_eq!(devices, wanted.collect::<Vec<_>>(), "machines at the desk after a renewal");
        self.count("renewals signed ahead published");
    }
}

/// What does more than prolong is not signed ahead, though it could follow.
fn refuse_more_than_renewals(chain: &Chain, renewal: &Keyring) {
    let (newest, epoch) = (chain.current().get(), renewal.epoch);
    let mut shorter = renewal.clone();
    shorter.not_after = newest.not_after;
    let mut fewer = renewal.clone();
    let first = fewer.readers.iter().position(|reader| reader.role == Role::Reviewer);
    if let Some(first) = first {
        fewer.readers.remove(first);
    }
    let mut easier = renewal.clone();
    let other = (1..renewal.roots.len()).find(|n| *n != renewal.threshold);
    easier.threshold = other.unwrap_or(renewal.threshold);
    for other in [shorter, fewer, easier].iter().filter(|other| *other != renewal) {
        assert_eq!(chain.check_next(other), Ok(()), "it could follow");
        let refused = chain.check_renewal(other);
        assert_eq!(refused, Err(KeyringError::NotARenewal { epoch }), "more than a renewal");
    }
}

fn put(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::File::create(path)
        .and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()))
        .unwrap();
}
