//! Keyrings that follow the first one of v0: those that every version takes, and those that none does.

use sandyk::{
    id::DeviceId,
    keyring::{
        Chain, Keyring, KeyringError, Reader, ReaderPub, Role, SignedVouch, Suspension, TrustRoot,
    },
    note::SignedNote,
};
use serde_json::{Value, json};

use super::{SigningKey, forged::forged, put, reader, roots, text};

fn first() -> Chain {
    let trust = TrustRoot::parse(&text("readers/roots.txt")).unwrap();
    Chain::verify(&[text("readers/keyring-0001.note")], &trust).unwrap()
}

fn name(error: &KeyringError) -> String {
    format!("{error:?}").chars().take_while(char::is_ascii_alphanumeric).collect()
}

#[test]
fn what_may_follow_in_v0_follows_and_nothing_else_does() {
    let (chain, frozen) = (first(), text("readers/following.json"));
    let frozen: Value = serde_json::from_str(&frozen).unwrap();
    let all = frozen["second"].as_array().unwrap();
    assert!(all.len() > 20, "{}", all.len());
    for one in all {
        let found = chain.extend(one["note"].as_str().unwrap());
        let outcome = found.as_ref().map_or_else(name, |_| "accepted".to_owned());
        assert_eq!(one["outcome"], outcome.as_str());
    }
    let vouch = SignedVouch::parse(frozen["vouch"].as_str().unwrap()).unwrap();
    assert_eq!(vouch.verify(&chain), Ok(()));
    let suspension = SignedNote::parse(frozen["suspension"].as_str().unwrap()).unwrap();
    let suspension = Suspension::verify(&suspension, &chain).unwrap();
    assert_eq!(suspension.get().device, DeviceId::from_bytes([11; 16]));
}

#[test]
#[ignore = "makes the frozen file, once"]
fn make_following() {
    let (chain, roots) = (first(), roots());
    let sign =
        |note: &mut SignedNote, n: usize| note.sign(&roots.0[n - 1].0.name, &roots.0[n - 1].1);
    let known = chain.current().get();
    let renewal = Keyring {
        epoch: 2,
        previous: chain.current_digest(),
        not_after: known.not_after.plus_days(180),
        ..known.clone()
    };
    let signing = SigningKey::from_bytes(&[4; 32]).verifying_key();
    let id = sandyk::id::ReaderId::from_bytes([4; 16]);
    let recipient = forged_recipient();
    let new = ReaderPub { id, role: Role::Reviewer, recipient, signing };
    let by = |n: u8| {
        let voucher = reader(n, Role::Reviewer, "reviewer.txt").id;
        SignedVouch::sign(&chain, &new, voucher, &SigningKey::from_bytes(&[n; 32])).unwrap()
    };
    let mut joined = renewal.clone();
    let ReaderPub { id, role, recipient, signing } = new.clone();
    joined.readers.push(Reader { id, role, recipient, signing, since: 2 });
    joined.vouches = vec![by(1).line(), by(2).line()];
    let mut smaller = renewal.clone();
    smaller.readers.remove(0);
    let mut second: Vec<Value> = [renewal, joined, smaller]
        .map(|k| json!({"outcome": "accepted", "note": roots.sign(k.to_text(), 2)}))
        .into();
    let hostile = forged(&chain, &sign).into_iter();
    second.extend(hostile.map(|(why, note)| json!({"outcome": why, "note": note})));
    let suspension = Suspension::of(&chain, DeviceId::from_bytes([11; 16])).to_text();
    let all = json!({"second": second, "vouch": by(1).to_text(),
        "suspension": roots.sign(suspension, 1)});
    put("following.json", serde_json::to_string_pretty(&all).unwrap().as_bytes());
}

fn forged_recipient() -> sandyk::recipient::Recipient {
    use rand::SeedableRng as _;
    let rng = &mut rand_chacha::ChaCha20Rng::seed_from_u64(4);
    sandyk::hybrid::HybridIdentity::generate(rng).recipient().into()
}
