//! The container of exhibits under a cover that names it: exactly what was put in, or an error.

use std::{
    io::{Cursor, Write},
    sync::LazyLock,
};

use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use sandyk::{
    digest::Digest,
    hybrid::{HybridIdentity, HybridRecipient},
    id::TestimonyId,
    padding::padme,
    sealed::{
        Cover, EXHIBITS_MIN, Sealed, TestimonyKeys, TestimonyRecipients,
        open::{AccountKey, ReadingIdentity},
        seal_to,
    },
    testimony::{Channel, Kind},
};

use super::stage::STAGE;

/// The keys of one testimony: the recipients to seal to, and the reviewers' key as a reader has it.
struct Keys {
    recipients: TestimonyRecipients,
    key: AccountKey,
    to: HybridRecipient,
}

static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let stage = &*STAGE;
    let made = TestimonyKeys::generate(
        sandyk::recipient::Kind::PostQuantum,
        &mut ChaCha20Rng::seed_from_u64(2),
    );
    let (recipients, envelopes) = made.into_envelopes(stage.chain.current()).unwrap();
    let identity = || HybridIdentity::parse(&stage.secrets[0]).unwrap();
    let key = ReadingIdentity::new(identity()).open_account_envelope(&envelopes[0].account);
    let inside =
        sandyk::sealed::open::open_with(&identity(), envelopes[0].account.as_bytes(), 4096);
    let inside = String::from_utf8(inside.ok().unwrap().to_vec()).unwrap();
    let to = HybridIdentity::parse(inside.trim_end()).unwrap().recipient();
    Keys { recipients, key: key.ok().unwrap(), to }
});

pub(crate) fn run(input: &[u8]) -> bool {
    let Some((&mode, input)) = input.split_first() else { return false };
    let mut container = input.to_vec();
    if mode & 1 == 1 {
        let size = padme(u64::try_from(input.len()).unwrap()).max(EXHIBITS_MIN);
        container.resize(usize::try_from(size).unwrap(), 0);
    }
    let sealed = if mode & 2 == 2 {
        container.clone()
    } else {
        seal_to(std::slice::from_ref(&KEYS.to), &container).unwrap()
    };
    let id = TestimonyId::from_bytes([3; 16]);
    let cover = cover(id, Digest::of(&sealed));
    let cover = KEYS.recipients.seal_cover(&cover).unwrap();
    let opened = KEYS.key.open_cover(&Sealed::from_bytes(cover.into_bytes()), id).ok().unwrap();
    let Ok(mut reader) = opened.open_exhibits(&KEYS.key, Cursor::new(&sealed)) else {
        return false;
    };
    let mut expected = 1_u16;
    let mut all = 0;
    loop {
        let mut out = Sink::default();
        match reader.next_into(|_| Ok(&mut out)) {
            Err(_) => {
                assert!(reader.next_into(|_| Ok(std::io::sink())).is_err(), "reading goes on");
                return false;
            }
            Ok(None) => return true,
            Ok(Some((number, about))) => {
                assert_eq!(number, expected);
                assert_eq!(about.bytes, u64::try_from(out.0.len()).unwrap());
                assert_eq!(about.sha256, Digest::of(&out.0));
                expected += 1;
                all += out.0.len();
                assert!(all <= container.len(), "more came out than went in");
            }
        }
    }
}

#[derive(Default)]
struct Sink(Vec<u8>);

impl Write for &mut Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn cover(id: TestimonyId, exhibits: Digest) -> Cover {
    Cover {
        schema: Cover::SCHEMA.into(),
        id,
        keyring: STAGE.chain.current_digest(),
        account: Digest::NONE,
        identity: Digest::NONE,
        exhibits,
        lookup: Digest::NONE,
        reply: STAGE.keyring.readers[0].recipient.to_string(),
        witness: data_encoding::BASE64.encode(&STAGE.signing[0].verifying_key().to_bytes()),
        kind: Kind::New,
        channel: Channel::WebServerSealed,
        continues: None,
        after: None,
        signature: None,
    }
}
