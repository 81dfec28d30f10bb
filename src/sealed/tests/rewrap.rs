//! Sealing the keys of a testimony once more, for readers who lack them.

use crate::{
    keyring::testing::Rehearsal,
    sealed::open::{Colleagues, RewrapError},
};

use super::*;

/// Readers of the rehearsed keyring with their keys, in its order.
fn people(rehearsal: &mut Rehearsal) -> Vec<Person> {
    let identities = std::mem::take(&mut rehearsal.identities);
    let readers = rehearsal.keyring.readers.clone();
    let person = |(reader, identity)| Person { identity: ReadingIdentity::new(identity), reader };
    readers.into_iter().zip(identities).map(person).collect()
}

#[test]
fn a_testimony_sealed_before_five_rotations_still_opens() {
    let mut rehearsal = Rehearsal::new(&[Role::Guardian; 6]);
    let people = people(&mut rehearsal);
    let mut testimony = whole(1, &[&people[0]], &[("a.txt", "text/plain", b"a")]);
    let sealed = testimony.envelopes.remove(0);
    let (mut account, mut identity) = (sealed.account, sealed.identity.unwrap());
    let mut chain = rehearsal.chain();
    for (n, person) in people.iter().enumerate().take(5) {
        // Whoever sealed it is retired; only the next one gets the key, from the last one.
        let mut next = Rehearsal::next(&chain);
        next.readers.retain(|reader| reader.id != person.reader.id);
        chain = chain.extend(&rehearsal.sign(next.to_text(), &[0, 1]).to_text()).unwrap();
        let ids = [people[n + 1].reader.id, person.reader.id];
        let colleagues = Colleagues::of(chain.current());
        let lacking = colleagues.lacking(&ids);
        assert_eq!(lacking.readers().count(), 1, "who is gone gets nothing");
        let cover = (&testimony.cover, testimony.id);
        let mut new = person.identity.rewrap_account(&account, cover, &lacking).unwrap();
        account = new.remove(0).envelope;
        let mut new =
            person.identity.rewrap_identity(&identity, &testimony.identity, &lacking).unwrap();
        identity = new.remove(0).envelope;
        assert!(person.identity.open_account_envelope(&account).is_err(), "it is the other's");
    }
    let last = &people[5].identity;
    let key = last.open_account_envelope(&account).unwrap();
    let cover = key.open_cover(&testimony.cover, testimony.id).unwrap();
    let said = cover.open_account(&key, &testimony.account).unwrap();
    assert!(said.id == testimony.id);
    let names = last.open_identity_envelope(&identity).unwrap();
    assert!(cover.open_identity(&names, &testimony.identity).is_ok());
}

#[test]
fn only_readers_of_the_keyring_are_sealed_to_and_names_only_to_guardians() {
    let mut rehearsal = Rehearsal::new(&[Role::Guardian, Role::Reviewer, Role::Guardian]);
    let people = people(&mut rehearsal);
    let testimony = whole(2, &[&people[0]], &[]);
    let stranger = ReaderId::from_bytes([9; 16]);
    let chain = rehearsal.chain();
    let all: Vec<_> = people.iter().skip(1).map(|p| p.reader.id).chain([stranger]).collect();
    let colleagues = Colleagues::of(chain.current());
    let lacking = colleagues.lacking(&all);
    let own = testimony.envelopes.first().unwrap();
    let cover = (&testimony.cover, testimony.id);
    let new = people[0].identity.rewrap_account(&own.account, cover, &lacking).unwrap();
    assert_eq!(new.iter().map(|n| n.reader).collect::<Vec<_>>(), all[..2]);
    let names = own.identity.as_ref().unwrap();
    let new = people[0].identity.rewrap_identity(names, &testimony.identity, &lacking).unwrap();
    assert_eq!(new.iter().map(|n| n.reader).collect::<Vec<_>>(), all[1..2], "guardians alone");
    assert!(people[2].identity.open_identity_envelope(&new[0].envelope).is_ok());
}

#[test]
fn a_false_envelope_is_passed_on_to_nobody() {
    let mut rehearsal = Rehearsal::new(&[Role::Guardian, Role::Guardian]);
    let people = people(&mut rehearsal);
    let testimony = whole(3, &[&people[0]], &[]);
    let other = whole(4, &[&people[0]], &[]);
    let chain = rehearsal.chain();
    let colleagues = Colleagues::of(chain.current());
    let lacking = colleagues.lacking(&[people[1].reader.id]);
    let (reader, false_one) = (&people[0].identity, &other.envelopes[0]);
    let cover = (&testimony.cover, testimony.id);
    let refused = reader.rewrap_account(&false_one.account, cover, &lacking);
    assert!(matches!(refused.err(), Some(RewrapError::OtherKey(_))));
    let names = false_one.identity.as_ref().unwrap();
    let refused = reader.rewrap_identity(names, &testimony.identity, &lacking);
    assert!(matches!(refused.err(), Some(RewrapError::OtherKey(_))));
    let refused = people[1].identity.rewrap_account(&false_one.account, cover, &lacking);
    assert!(matches!(refused.err(), Some(RewrapError::Envelope(_))));
}
