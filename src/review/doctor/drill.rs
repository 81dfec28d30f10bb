//! A reader's laptop or the reader was taken: what would be left to the others, and what people must do.

use std::path::Path;

use super::Belongings;
use crate::{
    clock::Clock,
    doctor,
    finding::{Finding, gist},
    keyring::{Keyring, Role},
    review::{
        recovery::{PLAN, Plan},
        workspace::{Workspace, WorkspaceError},
    },
};

/// Rehearses the loss of this reader; opens nothing and writes nothing.
///
/// # Errors
/// [`WorkspaceError::NotAWorkspace`].
pub fn drill(
    reader: &Belongings<'_>,
    recovery: Option<&Path>,
    clock: &impl Clock,
) -> Result<Vec<Finding>, WorkspaceError> {
    let about = Workspace::open(reader.workspace)?;
    let mut steps = vec![doctor::last_sync(reader.workspace, clock)];
    match doctor::keyring_of(reader.workspace, &reader.keys.join("roots.txt")) {
        Err(finding) => steps.push(*finding),
        Ok(published) => steps.push(who_goes_on(&about, published.chain.current().get())),
    }
    steps.push(keys_come_back(recovery));
    steps.extend(by_people());
    Ok(steps)
}

/// Who could open for newcomers what this reader could open.
fn who_goes_on(about: &Workspace, keyring: &Keyring) -> Finding {
    let guards = keyring.reader(about.reader()).is_some_and(|own| own.role == Role::Guardian);
    let others = keyring.readers.iter().filter(|other| other.id != about.reader());
    let able = others.filter(|other| !guards || other.role == Role::Guardian).count();
    if able > 0 {
        return Finding::good(
            "drill-somebody-goes-on",
            format!("{able} others open what you open"),
        );
    }
    Finding::now("drill-nobody-goes-on").says(
        "nobody else opens everything that you open",
        "if you and your keys are gone, part of it is lost for good",
        "ask the administrators for a second guardian, or a second reader, now",
    )
}

/// Whether holders could bring these keys back.
fn keys_come_back(recovery: Option<&Path>) -> Finding {
    let make = "`sandyk review recover make`, give each holder their file, then `recover rehearse`";
    let why = "if this machine is taken, only what others can open is left";
    let Some(folder) = recovery else {
        return Finding::soon("drill-no-recovery").says(
            "no recovery of your keys was named",
            why,
            format!("name its folder with --recovery, or make one: {make}"),
        );
    };
    let plan = match Plan::load(&folder.join(PLAN)) {
        Ok(plan) => plan,
        Err(error) => {
            let said = format!("{} holds no recovery: {}", folder.display(), gist(&error));
            let finding = Finding::now("drill-recovery-fails").with("folder", folder.display());
            return finding.because(error).says(said, why, make);
        }
    };
    let sets = plan.sets();
    let gone = sets.iter().filter(|set| !folder.join(Plan::file_name(set)).is_file()).count();
    if gone > 0 {
        let finding = Finding::soon("drill-recovery-lacks").with("folder", folder.display());
        return finding.count("count", gone).says(
            format!("{gone} files of the recovery in {} are missing", folder.display()),
            "some of the holders could come together and still not open it",
            make,
        );
    }
    let about = format!("any {} of the holders, {} files", plan.needed(), sets.len());
    Finding::good("drill-recovery", about)
}

/// What no program can try.
fn by_people() -> Vec<Finding> {
    vec![
        Finding::ask("ask-first-call").says(
            "without this machine, say whom you call first, and the number",
            "from that call on the administrators suspend your machine at the desk",
            "learn one number by heart; `sandyk admin suspend` takes effect at the next request",
        ),
        Finding::ask("ask-retire-and-rewrap").says(
            "let a colleague say what they would do: your keys retired, a new keyring, rewrap",
            "until then whoever has your keys and passphrase opens what comes",
            "walk through docs/ceremony.md together",
        ),
        Finding::ask("ask-leave").says(
            "say when you would run `sandyk review leave`, and who takes you in again",
            "before a border or a summons it is too late to look it up",
            "read the page about leaving in docs/guide",
        ),
    ]
}
