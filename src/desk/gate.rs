//! Who is let in: one signed, fresh request of one known device, once.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use super::DeskError;
use crate::{
    clock::Clock,
    id::{DeviceId, ReaderId},
    keyring::{Device, Published, Role, is_suspended},
    wire::signature::{self, Claim, Headers, Nonce, Params, Request, WINDOW_SECONDS},
};

/// Most requests of one device that are remembered within the window.
const MAX_NONCES: usize = 4096;
/// Most outboxes of one device within the window: a seized device may not fill the disk that
/// witnesses need, 16 MiB in two minutes at most.
const MAX_PUSHES: usize = 64;

/// A request as it came in, as far as admission looks at it.
pub struct Asking<'a> {
    /// The signed components.
    pub request: Request<'a>,
    /// The two signature headers.
    pub headers: Headers,
}

/// Who was let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asker {
    /// The device that signed.
    pub device: DeviceId,
    /// Its reader.
    pub reader: ReaderId,
    /// What the reader may read.
    pub role: Role,
}

pub(super) struct Gate {
    authorities: Vec<String>,
    clock: Arc<dyn Clock>,
    /// Where suspensions appear; looked into for each request.
    folder: Option<PathBuf>,
    started: i64,
    most: usize,
    seen: Mutex<BTreeMap<DeviceId, BTreeMap<Nonce, Seen>>>,
}

/// A request that was let in.
struct Seen {
    created: i64,
    is_push: bool,
}

impl Gate {
    pub(super) fn new(authorities: &[String], clock: Arc<dyn Clock>) -> Self {
        let authorities = authorities.iter().map(|a| signature::authority(a)).collect();
        let started = clock.unix_seconds();
        Self { authorities, clock, folder: None, started, most: MAX_NONCES, seen: Mutex::default() }
    }

    pub(super) fn lower(&mut self, most: usize) {
        self.most = self.most.min(most);
    }

    pub(super) fn watch(&mut self, folder: PathBuf) {
        self.folder = Some(folder);
    }

    pub(super) fn admit(
        &self,
        asking: &Asking<'_>,
        published: &Published,
    ) -> Result<Asker, DeskError> {
        let claim =
            Claim::parse(&asking.request, &asking.headers).map_err(|_| DeskError::Signature)?;
        let (device, asker) = known(claim.device(), published).ok_or(DeskError::UnknownDevice)?;
        let params = claim.verify(&device.key).map_err(|_| DeskError::Signature)?;
        self.refuse_suspended(asker.device, published)?;
        let here = |a: &String| a == asking.request.authority;
        if !self.authorities.is_empty() && !self.authorities.iter().any(here) {
            return Err(DeskError::Authority);
        }
        self.fresh(&params, asking.request.method)?;
        Ok(asker)
    }

    // SECURITY: only after the signature, so that strangers neither cost a look nor learn of it.
    fn refuse_suspended(&self, id: DeviceId, published: &Published) -> Result<(), DeskError> {
        let known = published.suspensions.iter().any(|known| known.get().device == id);
        let found = match &self.folder {
            _ if known => true,
            Some(folder) => {
                is_suspended(folder, id, &published.chain).map_err(DeskError::Folder)?
            }
            None => false,
        };
        if found { Err(DeskError::Suspended) } else { Ok(()) }
    }

    fn fresh(&self, params: &Params, method: &str) -> Result<(), DeskError> {
        let now = self.clock.unix_seconds();
        if params.created.abs_diff(now) > WINDOW_SECONDS.unsigned_abs() {
            return Err(DeskError::Clock { now });
        }
        if params.created < self.started {
            return Err(DeskError::JustStarted);
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // Whatever is older than the window is refused by its age from now on.
        seen.retain(|_, nonces| {
            nonces.retain(|_, seen| now.saturating_sub(seen.created) <= WINDOW_SECONDS);
            !nonces.is_empty()
        });
        let nonces = seen.entry(params.device).or_default();
        if nonces.contains_key(&params.nonce) {
            return Err(DeskError::Replayed);
        }
        let is_push = method == "POST";
        let earlier = nonces.values().filter(|seen| seen.is_push).count();
        if nonces.len() >= self.most || (is_push && earlier >= MAX_PUSHES) {
            return Err(DeskError::TooMany);
        }
        nonces.insert(params.nonce, Seen { created: params.created, is_push });
        Ok(())
    }
}

fn known(id: DeviceId, published: &Published) -> Option<(&Device, Asker)> {
    let desk = published.desk.as_ref()?.get();
    if desk.keyring != published.chain.current().get().body_digest() {
        return None;
    }
    let device = desk.devices.iter().find(|d| d.id == id)?;
    let reader = published.chain.current().get().reader(device.reader)?;
    Some((device, Asker { device: id, reader: reader.id, role: reader.role }))
}
