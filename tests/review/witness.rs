//! A witness who comes back: what the pages make of what is sent with a receipt.

use std::cell::Cell;

use data_encoding::BASE64;
use ed25519_dalek::SigningKey;
use sandyk::{
    digest::Digest,
    hybrid::HybridIdentity,
    id::TestimonyId,
    testimony::{Code, Kind, Pressure, Tri},
};

use crate::room::{Room, Sent};

/// What a receipt leads to.
pub struct Witness {
    pub reply: HybridIdentity,
    pub signing: SigningKey,
    pub mailbox: Digest,
    /// What came last to the mailbox, which an honest intake writes down.
    pub last: Cell<Option<TestimonyId>>,
}

/// One thing that a witness sends.
#[derive(Clone, Copy)]
pub struct Letter<'a> {
    pub kind: Kind,
    pub continues: Option<TestimonyId>,
    /// What it names as the one directly before.
    pub after: Option<TestimonyId>,
    /// Whose key signs it; `None`: nobody's.
    pub signed_by: Option<&'a SigningKey>,
    pub uses: &'a [&'a str],
    /// Whether the page asks for consent.
    pub asked: bool,
    pub freely: Option<Tri>,
    pub files: &'a [(&'a str, &'a [u8])],
}

impl Witness {
    pub fn new(room: &mut Room, name: &str) -> Self {
        Self {
            reply: HybridIdentity::generate(&mut room.rng),
            signing: SigningKey::generate(&mut room.rng),
            mailbox: Digest::of(name.as_bytes()),
            last: Cell::new(None),
        }
    }

    /// The first testimony, agreed to these uses.
    pub fn tells(&self, room: &mut Room, uses: &[&str]) -> TestimonyId {
        self.sends(room, &Letter { uses, ..self.letter(Kind::New, None) })
    }

    /// Something that continues `first`, signed as it should be.
    pub fn letter(&self, kind: Kind, continues: Option<TestimonyId>) -> Letter<'_> {
        let signed_by = continues.map(|_| &self.signing);
        let after = continues.and(self.last.get());
        let (uses, asked, freely, files) = (&[], true, None, &[]);
        Letter { kind, continues, after, signed_by, uses, asked, freely, files }
    }

    pub fn sends(&self, room: &mut Room, letter: &Letter<'_>) -> TestimonyId {
        let Letter { kind, continues, after, signed_by, uses, asked, freely, files } = *letter;
        let id = room.receive_as(
            &Sent { files, ..Sent::default() },
            |account| {
                account.triage.kind = kind;
                account.continues = continues;
                account.consent.uses = uses.iter().map(|used| Code::parse(used).unwrap()).collect();
                account.triage.may_use = uses.iter().any(|used| *used != "keep");
                account.consent.ask_first = false;
                if !asked {
                    account.consent.text = Digest::NONE;
                }
                account.pressure = freely.map(|freely| Pressure { freely, words: None });
            },
            |cover| {
                cover.lookup = self.mailbox;
                cover.reply = self.reply.recipient().to_string();
                cover.witness = BASE64.encode(self.signing.verifying_key().as_bytes());
                cover.kind = kind;
                cover.continues = continues;
                cover.after = after;
                if let Some(key) = signed_by {
                    cover.sign(key);
                }
            },
        );
        if continues.is_none() || signed_by == Some(&self.signing) {
            self.last.set(Some(id));
        }
        id
    }
}
