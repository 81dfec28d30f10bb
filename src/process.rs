//! What this process asks of the machine before it starts a thread or touches a secret.
//!
//! Promises: 1. no core dump is ever written, and no other process of this account may look into this
//! one's memory; 2. memory is kept out of swap where the system allows it; 3. what could not be had is
//! returned, never passed over in silence; 4. a panic says where it was, never what was in hand; 5. no
//! file that a server makes can be read by others, whatever the folder allows.
//! Spec: `docs/threat-model.md`, T7.

use std::{
    io::{self, Write as _},
    panic::{self, PanicHookInfo},
};

use rustix::{
    fs::Mode,
    mm::{MlockAllFlags, mlockall},
    process::{
        DumpableBehavior, Resource, Rlimit, Signal, getppid, getrlimit, set_dumpable_behavior,
        set_parent_process_death_signal, setrlimit, umask,
    },
};

/// A protection that this machine did not give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    /// Core dumps could not be switched off.
    #[error("core dumps could not be switched off: a crash could write secrets to disk")]
    CoreDumps,
    /// Other processes of this account may read this one's memory.
    #[error("this process could not be made undumpable: others of this account can look into it")]
    Dumpable,
    /// Memory may be written to swap.
    #[error("memory could not be locked (raise the memlock limit); it may be written to swap")]
    Swappable,
}

/// Switches off core dumps and foreign looks, for every process that holds secrets.
#[must_use]
pub fn harden() -> Vec<Weakness> {
    let mut weak = Vec::new();
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    if setrlimit(Resource::Core, none).is_err() {
        weak.push(Weakness::CoreDumps);
    }
    if set_dumpable_behavior(DumpableBehavior::NotDumpable).is_err() {
        weak.push(Weakness::Dumpable);
    }
    weak
}

/// From now on this process is told to end (SIGTERM) when `parent` ends, however it ends.
///
/// It must be called by the first thread, and `parent` must have started this process from a thread
/// that lives as long as it does.
///
/// # Errors
/// `parent` is not the parent, or no longer; or the system does not do it.
pub fn end_with(parent: i32) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::TERM))?;
    // asked after the signal is set: whoever died before that would never be noticed
    if getppid().is_some_and(|found| found.as_raw_nonzero().get() == parent) {
        return Ok(());
    }
    Err(io::ErrorKind::NotFound.into())
}

/// From now on, files and folders are made for this account alone, unless they are opened on purpose.
pub fn keep_files_private() {
    umask(Mode::RWXG | Mode::RWXO);
}

/// From now on a panic is told by its place in the source: its text may hold what a witness typed.
pub fn hush_panics() {
    panic::set_hook(Box::new(|panic| {
        // Where nobody hears it, nothing can be done about it.
        let _ = io::stderr().write_all(place_of(panic).as_bytes());
    }));
}

fn place_of(panic: &PanicHookInfo<'_>) -> String {
    match panic.location() {
        Some(at) => format!("warning: a defect at {}:{}; please report it\n", at.file(), at.line()),
        None => "warning: a defect at an unknown place; please report it\n".to_owned(),
    }
}

/// Keeps all memory, now and later, out of swap; pages are locked as they are first touched.
///
/// # Errors
/// [`Weakness::Swappable`] where the system's limit is not unlimited and cannot be made so: under a
/// finite limit a later allocation would fail, and a server that dies loses more than it protects.
pub fn lock_memory() -> Result<(), Weakness> {
    let unlimited = Rlimit { current: None, maximum: None };
    let raised = getrlimit(Resource::Memlock).current.is_none()
        || setrlimit(Resource::Memlock, unlimited).is_ok();
    if !raised {
        return Err(Weakness::Swappable);
    }
    let flags = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT;
    mlockall(flags).map_err(|_| Weakness::Swappable)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use rustix::process::dumpable_behavior;

    use super::*;

    #[test]
    fn a_panic_says_where_it_was_and_not_what_was_in_hand() {
        static SAID: Mutex<String> = Mutex::new(String::new());
        let before = panic::take_hook();
        panic::set_hook(Box::new(|panic| SAID.lock().unwrap().push_str(&place_of(panic))));
        let story = "a story".to_owned();
        let caught = std::thread::spawn(move || story.parse::<u8>().expect(&story)).join();
        panic::set_hook(before);
        assert!(caught.is_err());
        let said = SAID.lock().unwrap();
        assert!(said.contains("process.rs:") && !said.contains("story"), "{said}");
    }

    #[test]
    fn a_hardened_process_dumps_nothing() {
        assert_eq!(harden(), []);
        assert_eq!(getrlimit(Resource::Core).current, Some(0));
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    }
}
