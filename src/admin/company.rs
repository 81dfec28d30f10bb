//! Acts beside the draft, rehearsed for real: the same people with throw-away roots, in a scratch folder.
//!
//! The holders' own keys are not taken out for a rehearsal; what is signed here is signed, published and read
//! back as a server does, by keys that live for one call.

use std::{fs, io, path::PathBuf};

use rand::{CryptoRng, RngCore};

use crate::{
    admin::{
        AdminError, Ceremony, RootKey, Scratch, Walked, find_device, publish_site, read_root_pub,
        rehearse::Cast, renew, sign_site, suspend, write_root_pub,
    },
    clock::Day,
    files::{self, Audience, Existing},
    keyring::{Device, KeyringError, SiteManifest, load_folder},
    note::{KeyName, NamedKey},
    paper,
    secret::SecretText,
};

/// The people of a ceremony with throw-away roots, and the folder that their server reads.
struct Company {
    ceremony: Ceremony,
    roots: Vec<RootKey>,
    server: PathBuf,
}

impl Scratch {
    /// Suspends a machine by one throw-away root, and reads it back as a desk does.
    ///
    /// # Errors
    /// The one of [`AdminError`] that the real act would stop at.
    pub fn suspend(
        &self,
        device: &Device,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<(), AdminError> {
        let Company { ceremony, roots, server } =
            self.company(std::slice::from_ref(device), rng)?;
        let suspending = find_device(&ceremony, &server, &device.id.to_string())?;
        for root in roots.iter().take(1) {
            suspend(&ceremony, &suspending, root, &server)?;
        }
        let there = load_folder(&server, ceremony.trust())?;
        let counts = there.suspensions.iter().any(|note| note.get().device == device.id);
        counts.then_some(()).ok_or(AdminError::NoSuchMember { id: device.id.to_string() })
    }

    /// Signs a manifest with as many throw-away roots as must, publishes it and reads it back; who signed.
    ///
    /// # Errors
    /// The one of [`AdminError`] that the real act would stop at.
    pub fn sign_site(
        &self,
        manifest: &SiteManifest,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Vec<String>, AdminError> {
        let Company { ceremony, roots, server } = self.company(&[], rng)?;
        let file = self.path("site.note");
        files::save(&file, manifest.to_text().as_bytes(), Audience::Owner, Existing::Replace)
            .map_err(AdminError::file(&file))?;
        let mut signed = Vec::new();
        for root in &roots {
            let progress = sign_site(&ceremony, &file, root)?;
            signed = progress.signed;
            if signed.len() >= progress.needed {
                break;
            }
        }
        publish_site(&ceremony, &file, &server)?;
        load_folder(&server, ceremony.trust())?.site?.ok_or(KeyringError::NothingPublished)?;
        Ok(signed)
    }

    /// Makes a root key of that name, prints it, types it back, and opens it; it is gone with the folder.
    ///
    /// # Errors
    /// The one of [`AdminError`] that says what does not work on this machine.
    pub fn root(
        &self,
        name: KeyName,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<NamedKey, AdminError> {
        let words = SecretText::new("a rehearsal of a root key".to_owned());
        let key = RootKey::generate(name, rng);
        let [made, back] = ["root.age", "root-back.age"].map(|file| self.path(file));
        let save = |file: &PathBuf, text: &str| {
            files::save(file, text.as_bytes(), Audience::Owner, Existing::Replace)
                .map_err(AdminError::file(file))
        };
        save(&made, &key.to_file(&words, 1)?)?;
        save(&back, &typed_back(&RootKey::page(&made)?)?)?;
        let public = self.path("root.pub");
        save(&public, &write_root_pub(&key)?)?;
        let named = RootKey::open(&back, &words)?.named();
        if read_root_pub(&public)? == named && key.named() == named {
            return Ok(named);
        }
        Err(AdminError::NotARootFile { file: back.display().to_string() })
    }

    /// A whole small ceremony on this copy: a renewal, signed, published and read back.
    ///
    /// # Errors
    /// The one of [`AdminError`] that a real renewal would stop at today.
    pub fn renewal(
        &self,
        today: Day,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Option<Walked>, AdminError> {
        let draft = self.path("ceremony").join("draft");
        match fs::remove_dir_all(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(AdminError::file(&draft)(error));
            }
            _ => {}
        }
        renew(&Ceremony::open(&self.path("ceremony"))?, today, today.plus_days(TERM))?;
        self.walk(today, rng)
    }

    fn company(
        &self,
        devices: &[Device],
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Company, AdminError> {
        let real = Ceremony::open(&self.path("ceremony"))?;
        let published = real.published()?.ok_or(KeyringError::NothingPublished)?;
        let known = published.chain.current().get();
        let cast = Cast::of(&known.roots, rng);
        let stage = self.path("company");
        let ceremony = cast.open(&stage, known, devices)?;
        Ok(Company { ceremony, roots: cast.into_roots(), server: stage.join("server") })
    }
}

/// The root key file that somebody gets who types a page.
///
/// # Errors
/// `NotARootFile` of [`AdminError`] if the page cannot be read back.
pub fn typed_back(page: &str) -> Result<String, AdminError> {
    let lines: Vec<&str> = page.lines().take_while(|line| !line.is_empty()).collect();
    let sealed = paper::read(&lines.join("\n"))
        .map_err(|_| AdminError::NotARootFile { file: "the page".to_owned() })?;
    Ok(RootKey::from_page(&sealed))
}

/// Days of a keyring, unless somebody says otherwise.
const TERM: i64 = 180;
