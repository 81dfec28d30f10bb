//! An office with a reader who came late: the stage of the tests of envelopes.

use std::fs;

use data_encoding::{BASE64, HEXLOWER};
use rand::RngCore as _;
use sandyk::{
    clock::Clock as _,
    digest::Digest,
    finding::Level,
    id::{ReaderId, TestimonyId},
    keyring::{Role, TrustRoot},
    ledger::feed::{FeedItem, FeedKind, PartInfo},
    locale::Lang,
    review::{
        ReaderKeys, Rewrapping, Session, Workspace,
        doctor::{Belongings, examine},
    },
    rewrap::{Batch, BatchFile, Made, Place, SignedBatch, ThingId},
    sealed::{Cover, TestimonyKeys, open::ReadingIdentity},
    store::{BlobWriter as _, Commit, Expect, Put},
    testimony::{Account, Channel, Form, Identity, Kind},
    wire::{EnvelopeDigest, key_content},
};

use super::*;
use crate::office::commit;

pub(crate) const OLD: usize = 0;
pub(crate) const REVIEWER: usize = 1;
pub(crate) const NEW: usize = 2;

/// A guardian, a reviewer, and a guardian who came later: nothing was sealed to that one.
pub(crate) struct Late {
    pub(crate) office: Office,
}

impl Late {
    pub(crate) async fn open() -> Self {
        Self { office: Office::of(&[Role::Guardian, Role::Reviewer, Role::Guardian]).await }
    }

    /// Seals a testimony as the intake does, with envelopes for these members.
    pub(crate) async fn testimony(&self, to: &[usize]) -> TestimonyId {
        let office = &self.office;
        let id = TestimonyId::random(&mut OsRng);
        let (account, identity) = told(id);
        let published = office.published().borrow().clone();
        let keyring = published.chain.current();
        let keys = TestimonyKeys::generate(keyring.get().kind, &mut OsRng);
        let (recipients, mut envelopes) = keys.into_envelopes(keyring).unwrap();
        let account = recipients.seal_account(&account).unwrap();
        let identity = recipients.seal_identity(&identity).unwrap();
        let exhibits = recipients.exhibits(Vec::new()).unwrap().finish().unwrap();
        let cover = Cover {
            schema: Cover::SCHEMA.into(),
            id,
            keyring: published.chain.current_digest(),
            account: account.digest(),
            identity: identity.digest(),
            exhibits: Digest::of(&exhibits),
            lookup: Digest::of(b"lookup"),
            reply: office.members[0].reading().recipient().to_string(),
            witness: BASE64.encode(office.members[0].signing.verifying_key().as_bytes()),
            kind: Kind::New,
            channel: Channel::WebServerSealed,
            continues: None,
            after: None,
            signature: None,
        };
        let cover = recipients.seal_cover(&cover).unwrap();
        let sealed = [cover.as_bytes(), account.as_bytes(), identity.as_bytes(), &exhibits];
        let names = ["cover", "account", "identity", "exhibits"];
        let parts = std::array::from_fn::<_, 4, _>(|n| self.part(names[n], sealed[n]));
        envelopes.retain(|of| to.iter().any(|n| office.members[*n].id == of.reader));
        let puts = envelopes.into_iter().flat_map(|of| {
            let key = |part| format!("envelope/{id}/{}/{part}", of.reader);
            let names = of.identity.map(|sealed| put(&key("identity"), sealed.into_bytes()));
            std::iter::once(put(&key("account"), of.account.into_bytes())).chain(names)
        });
        let item = FeedItem {
            kind: FeedKind::Testimony,
            id: id.to_string(),
            salt: HEXLOWER.encode(&noise(32)),
            content: cover.digest(),
            week: Some("2026-W47".parse().unwrap()),
            epoch: 1,
            parts: parts.into(),
        };
        commit(&*office.store, &item, puts.collect()).await;
        id
    }

    pub(crate) fn part(&self, name: &str, bytes: &[u8]) -> PartInfo {
        use std::io::Write as _;
        let mut writer = self.office.store.blob().unwrap();
        writer.write_all(bytes).unwrap();
        let blob = writer.finish().unwrap();
        let sha256 = Digest::of(bytes);
        PartInfo { name: name.to_owned(), bytes: bytes.len() as u64, sha256, blob }
    }

    pub(crate) fn trust(&self) -> TrustRoot {
        let keyring = &self.office.keyring;
        TrustRoot {
            organisation: keyring.organisation.clone(),
            threshold: keyring.threshold,
            roots: keyring.roots.clone(),
        }
    }

    pub(crate) fn session(&self, member: usize) -> Session {
        let of = &self.office.members[member];
        let keys = ReaderKeys {
            id: of.id,
            role: of.role,
            reading: ReadingIdentity::new(of.reading()),
            signing: of.signing.clone(),
            trust: self.trust(),
        };
        let folder = of.workspace.with_file_name("keys");
        fs::create_dir_all(&folder).unwrap();
        Session::open(Workspace::open(&of.workspace).unwrap(), keys, &folder).unwrap()
    }

    pub(crate) fn rewrap(&self, member: usize) -> Rewrapping {
        self.session(member).rewrap(SystemClock.today(), &mut |_, _| ()).unwrap()
    }

