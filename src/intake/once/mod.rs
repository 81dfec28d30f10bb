//! Pages that answer a form: kept in memory only, sealed to a key that only their address holds.
//!
//! Promises: 1. the server keeps a hash and ciphertext, so a look into its memory or a list of its
//! pages shows no receipt; 2. a page is gone after 30 minutes or when its reader says so, whichever is
//! first, whatever happens to the machine's clock; 3. the pool is bounded, and a flood of error pages
//! never pushes out a receipt; 4. a receipt whose testimony is durable is never turned away.
//! Why: a browser writes the body of a directly answered POST into its session files; after a 303 to
//! such a page nothing was found there (`docs/lessons.md`).

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};

use super::MailboxKeys;
use crate::{
    clock::Clock,
    digest::Digest,
    sealed::once::{OnceKey, open_page, seal_page},
};

/// How long a page can be read again, in seconds.
const LIFETIME_SECONDS: i64 = 30 * 60;
/// Bytes that sealed receipts may take in all.
const RECEIPTS_MAX: usize = 64 << 20;
/// Files that a receipt names while most of that is taken: names must not use up what receipts need.
const NAMES_IN_NEED: usize = 1;
/// Bytes that the pages of visits may take in all.
const VISITS_MAX: usize = 48 << 20;
/// Bytes that sealed error pages may take in all.
const REFILLS_MAX: usize = 48 << 20;

/// What a page shows; it is drawn anew each time it is read.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OncePage {
    /// The testimony is kept.
    Receipt {
        /// The 27 digits.
        digits: String,
        /// Files that did not arrive whole: their names as given, and why.
        unkept: Vec<(String, super::Unkept)>,
        /// The signed promise, if it was asked for.
        promise: Option<String>,
    },
    /// Nothing is kept; the form comes back with what was typed.
    Refill {
        /// Key of the sentence that says what happened.
        problem: String,
        /// The field that it is about, if it is about one.
        field: Option<String>,
        /// Names of fields and what was typed into them, in order of arrival.
        typed: Vec<(String, String)>,
        /// The form of a mailbox that it is, and the address of that mailbox; none for the first form.
        back: Option<(String, String)>,
    },
    /// A code was mistyped, or there was no room to open it; nothing was opened.
    Enter {
        /// Key of the sentence that says what happened.
        problem: String,
        /// What was typed.
        typed: String,
    },
    /// Nothing is kept, and what was typed is gone too.
    Lost,
    /// A receipt waits for its derivation.
    Waiting {
        /// What [`super::Intake::place_in_line`] is asked with.
        number: u64,
    },
    /// A witness came back; what is in the mailbox is read anew each time.
    Mailbox {
        /// What the receipt opens.
        keys: MailboxKeys,
        /// Key of a sentence about what was just done.
        notice: Option<String>,
        /// Files that did not arrive whole with what was just sent: their names as given, and why.
        unkept: Vec<(String, super::Unkept)>,
    },
}

/// All pages that wait to be read.
pub struct OncePages {
    clock: Arc<dyn Clock>,
    pools: Mutex<Pools>,
}

#[derive(Default)]
struct Pools {
    receipts: Pool,
    visits: Pool,
    refills: Pool,
}

#[derive(Default)]
struct Pool {
    pages: BTreeMap<Digest, Waiting>,
    /// By the end of their time, then by coming.
    order: BTreeMap<(i64, u64), Digest>,
    next: u64,
    bytes: usize,
}

struct Waiting {
    sealed: Vec<u8>,
    until: i64,
    place: u64,
}

/// A page could not be kept.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a page could not be sealed")]
pub struct Full;

