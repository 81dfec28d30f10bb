//! A step of the ceremony walked to its end in a scratch folder, with throw-away roots.
//!
//! The step itself runs on a copy of the ceremony's folder, with the same checks. What it drafted is
//! then played through: every root by a key that lives for this one call, a file that goes around, as
//! many signatures as are needed, publishing, and reading it all back as a server does.

use std::{
    fs,
    path::{Path, PathBuf},
};

use ed25519_dalek::{SigningKey, VerifyingKey};
use rand::{CryptoRng, RngCore};

use crate::{
    admin::{
        AdminError, Ceremony, Draft, RootKey, SigningFile,
        ahead::{keep, publish_ahead},
        draft::{Base, Purpose},
        folder::Addresses,
        publish::{publish, verify},
    },
    clock::Day,
    digest::Digest,
    files::{self, Existing},
    id::{DeviceId, ReaderId},
    keyring::{Device, Keyring, Reader, Role, SignedVouch, TrustRoot},
    note::NamedKey,
    recipient::AgeIdentity,
    secret::Secret,
};

/// A copy of a ceremony's folder that is gone when this is dropped.
pub struct Scratch {
    folder: tempfile::TempDir,
}

/// What was walked through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walked {
    /// The epoch that was played.
    pub epoch: u32,
    /// Who signed, in their order, by name; each on a machine of their own.
    pub signed: Vec<String>,
    /// Whether it was kept ahead and published only after the last day of the keyring before.
    pub ahead: bool,
}

impl Scratch {
    /// An empty one.
    ///
    /// # Errors
    /// `File` of [`AdminError`].
    pub fn new() -> Result<Self, AdminError> {
        let folder = tempfile::tempdir().map_err(AdminError::file(Path::new("scratch")))?;
        Ok(Self { folder })
    }

    /// A copy of everything in a ceremony's folder but the root keys.
    ///
    /// # Errors
    /// `File` of [`AdminError`].
    pub fn of(ceremony: &Path) -> Result<Self, AdminError> {
        let scratch = Self::new()?;
        copy(ceremony, &scratch.path("ceremony"), &|name| {
            Path::new(name).extension().is_none_or(|kind| !kind.eq_ignore_ascii_case("age"))
        })?;
        Ok(scratch)
    }

    /// A place in it.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A copy of a published folder in it; an empty folder if there is none yet.
    ///
    /// # Errors
    /// `File` of [`AdminError`].
    pub fn published(&self, there: &Path) -> Result<PathBuf, AdminError> {
        let here = self.path("server");
        if there.exists() {
            copy(there, &here, &|_| true)?;
        }
        Ok(here)
    }

