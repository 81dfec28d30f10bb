//! The outbox and the small answers of the desk: read whole or refused, never half.

use sandyk::wire::{
    EnvelopeDigest, Fault, Head, key_content,
    outbox::{Answer, BODY, MAX_REPLY, MAX_THINGS, Outbox},
};

pub(crate) fn run(input: &[u8]) -> bool {
    if let Ok(answer) = serde_json::from_slice::<Answer>(input) {
        assert!(answer.accepted.len() <= input.len() && answer.refused.len() <= input.len());
    }
    let _ = serde_json::from_slice::<Fault>(input);
    let _ = serde_json::from_slice::<Head>(input);
    if let Ok(list) = serde_json::from_slice::<Vec<EnvelopeDigest>>(input) {
        assert_eq!(key_content(&list), key_content(&list.clone()));
    }
    assert!(input.len() == BODY || Outbox::parse(input).is_err(), "an outbox has one size");
    let mut body = input.to_vec();
    body.resize(BODY, b' ');
    let Ok(outbox) = Outbox::parse(&body) else { return false };
    let things =
        [outbox.entries.len(), outbox.keys.len(), outbox.forget.len(), outbox.replies.len()];
    assert!(things.iter().sum::<usize>() <= MAX_THINGS);
    assert!(outbox.replies.iter().all(|reply| reply.sealed.0.len() <= MAX_REPLY));
    assert!(outbox.used() <= BODY);
    let again = outbox.to_body().unwrap();
    assert_eq!(again.len(), BODY);
    assert!(Outbox::parse(&again).unwrap() == outbox);
    true
}