impl OncePages {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, pools: Mutex::default() }
    }

    /// Seals a page and gives the key under which it can be read, for its address.
    ///
    /// # Errors
    /// [`Full`] if it cannot be sealed. A receipt is always kept, since its testimony is: room for it
    /// was asked for before ([`Self::has_room_for_a_receipt`]). Error pages make room for each other,
    /// the oldest goes first.
    pub fn keep(&self, page: &OncePage) -> Result<String, Full> {
        let key = OnceKey::random(&mut OsRng);
        let sealed = sealed(&key, page)?;
        let address = key.to_address();
        let until = self.clock.steady_seconds().saturating_add(LIFETIME_SECONDS);
        self.swept().put(page, name_of(&address), Waiting { sealed, until, place: 0 });
        Ok(address)
    }

    /// Puts another page to an address that is still there, for as long as the first one had left; gives
    /// whether it was.
    pub fn change(&self, address: &str, page: &OncePage) -> bool {
        let Some(key) = OnceKey::from_address(address) else { return false };
        let Ok(sealed) = sealed(&key, page) else { return false };
        let name = name_of(address);
        let mut pools = self.swept();
        let Some(until) = pools.find(&name).map(|waiting| waiting.until) else { return false };
        pools.remove(&name);
        pools.put(page, name, Waiting { sealed, until, place: 0 });
        true
    }

    /// Whether there is a page at that address.
    #[must_use]
    pub fn is_there(&self, address: &str) -> bool {
        self.swept().find(&name_of(address)).is_some()
    }

    /// Whether a receipt could be kept now; asked before a testimony is committed.
    #[must_use]
    pub fn has_room_for_a_receipt(&self) -> bool {
        self.swept().receipts.bytes.saturating_add(64 * 1024) <= RECEIPTS_MAX
    }

    /// How many files the next receipt may name: all, until half of the room for receipts is taken.
    ///
    /// A receipt alone has a few hundred bytes, names make it twenty times that: somebody who sends
    /// empty files with long names would leave no room for the receipts of others.
    #[must_use]
    pub fn names_that_fit(&self) -> usize {
        let is_scarce = self.swept().receipts.bytes > RECEIPTS_MAX / 2;
        if is_scarce { NAMES_IN_NEED } else { usize::MAX }
    }

    /// The page at that address, if it is still there. It can be read again until it is burned.
    #[must_use]
    pub fn read(&self, address: &str) -> Option<OncePage> {
        let key = OnceKey::from_address(address)?;
        let name = name_of(address);
        let sealed = {
            let pools = self.swept();
            pools.find(&name).map(|waiting| waiting.sealed.clone())?
        };
        let json = open_page(&key, &sealed).ok()?;
        serde_json::from_slice(&json).ok()
    }

    /// Bytes of the page at that address as it waits, if it is still there.
    #[must_use]
    pub fn size(&self, address: &str) -> Option<usize> {
        self.swept().find(&name_of(address)).map(|waiting| waiting.sealed.len())
    }

    /// Destroys the page at that address; a page that is not there is as good as burned.
    pub fn burn(&self, address: &str) {
        let name = name_of(address);
        self.swept().remove(&name);
    }

    /// Forgets what has expired, also when nobody asks for any page.
    pub fn sweep(&self) {
        drop(self.swept());
    }

    /// The pools, without what has expired.
    fn swept(&self) -> MutexGuard<'_, Pools> {
        let now = self.clock.steady_seconds();
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        pools.all().into_iter().for_each(|pool| pool.expire(now));
        pools
    }
}

impl Pools {
    fn find(&self, name: &Digest) -> Option<&Waiting> {
        let pools = [&self.receipts, &self.visits, &self.refills];
        pools.into_iter().find_map(|pool| pool.pages.get(name))
    }

    fn all(&mut self) -> [&mut Pool; 3] {
        [&mut self.receipts, &mut self.visits, &mut self.refills]
    }

    fn remove(&mut self, name: &Digest) {
        self.all().into_iter().for_each(|pool| pool.remove(name));
    }

    fn put(&mut self, page: &OncePage, name: Digest, waiting: Waiting) {
        match page {
            OncePage::Receipt { .. } => self.receipts.put(name, waiting),
            OncePage::Waiting { .. } | OncePage::Mailbox { .. } => {
                self.visits.put(name, waiting);
                self.visits.shrink_to(VISITS_MAX);
            }
            OncePage::Refill { .. } | OncePage::Enter { .. } | OncePage::Lost => {
                self.refills.put(name, waiting);
                self.refills.shrink_to(REFILLS_MAX);
            }
        }
    }
}

impl Pool {
    fn put(&mut self, name: Digest, waiting: Waiting) {
        let place = self.next;
        self.next = self.next.wrapping_add(1);
        self.bytes = self.bytes.saturating_add(waiting.sealed.len());
        self.order.insert((waiting.until, place), name);
        self.pages.insert(name, Waiting { place, ..waiting });
    }

    fn remove(&mut self, name: &Digest) {
        if let Some(waiting) = self.pages.remove(name) {
            self.order.remove(&(waiting.until, waiting.place));
            self.bytes = self.bytes.saturating_sub(waiting.sealed.len());
        }
    }

    fn oldest(&self) -> Option<(Digest, i64)> {
        let (_, name) = self.order.first_key_value()?;
        self.pages.get(name).map(|waiting| (*name, waiting.until))
    }

    fn expire(&mut self, now: i64) {
        while let Some((name, until)) = self.oldest()
            && until <= now
        {
            self.remove(&name);
        }
    }

    fn shrink_to(&mut self, bytes: usize) {
        while self.bytes > bytes
            && let Some((name, _)) = self.oldest()
        {
            self.remove(&name);
        }
    }
}

fn sealed(key: &OnceKey, page: &OncePage) -> Result<Vec<u8>, Full> {
    let json = zeroize::Zeroizing::new(serde_json::to_vec(page).map_err(|_| Full)?);
    seal_page(key, &json).map_err(|_| Full)
}

fn name_of(address: &str) -> Digest {
    Digest::of_parts(&[b"sandyk/once/v1\n", address.as_bytes()])
}

#[cfg(test)]
mod tests;