    /// How much the doctor of a member's workspace presses for a rewrap.
    pub(crate) fn doctor(&self, member: usize) -> &'static str {
        let workspace = &self.office.members[member].workspace;
        let keys = workspace.with_file_name("keys");
        let reader = Belongings { workspace, keys: &keys, passphrase_file: None };
        let found = examine(&reader, &SystemClock).unwrap();
        let lacks = found.iter().find(|f| ["rewraps", "envelopes-lack"].contains(&f.code)).unwrap();
        if lacks.level == Level::Soon { "soon" } else { "good" }
    }

    /// Whether a member reads all of a testimony that their role may read.
    pub(crate) fn reads(&self, member: usize, id: TestimonyId) -> bool {
        let session = self.session(member);
        let opened = session.open_one(id).unwrap();
        let Ok(content) = &opened.content else { return false };
        let guardian = self.office.members[member].role == Role::Guardian;
        content.account.id == id && (!guardian || session.identity(id, content).is_ok())
    }

    pub(crate) fn stored(&self, id: TestimonyId, member: usize, part: &str) -> Option<Vec<u8>> {
        let reader = self.office.members[member].id;
        let key = format!("envelope/{id}/{reader}/{part}");
        self.office.store.get(key.as_bytes()).unwrap().map(|found| found.value)
    }

    pub(crate) async fn overwrite(&self, id: TestimonyId, member: usize, part: &str, value: &[u8]) {
        let reader = self.office.members[member].id;
        let key = format!("envelope/{id}/{reader}/{part}");
        let put = Put { expect: Expect::Any, ..put(&key, value.to_vec()) };
        self.change(Commit { puts: vec![put], ..Commit::default() }).await;
    }

    pub(crate) async fn change(&self, commit: Commit) {
        let mut id = [0; 16];
        OsRng.fill_bytes(&mut id);
        self.office.store.commit(Commit { id, ..commit }).await.unwrap();
    }

    pub(crate) fn desk(&self) -> Desk<sandyk::store::MemoryStore> {
        let ledger = sandyk::ledger::LedgerKey::from_seed(&Secret::take(&mut [7; 32])).unwrap();
        let clock = Arc::new(SystemClock);
        Desk::new(Arc::clone(&self.office.store), self.office.published(), ledger, &[], clock)
    }

    /// Takes the casebook key in OLD's outbox in as it was when NEW was not a reader yet.
    pub(crate) async fn take_key_of_before(&self) -> ThingId {
        let office = &self.office;
        let keys = office.file(OLD, "outbox/keys");
        let folder = fs::read_dir(keys).unwrap().next().unwrap().unwrap().path();
        let id = folder.file_name().unwrap().to_str().unwrap().to_owned();
        fs::remove_file(folder.join(format!("{}.age", office.members[NEW].id))).unwrap();
        let mut readers = [office.members[OLD].id, office.members[REVIEWER].id];
        readers.sort_unstable();
        let (mut digests, mut puts) = (Vec::new(), Vec::new());
        for reader in readers {
            let envelope = fs::read(folder.join(format!("{reader}.age"))).unwrap();
            digests.push(EnvelopeDigest { reader, sha256: Digest::of(&envelope) });
            puts.push(put(&format!("envelope/{id}/{reader}/casebook-key"), envelope));
        }
        let list = serde_json::to_vec(&digests).unwrap();
        puts.push(put(&format!("casebook-key/{id}"), list));
        let item = FeedItem {
            kind: FeedKind::CasebookKey,
            id,
            salt: HEXLOWER.encode(&noise(32)),
            content: key_content(&digests),
            week: None,
            epoch: 1,
            parts: Vec::new(),
        };
        commit(&*office.store, &item, puts).await;
        item.id.parse().unwrap()
    }

    /// The next keyring is published without one of the members.
    pub(crate) fn retire(&self, member: usize) {
        let mut next = self.office.next_keyring();
        let gone = self.office.members[member].id;
        next.readers.retain(|reader| reader.id != gone);
        let stay = self.office.members.iter().filter(|m| m.id != gone);
        self.office.publish(&next, &stay.map(|m| &m.public).collect::<Vec<_>>());
    }

    /// A batch with one envelope, signed by a key that need not be the signer's.
    pub(crate) fn batch(&self, made: Place, (by, key): (ReaderId, &SigningKey)) -> Vec<u8> {
        let published = self.office.published().borrow().clone();
        let sealed = b"age-encryption.org/v1\nforged".to_vec();
        let batch = Batch {
            organisation: self.office.keyring.organisation.clone(),
            keyring: published.chain.current_digest(),
            by,
            made: vec![Made { place: made, sha256: Digest::of(&sealed) }],
            broken: Vec::new(),
        };
        let signed = SignedBatch::sign(batch, key).unwrap();
        BatchFile::new(signed, vec![sealed]).unwrap().to_bytes().unwrap()
    }
}

pub(crate) fn put(key: &str, value: Vec<u8>) -> Put {
    Put { key: key.as_bytes().to_vec(), value, expect: Expect::Absent }
}

/// What was told, and the names.
fn told(id: TestimonyId) -> (Account, Identity) {
    let mut form = Form::new(Lang::Ru);
    form.put("story", "They came at four in the morning.").unwrap();
    form.into_parts(id, Channel::WebServerSealed, Digest::of(b"text")).unwrap()
}