    /// Plays the draft of the copy through, with throw-away roots; `None` if there is no draft.
    ///
    /// # Errors
    /// The one of [`AdminError`] that the real ceremony would stop at.
    pub fn walk(
        &self,
        today: Day,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Option<Walked>, AdminError> {
        let real = Ceremony::open(&self.path("ceremony"))?;
        let Some(draft) = real.draft()? else { return Ok(None) };
        let base = real.base(draft.purpose)?;
        draft.check(&base, today)?;
        let cast = Cast::new(&draft, &base, rng);
        let stage = self.path("walk");
        let (ceremony, draft) = cast.play(&stage, &draft, &base, &real.devices()?)?;
        ceremony.save_draft(&draft)?;
        let signed = cast.pass_around(&ceremony, &stage.join("file"), today)?;
        let (epoch, ahead) = (draft.keyring.epoch, draft.purpose == Purpose::Ahead);
        let server = stage.join("server");
        if ahead {
            wait_and_publish(&ceremony, &server, today)?;
        } else {
            publish(&ceremony, &server, today)?;
            verify(&server, ceremony.trust(), today)?;
        }
        let played = match base {
            Base::First(_) => epoch,
            Base::After(chain) => chain.current().get().epoch.saturating_add(1),
        };
        Ok(Some(Walked { epoch: played, signed, ahead }))
    }
}

/// A renewal ahead waits until the keyring before it has ended.
fn wait_and_publish(ceremony: &Ceremony, server: &Path, today: Day) -> Result<(), AdminError> {
    keep(ceremony, today)?;
    copy(&ceremony.published_folder(), server, &|_| true)?;
    let Base::After(chain) = ceremony.base(Purpose::Publish)? else { return Ok(()) };
    let later = chain.current().get().not_after.plus_days(1);
    publish_ahead(&ceremony.ahead_folder(), server, ceremony.trust(), later)?;
    verify(server, ceremony.trust(), later).map(|_| ())
}

/// Gives a first draft that has no guardian two readers that nobody is, for a rehearsal only.
///
/// # Errors
/// The one of [`AdminError`] that says what is wrong with the draft.
pub fn cast_readers(
    ceremony: &Ceremony,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<(), AdminError> {
    let Some(Draft { mut keyring, desk, purpose, .. }) = ceremony.draft()? else { return Ok(()) };
    if keyring.epoch != 1 || keyring.guardians().next().is_some() {
        return Ok(());
    }
    let mut devices = desk.devices;
    for role in [Role::Guardian, Role::Reviewer] {
        let id = ReaderId::random(rng);
        keyring.readers.push(Reader {
            id,
            role,
            recipient: AgeIdentity::generate(keyring.kind, rng).recipient(),
            signing: throw_away(rng),
            since: 1,
        });
        devices.push(Device { id: DeviceId::random(rng), reader: id, key: throw_away(rng) });
    }
    ceremony.save_draft(&Draft::unsigned(keyring, devices, purpose))
}

fn throw_away(rng: &mut (impl RngCore + CryptoRng)) -> VerifyingKey {
    signing_key(rng).verifying_key()
}

fn signing_key(rng: &mut (impl RngCore + CryptoRng)) -> SigningKey {
    SigningKey::from_bytes(Secret::random(rng).expose())
}

/// A throw-away key for each root, under the same name, and for each reader who may vouch.
pub(super) struct Cast {
    roots: Vec<(NamedKey, RootKey)>,
    readers: Vec<(ReaderId, SigningKey)>,
}

impl Cast {
    fn new(draft: &Draft, base: &Base, rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut keys: Vec<(NamedKey, RootKey)> = Vec::new();
        let (before, readers) = match base {
            Base::First(_) => (Vec::new(), Vec::new()),
            Base::After(chain) => {
                let known = chain.current().get();
                (known.roots.clone(), known.readers.iter().map(|reader| reader.id).collect())
            }
        };
        for root in before.iter().chain(&draft.keyring.roots) {
            if keys.iter().all(|(real, _)| real != root) {
                keys.push((root.clone(), RootKey::generate(root.name.clone(), rng)));
            }
        }
        let readers = readers.into_iter().map(|id| (id, signing_key(rng))).collect();
        Self { roots: keys, readers }
    }

    /// The same roots, and nobody who vouches.
    pub(super) fn of(roots: &[NamedKey], rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let key = |root: &NamedKey| (root.clone(), RootKey::generate(root.name.clone(), rng));
        Self { roots: roots.iter().map(key).collect(), readers: Vec::new() }
    }

    pub(super) fn into_roots(self) -> Vec<RootKey> {
        self.roots.into_iter().map(|(_, key)| key).collect()
    }

    /// Founds the organisation of a keyring with these roots below `stage`, and publishes that.
    pub(super) fn open(
        &self,
        stage: &Path,
        known: &Keyring,
        devices: &[Device],
    ) -> Result<Ceremony, AdminError> {
        let mut first = self.acted(known, 1);
        first.previous = Digest::NONE;
        let ceremony = begin(stage, &first)?;
        let day = first.not_after;
        ceremony.save_draft(&Draft::unsigned(first, devices.to_vec(), Purpose::Publish))?;
        self.pass_around(&ceremony, &stage.join("opening"), day)?;
        publish(&ceremony, &stage.join("server"), day)?;
        Ok(ceremony)
    }

    /// The same people with these roots: what stands there is their first keyring, the draft their next.
    fn play(
        &self,
        stage: &Path,
        draft: &Draft,
        base: &Base,
        devices: &[Device],
    ) -> Result<(Ceremony, Draft), AdminError> {
        let Base::After(known) = base else {
            let mut first = self.acted(&draft.keyring, 1);
            first.previous = Digest::NONE;
            let ceremony = begin(stage, &first)?;
            let devices = draft.desk.devices.clone();
            return Ok((ceremony, Draft::unsigned(first, devices, Purpose::Publish)));
        };
        let ceremony = self.open(stage, known.current().get(), devices)?;
        let mut next = self.acted(&draft.keyring, 2);
        let Base::After(chain) = ceremony.base(Purpose::Publish)? else {
            return Err(AdminError::NoDraft);
        };
        next.previous = chain.current_digest();
        for line in &draft.keyring.vouches {
            let newcomer = next.reader(line.reader).map(Reader::public);
            let voucher = self.readers.iter().find(|(id, _)| *id == line.voucher);
            if let (Some(newcomer), Some((id, key))) = (newcomer, voucher) {
                next.vouches.push(SignedVouch::sign(&chain, &newcomer, *id, key)?.line());
            }
        }
        let devices = draft.desk.devices.clone();
        Ok((ceremony, Draft::unsigned(next, devices, draft.purpose)))
    }

    /// A keyring with throw-away roots and signing keys, as that epoch, without vouches.
    fn acted(&self, real: &Keyring, epoch: u32) -> Keyring {
        let mut keyring = real.clone();
        keyring.epoch = epoch;
        keyring.vouches.clear();
        for root in &mut keyring.roots {
            if let Some((_, key)) = self.roots.iter().find(|(known, _)| known == root) {
                *root = key.named();
            }
        }
        for reader in &mut keyring.readers {
            let known = self.readers.iter().find(|(id, _)| *id == reader.id);
            reader.since = if known.is_none() { epoch } else { 1 };
            if let Some((_, key)) = known {
                reader.signing = key.verifying_key();
            }
        }
        keyring
    }

    /// One file goes from holder to holder until enough have signed; who did.
    fn pass_around(
        &self,
        ceremony: &Ceremony,
        file: &Path,
        today: Day,
    ) -> Result<Vec<String>, AdminError> {
        SigningFile::of(ceremony, today)?.save(file, Existing::Refuse)?;
        let mut names = Vec::new();
        for (_, key) in &self.roots {
            let mut around = SigningFile::load(file)?;
            let name = key.named().name.as_str().to_owned();
            let progress = around.sign(key, today)?;
            around.save(file, Existing::Replace)?;
            names.push(name);
            if progress.is_enough() {
                break;
            }
        }
        SigningFile::load(file)?.import(ceremony, today)?;
        Ok(names)
    }
}

/// A ceremony's folder with the roots of a first keyring.
fn begin(stage: &Path, first: &Keyring) -> Result<Ceremony, AdminError> {
    let Keyring { organisation, threshold, roots, .. } = first.clone();
    let trust = TrustRoot { organisation, threshold, roots };
    let addresses = Addresses::new(String::new(), String::new());
    let folder = stage.join("ceremony");
    files::make_folder(&folder).map_err(AdminError::file(&folder))?;
    Ceremony::begin(&folder, trust, addresses)
}

/// Copies the files of a folder that `wanted` names, and of its folders.
fn copy(from: &Path, to: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<(), AdminError> {
    files::make_folder(to).map_err(AdminError::file(to))?;
    for entry in fs::read_dir(from).map_err(AdminError::file(from))? {
        let path = entry.map_err(AdminError::file(from))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            copy(&path, &to.join(&name), wanted)?;
        } else if wanted(&name) {
            fs::copy(&path, to.join(&name)).map_err(AdminError::file(&path))?;
        }
    }
    Ok(())
}
