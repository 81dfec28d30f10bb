//! `Debug` that tells sizes only: keys and values never reach a log or a panic's text.

use std::fmt;

use crate::store::{Commit, Event, NewEvent, Put, Versioned};

impl fmt::Debug for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id: _, puts, deletes, attach, event } = self;
        f.debug_struct("Commit")
            .field("puts", &puts.len())
            .field("deletes", &deletes.len())
            .field("attach", &attach.len())
            .field("event", &event.is_some())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Put {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key: _, value, expect } = self;
        let bytes = value.len();
        f.debug_struct("Put").field("bytes", &bytes).field("expect", expect).finish_non_exhaustive()
    }
}

impl fmt::Debug for NewEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { leaf: _, payload } = self;
        f.debug_struct("NewEvent").field("bytes", &payload.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cursor, leaf: _, payload } = self;
        let bytes = payload.len();
        f.debug_struct("Event")
            .field("cursor", cursor)
            .field("bytes", &bytes)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Versioned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version, value } = self;
        let bytes = value.len();
        f.debug_struct("Versioned")
            .field("version", version)
            .field("bytes", &bytes)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Expect, StoreError};

    #[test]
    fn keys_and_values_are_not_shown() {
        let put = Put { key: b"MARK".to_vec(), value: b"MARK".to_vec(), expect: Expect::Any };
        let commit = Commit { puts: vec![put.clone()], ..Commit::default() };
        let record = Versioned { version: 1, value: b"MARK".to_vec() };
        let shown = format!("{put:?}{commit:?}{record:?}{:?}", StoreError::Unexpected { put: 0 });
        assert!(!shown.contains("MARK") && !shown.contains("77, 65"), "{shown}");
    }
}
