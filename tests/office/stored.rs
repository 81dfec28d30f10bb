//! What lies in the store of the office, and in the folders of its members.

use super::*;

pub(crate) async fn put_testimony(
    store: &impl Store,
    members: &[Member],
    exhibits: usize,
    account: usize,
) -> (TestimonyId, Vec<u8>) {
    let id = TestimonyId::random(&mut OsRng);
    let mut parts = Vec::new();
    let mut last = Vec::new();
    for (name, bytes) in
        [("cover", 4096), ("account", account), ("identity", 2048), ("exhibits", exhibits)]
    {
        last = noise(bytes);
        let mut writer = store.blob().unwrap();
        writer.write_all(&last).unwrap();
        let blob = writer.finish().unwrap();
        let (name, sha256) = (name.to_owned(), Digest::of(&last));
        parts.push(PartInfo { name, bytes: bytes as u64, sha256, blob });
    }
    let item = FeedItem {
        kind: FeedKind::Testimony,
        id: id.to_string(),
        salt: HEXLOWER.encode(&noise(32)),
        content: parts[0].sha256,
        week: Some("2026-W47".parse().unwrap()),
        epoch: 1,
        parts,
    };
    let puts = members.iter().flat_map(|member| {
        let put = |part: &str| Put {
            key: format!("envelope/{id}/{}/{part}", member.id).into_bytes(),
            value: format!("{part} for {}", member.id).into_bytes(),
            expect: Expect::Absent,
        };
        match member.role {
            Role::Reviewer => vec![put("account")],
            Role::Guardian => vec![put("account"), put("identity")],
        }
    });
    commit(store, &item, puts.collect()).await;
    (id, last)
}

/// Something like the envelope of a casebook key.
pub(crate) fn key_for(reader: ReaderId) -> Vec<u8> {
    format!("age-encryption.org/v1\nkey for {reader}").into_bytes()
}

pub(crate) fn noise(bytes: usize) -> Vec<u8> {
    let mut all = vec![0; bytes];
    OsRng.fill_bytes(&mut all);
    all
}

pub(crate) fn write(path: &std::path::Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    sandyk::files::save(
        path,
        bytes,
        sandyk::files::Audience::Owner,
        sandyk::files::Existing::Replace,
    )
    .unwrap();
}
