//! Rehearsals of what is no draft: a suspension, a manifest of the site, a root key.

use rand::rngs::OsRng;

use super::{begin, end};
use crate::{
    admin::{self, Ceremony, RootKey, Scratch},
    cli::{
        admin::{
            args::AdminCommand,
            manifest::{ManifestCommand, ManifestPublishArgs, ManifestSignArgs},
            refused,
            root::RootCommand,
            step,
            suspend::SuspendArgs,
        },
        exit::{CliError, Exit},
        out::Out,
        words::Words,
    },
    clock::{Clock as _, Day, SystemClock},
    keyring::KeyringError,
    note::KeyName,
};

/// The machine is looked up for real; a throw-away root shuts it out of a desk that nobody asks.
pub(super) fn suspend(args: &SuspendArgs, out: &mut Out) -> Result<Exit, CliError> {
    let scratch = Scratch::of(&args.folder).or_else(refused)?;
    begin(out);
    let ceremony = Ceremony::open(&scratch.path("ceremony")).or_else(refused)?;
    let found = admin::find_device(&ceremony, &args.to, &args.id).or_else(refused)?;
    scratch.suspend(&found.device, &mut OsRng).or_else(refused)?;
    out.tell(
        format!(
            "Machine {} was suspended by one throw-away root, and read back as a desk does.",
            found.device.id
        ),
        &Words::of("rehearsed-suspended").with("id", found.device.id),
    );
    end(out);
    Ok(Exit::Done)
}

/// The pages are drawn for real; throw-away roots sign what they make.
pub(super) fn manifest(
    command: ManifestCommand,
    today: Day,
    out: &mut Out,
) -> Result<Exit, CliError> {
    begin(out);
    let done = match command {
        ManifestCommand::Draft(mut args) => {
            let scratch = Scratch::new().or_else(refused)?;
            args.out = scratch.path("site.txt");
            step(AdminCommand::Manifest(ManifestCommand::Draft(args)), today, out)?
        }
        ManifestCommand::Sign(ManifestSignArgs { folder, manifest, .. }) => {
            let (manifest, _) = admin::read_site(&manifest).or_else(refused)?;
            let scratch = Scratch::of(&folder).or_else(refused)?;
            let names = scratch.sign_site(&manifest, &mut OsRng).or_else(refused)?.join(", ");
            out.tell(
                format!(
                    "Signed with throw-away roots by {names}, published, and read back as a server does."
                ),
                &Words::of("rehearsed-site").with("names", &names),
            );
            Exit::Done
        }
        ManifestCommand::Publish(ManifestPublishArgs { folder, manifest, to }) => {
            let scratch = Scratch::of(&folder).or_else(refused)?;
            let (folder, to) = (scratch.path("ceremony"), scratch.published(&to).or_else(refused)?);
            let args = ManifestPublishArgs { folder, manifest, to };
            step(AdminCommand::Manifest(ManifestCommand::Publish(args)), today, out)?
        }
    };
    end(out);
    Ok(done)
}

/// A key is made, printed and typed back, or the real page is tried; nothing of it stays.
pub(super) fn root(command: RootCommand, out: &mut Out) -> Result<Exit, CliError> {
    let scratch = Scratch::new().or_else(refused)?;
    begin(out);
    match command {
        RootCommand::Make(args) => {
            let name = KeyName::parse(&args.name).or_else(|e| refused(KeyringError::from(e)))?;
            let named = scratch.root(name, &mut OsRng).or_else(refused)?;
            out.line(format!("{}  {}", named.name.as_str(), named.fingerprint()))?;
            out.tell(
                "A root key of that name was made, printed, typed back and opened. It is gone again.",
                &Words::of("rehearsed-root"),
            );
        }
        RootCommand::Paper(args) => {
            let page = RootKey::page(&args.root).or_else(refused)?;
            admin::typed_back(&page).or_else(refused)?;
            out.tell(
                "The page was made and read back as if it had been typed: it is whole.",
                &Words::of("rehearsed-paper"),
            );
        }
        RootCommand::Restore(mut args) => {
            args.out = scratch.path("root.age");
            let command = AdminCommand::Root(RootCommand::Restore(args));
            step(command, SystemClock.today(), out)?;
        }
    }
    end(out);
    Ok(Exit::Done)
}
