//! Entries of reviewers: of one form, and added up the same whatever order they are found in.

use std::sync::LazyLock;

use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use sandyk::{
    casebook::{
        Casebook, CasebookKey, Draft, Entry, Found, Head, Op, Position, Roster, Signer, Tag,
        TargetId,
    },
    id::{CaseId, TestimonyId},
    sealed::seal_to,
};

use super::stage::{ORGANISATION, STAGE};

/// Entries that one run makes at most.
const MOST: usize = 24;

static KEY: LazyLock<CasebookKey> = LazyLock::new(|| {
    let made = CasebookKey::make(
        &signer(0),
        (sandyk::recipient::Kind::PostQuantum, 1),
        &mut ChaCha20Rng::seed_from_u64(3),
    );
    made.ok().unwrap().0
});

pub(crate) fn run(input: &[u8]) -> bool {
    match input.split_first() {
        Some((b'{', _)) => {
            let (act, entry) = (body(input), opened(input));
            act || entry
        }
        Some((_, acts)) => folded(acts),
        None => false,
    }
}

fn signer(reader: usize) -> Signer<'static> {
    let stage = &*STAGE;
    let reader = reader % stage.signing.len();
    Signer {
        organisation: ORGANISATION,
        keyring: stage.chain.current_digest(),
        by: stage.keyring.readers[reader].id,
        key: &stage.signing[reader],
    }
}

fn body(input: &[u8]) -> bool {
    let Some(op) = str::from_utf8(input).ok().and_then(Op::parse) else { return false };
    let written = op.to_body().unwrap();
    assert!(Op::parse(&written).is_some_and(|again| again == op));
    true
}

/// A colleague's program seals whatever it likes to the casebook key.
fn opened(input: &[u8]) -> bool {
    let mut plain = input.to_vec();
    plain.resize(plain.len().next_multiple_of(1024), b' ');
    let sealed = seal_to(std::slice::from_ref(&KEY.recipient()), &plain).unwrap();
    let Ok(entry) = Entry::open(&sealed, std::slice::from_ref(&*KEY)) else { return false };
    let place = |entry| Found { position: Position::Feed(1), epoch: 1, entry: Ok(entry) };
    let (book, proven) = Casebook::fold(vec![place(entry)], &Roster::of(&STAGE.chain));
    assert_eq!(proven.len() + book.faults.len(), 1, "it counts, or it is named");
    true
}

fn folded(acts: &[u8]) -> bool {
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let mut heads = [Head::default(); 2];
    let mut feed: Vec<Entry> = Vec::new();
    for chunk in acts.chunks_exact(3).take(MOST) {
        let [what, who, which] = *chunk else { continue };
        let by = usize::from(who % 2);
        match what % 10 {
            8 if !feed.is_empty() => feed.push(feed[usize::from(which) % feed.len()].clone()),
            9 if !feed.is_empty() => drop(feed.remove(usize::from(which) % feed.len())),
            kind => {
                let day = "2026-11-22".parse().unwrap();
                let op = act(kind, which);
                let draft = Draft { op: &op, after: heads[by], day };
                let entry = Entry::sign(&signer(by), &draft, &mut rng).unwrap();
                // Now and then an entry goes on from an older one: two branches.
                if who & 4 == 0 {
                    heads[by] = entry.head();
                }
                feed.push(entry);
            }
        }
    }
    let found = |(n, entry): (usize, &Entry)| Found {
        position: Position::Feed(u64::try_from(n).unwrap() + 1),
        epoch: 1,
        entry: Ok(entry.clone()),
    };
    let roster = Roster::of(&STAGE.chain);
    let (one, proven) = Casebook::fold(feed.iter().enumerate().map(found).collect(), &roster);
    let (two, _) = Casebook::fold(feed.iter().enumerate().rev().map(found).collect(), &roster);
    assert!(one == two, "the order in which files are found decides nothing");
    assert!(proven.len() + one.faults.len() >= feed.len(), "what does not count is named");
    assert_eq!(one.entries, proven.len());
    !proven.is_empty()
}

fn act(kind: u8, which: u8) -> Op {
    let case = CaseId::from_bytes([which % 2; 16]);
    let testimony = TestimonyId::from_bytes([which % 3; 16]);
    let target = TargetId::from_bytes([which % 3; 16]);
    match kind % 6 {
        0 => Op::OpenCase { case, title: format!("case {which}") },
        1 => Op::LinkTestimony { case, testimony, note: None },
        2 => Op::UnlinkTestimony { case, testimony, why: "why".into() },
        3 => Op::Tag { target, code: Tag::parse("torture").unwrap(), remove: which % 2 == 1 },
        4 => Op::Remark { target, text: format!("remark {which}") },
        _ => Op::Opened { testimony },
    }
}
