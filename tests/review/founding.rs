//! How the room is founded, and what witnesses say in it.

use super::*;

pub(super) fn join(folder: &Path, n: usize, role: Role, trust: &TrustRoot) -> ReaderPub {
    let invitation = Invitation {
        trust: trust.clone(),
        desk_address: String::new(),
        intake_address: String::new(),
        role,
        kind: sandyk::recipient::Kind::PostQuantum,
        notes: Vec::new(),
    };
    let file = folder.join(format!("invitation-{n}"));
    fs::write(&file, invitation.to_text()).unwrap();
    let keys = folder.join(format!("keys-{n}"));
    let output = Command::new(env!("CARGO_BIN_EXE_sandyk"))
        .args(["review", "init", "--work-factor", "1", "--invitation"])
        .arg(&file)
        .arg("--keys")
        .arg(&keys)
        .arg("--passphrase-file")
        .arg(folder.join("passphrase"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    ReaderPub::parse(&fs::read_to_string(keys.join("reader.pub")).unwrap()).unwrap()
}

pub(super) fn first_keyring(
    trust: &TrustRoot,
    readers: &[ReaderPub],
    roots: &[(KeyName, SigningKey)],
    days: i64,
) -> String {
    let reader = |r: &ReaderPub| Reader {
        id: r.id,
        role: r.role,
        recipient: r.recipient.clone(),
        signing: r.signing,
        since: 1,
    };
    let keyring = Keyring {
        organisation: trust.organisation.clone(),
        epoch: 1,
        previous: Digest::NONE,
        kind: sandyk::recipient::Kind::PostQuantum,
        salt: Salt([7; 32]),
        not_after: SystemClock.today().plus_days(days),
        threshold: trust.threshold,
        roots: trust.roots.clone(),
        readers: readers.iter().map(reader).collect(),
        vouches: Vec::new(),
    };
    let mut note = SignedNote::new(keyring.to_text()).unwrap();
    for (name, key) in roots.iter().take(2) {
        note.sign(name, key);
    }
    note.to_text()
}

pub(super) fn account(id: TestimonyId, sent: &Sent<'_>) -> Account {
    let mut account = json!({
        "schema": "testimony/1",
        "id": id,
        "triage": {
            "schema": "testimony/1", "kind": "new", "channel": "web-server-sealed",
            "lang": sent.lang, "risk": sent.risk, "role": "lived", "boxes": ["harm-torture"],
            "attachments": 0, "has_identity": sent.name.is_some(), "may_use": true,
        },
        "story": sent.story,
        "places": [{"words": "a street"}],
        "consent": {"uses": ["case"], "ask_first": true, "basis": "self",
            "text": Digest::of(b"page")},
    });
    if let Some(first) = sent.continues {
        account["continues"] = json!(first);
        account["triage"]["kind"] = json!("supplement");
    }
    serde_json::from_value(account).unwrap()
}

pub(super) fn identity(sent: &Sent<'_>) -> Identity {
    let mut identity = json!({"schema": "testimony/1"});
    if let Some(name) = sent.name {
        identity["submitter"] = json!({"name": name});
    }
    serde_json::from_value(identity).unwrap()
}
