use std::{
    path::Path,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use age_core::primitives::bech32_encode;
use bech32::Hrp;

use super::{
    plugin::{Lost, PATIENCE, Plugin, PluginIdentity, Voice},
    unwrap::ReadingKey,
    *,
};
use crate::{
    sealed::{
        open::{OpenError, open_with},
        seal_to,
    },
    secret::SecretText,
};

const TAG: &str = "age1tag1qt8lw0ual6avlwmwatk888yqnmdamm7xfd0wak53ut6elz5c4swx2yqdj4e";

/// What a plugin made a person hear, and how long that person takes to answer.
#[derive(Clone, Default)]
struct Ears {
    said: Arc<Mutex<Vec<String>>>,
    lost: Arc<Mutex<Vec<Lost>>>,
    slow: Duration,
}

impl Voice for Ears {
    fn say(&self, words: &str) {
        self.said.lock().unwrap().push(words.to_owned());
    }

    fn ask(&self, _: &str) -> Option<SecretText> {
        thread::sleep(self.slow);
        Some(SecretText::new("1234".to_owned()))
    }

    fn lost(&self, how: Lost) {
        self.lost.lock().unwrap().push(how);
    }
}

/// A key on a device whose plugin is one of `tests/plugins`.
fn key(plugin: &str, ears: &Ears, patience: Duration) -> ReadingKey {
    let identity = bech32_encode(Hrp::parse_unchecked("age-plugin-rehearsal-"), &[7; 33]);
    let identity = PluginIdentity::parse(&identity.to_uppercase()).unwrap();
    let mut key = ReadingKey::on_device(Recipient::parse(TAG).unwrap(), identity).unwrap();
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plugins").join(plugin);
    key.plug(Plugin::new(&program, Box::new(ears.clone())).waiting(patience));
    key
}

fn opened(key: &ReadingKey) -> (String, Duration) {
    let sealed = seal_to(&[Recipient::parse(TAG).unwrap()], b"words").unwrap();
    let began = Instant::now();
    let refused = open_with(key, &sealed, 16).unwrap_err();
    // Anything else would make a good envelope look broken.
    let kind = matches!(refused, OpenError::Io(_));
    (if kind { refused.to_string() } else { format!("{refused:?}") }, began.elapsed())
}

#[test]
fn a_plugin_that_hangs_is_ended_in_time_and_not_started_again() {
    let ears = Ears::default();
    let key = key("silent", &ears, Duration::from_millis(700));
    let (why, after) = opened(&key);
    assert!(why.contains("did not answer in time"), "{why}");
    assert!(after >= Duration::from_millis(700) && after < Duration::from_secs(20), "{after:?}");
    let said = ears.said.lock().unwrap().clone();
    let [one] = said.as_slice() else { panic!("{said:?}") };
    let pid = one.strip_prefix("pid ").unwrap();
    let runs = || {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        status.lines().any(|line| line.starts_with("State:") && !line.contains("zombie"))
    };
    for _ in 0..200 {
        if runs() {
            thread::sleep(Duration::from_millis(10));
        }
    }
    assert!(!runs(), "it was not ended");
    let (why, after) = opened(&key);
    assert!(why.contains("given up") && after < Duration::from_millis(500), "{why} {after:?}");
    assert_eq!((ears.lost.lock().unwrap().clone(), said.len()), (vec![Lost::Silent], 1), "once");
}

#[test]
fn a_plugin_that_dies_is_said_to_have_died_and_makes_nothing_look_broken() {
    let ears = Ears::default();
    let key = key("dying", &ears, PATIENCE);
    for _ in 0..2 {
        let (why, _) = opened(&key);
        assert!(why.contains("ended before it had answered"), "{why}");
    }
    assert_eq!(*ears.lost.lock().unwrap(), [Lost::Ended], "said once");
}

#[test]
fn however_long_a_person_takes_to_type_a_pin_nothing_is_ended() {
    let patience = Duration::from_millis(1500);
    let ears = Ears { slow: patience * 2, ..Ears::default() };
    let (why, after) = opened(&key("asking", &ears, patience));
    assert_eq!(why, "NotForThisKey", "the plugin was heard to its end");
    assert!(after > patience && ears.lost.lock().unwrap().is_empty());
}
