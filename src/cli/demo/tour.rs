//! The tour itself, in the order in which an organisation would do it.

use std::path::Path;

use super::{
    super::{
        exit::{CliError, Exit},
        out::Out,
    },
    DemoArgs, cast,
    send::Browser,
    stage::{Stage, arg, quoted},
};
use crate::files::{self, Audience, Existing};

/// Readers of the demo: name of the folder, role.
const READERS: [(&str, &str); 3] =
    [("reviewer-1", "reviewer"), ("reviewer-2", "reviewer"), ("guardian", "guardian")];
/// Root keys of the demo.
const ROOTS: [&str; 3] = ["root-1", "root-2", "root-3"];
/// The folder that the administrators pass around.
const CEREMONY: &str = "administrators/ceremony";
/// Light passphrase hashing: the demo's passphrases lie beside it anyway.
const WORK: &str = "12";
/// Where a reader's commands find workspace, keys and passphrase.
const SETTINGS: &str = "reviewer.toml";

/// Walks all the way through, then stays up or ends.
pub(super) fn walk(folder: &Path, args: &DemoArgs, out: &mut Out) -> Result<Exit, CliError> {
    let stage = Stage::new(folder)?;
    let place = arg(folder)?;
    out.say(format!("Everything is made in {place} and nowhere else."));
    out.say("All people, places and events are invented; the keys and the sealing are real.");
    out.say(
        "Each line behind $ is a command that is run here. What spares typing passphrases in a demo \
         is left out of it.",
    );
    ceremony(folder, args, &stage, out)?;

    out.say("\n4. The server opens the form. It can seal testimony, and it cannot open it.");
    let mut server = stage.serve(out, "serve --config server/server.toml --allow-swap")?;
    let site = format!("http://{}", args.intake);
    let browser = Browser::new(site.clone())?;
    let mut tongues = Vec::new();
    for told in cast::TOLD {
        browser.tell(told)?;
        tongues.push(told.tag);
    }
    let count = tongues.len();
    out.say(format!("   {count} witnesses sent the form, in {}.", tongues.join(", ")));
    review(&stage, out)?;
    if args.once {
        out.say(format!("\nThe tour is over. Everything is in {place}"));
        out.say("Remove the folder when you are done.");
        return Ok(Exit::Done);
    }
    by_hand(folder, &site, out)?;
    server.wait()?;
    out.say(format!("\nThe server has ended. Everything is in {place}"));
    out.say("Remove the folder when you are done.");
    Ok(Exit::Done)
}

/// Root keys, two reviewers, a guardian, and the keyring that names them.
fn ceremony(folder: &Path, args: &DemoArgs, stage: &Stage, out: &mut Out) -> Result<(), CliError> {
    for place in ["administrators", "invitations", "server/keyring", "server/store", "readers"] {
        files::make_folder(&folder.join(place))?;
    }
    out.say("\n1. Administrators make three root keys; any two of them must sign together.");
    let mut init = format!(
        "admin init --organisation 'Demo organisation' --folder {CEREMONY} \
         --desk-address http://{} --intake-address http://{} --work-factor {WORK}",
        args.desk, args.intake
    );
    for root in ROOTS {
        let passphrase = root_passphrase(root);
        secret(folder, &passphrase, &format!("demo only: {root}, one shelf for all"))?;
        init = format!("{init} --passphrase-file {passphrase}");
    }
    stage.run(out, &init)?;
    out.say(
        "\n2. Readers make their keys: reading keys that never see a network, and a device key that \
         fetches and opens nothing. The first of them:",
    );
    for (n, (name, role)) in READERS.into_iter().enumerate() {
        join(folder, stage, (name, role), &mut (n == 0).then_some(&mut *out))?;
    }
    out.say("   The same for a second reviewer, and for a guardian, who may open names too.");
    out.say("\n3. Two administrators sign the list of readers; it is published.");
    for root in ["root-1", "root-2"] {
        let passphrase = root_passphrase(root);
        stage.run(out, &format!(
            "admin sign --folder {CEREMONY} --root {CEREMONY}/{root}.age --passphrase-file {passphrase}"
        ))?;
    }
    stage.run(out, &format!("admin keyring publish --folder {CEREMONY} --to server/keyring"))?;
    configure(folder, args)
}

/// What the server is told; a full disk is no reason for a demo to refuse files.
fn configure(folder: &Path, args: &DemoArgs) -> Result<(), CliError> {
    let config = format!(
        "store = \"store\"\nkeyring = \"keyring\"\nroots = \"keyring/roots.txt\"\n\
         intake.listen = \"{}\"\n\n[desk]\nlisten = \"{}\"\nauthorities = [\"{}\"]\n\n\
         [limits]\nfiles_until_percent = 100\nwords_until_percent = 100\n\n\
         [organisation]\nname = \"Demo organisation\"\n",
        args.intake, args.desk, args.desk,
    );
    let path = folder.join("server/server.toml");
    Ok(files::save(&path, config.as_bytes(), Audience::Owner, Existing::Refuse)?)
}

/// One reader: invitation, reading keys, device key, added to the draft.
fn join(
    folder: &Path,
    stage: &Stage,
    (name, role): (&str, &str),
    out: &mut Option<&mut Out>,
) -> Result<(), CliError> {
    let (own, invitation) = (format!("readers/{name}"), format!("invitations/{name}.txt"));
    files::make_folder(&folder.join(&own))?;
    let passphrase = format!("{own}/passphrase.txt");
    secret(folder, &passphrase, &format!("demo only: {name}"))?;
    let settings = "# Where a reader's things lie; paths count from this folder.\n\
         workspace = \"workspace\"\nkeys = \"keys\"\n\
         # Only a demo keeps a passphrase in a file.\npassphrase_file = \"passphrase.txt\"\n";
    secret(folder, &format!("{own}/{SETTINGS}"), settings)?;
    for command in [
        format!("admin invite --folder {CEREMONY} --role {role} --out {invitation}"),
        format!(
            "review init --invitation {invitation} --keys {own}/keys \
             --passphrase-file {passphrase} --work-factor {WORK}"
        ),
        format!(
            "sync init --invitation {invitation} --reader {own}/keys/reader.pub \
             --device {own}/device --workspace {own}/workspace"
        ),
        format!("admin add --folder {CEREMONY} {own}/keys/reader.pub {own}/device/device.pub"),
    ] {
        match out {
            Some(out) => stage.run(out, &command)?,
            None => stage.run_unseen(&command)?,
        };
    }
    Ok(())
}

fn root_passphrase(root: &str) -> String {
    format!("administrators/{root}.passphrase.txt")
}

fn secret(folder: &Path, place: &str, words: &str) -> Result<(), CliError> {
    Ok(files::save(&folder.join(place), words.as_bytes(), Audience::Owner, Existing::Refuse)?)
}

/// Both reviewers and the guardian at work.
fn review(stage: &Stage, out: &mut Out) -> Result<(), CliError> {
    let [one, two, guardian] = READERS.map(|(name, _)| Desk { stage, name });
    out.say(
        "\n5. A reviewer fetches what came, proved against its history; the urgent come first.",
    );
    one.sync(out)?;
    one.show("list", out)?;
    let ids = ids(&one.ask("list --json")?)?;
    let [urgent, second, ..] = ids.iter().map(|id| short(id)).collect::<Vec<_>>()[..] else {
        return Err(CliError::failed("the reviewer's list is too short"));
    };
    out.say("\n6. The most urgent one is read: danger and consent first, then the story as typed.");
    one.show(&format!("show {urgent}"), out)?;
    out.say("\n7. Its files come out bit by bit as they were sent, under numbers.");
    one.show(&format!("exhibits {urgent} --to readers/reviewer-1/exhibits"), out)?;
    out.say(
        "\n8. A case is opened, two testimonies are put into it; the acts are signed and sealed.",
    );
    one.show("case new 'Station in Village B'", out)?;
    let cases = self::ids(&one.ask("case list --json")?)?;
    let case = cases.first().map(|case| short(case));
    let case = case.ok_or_else(|| CliError::failed("the case is missing"))?;
    one.show(&format!("tag {urgent} {second} --case {case} --add torture"), out)?;
    one.sync(out)?;
    out.say("\n9. The second reviewer sees it, and answers with a remark.");
    two.sync(out)?;
    two.show(&format!("remark {urgent} 'Same station as in another account.'"), out)?;
    two.show(&format!("case show {case}"), out)?;
    two.sync(out)?;
    out.say("\n10. A guardian, and nobody else, opens names.");
    guardian.sync(out)?;
    let page = guardian.say(&format!("show {urgent} --names"), out)?;
    names_of(&page).try_for_each(|line| out.line(line))?;
    out.say("\n11. The first reviewer fetches the remark.");
    one.sync(out)
}

/// The lines of a shown testimony that hold its names.
fn names_of(page: &str) -> impl Iterator<Item = &str> {
    let from = page.lines().skip_while(|line| !line.starts_with("NAMES AND CONTACT"));
    from.take_while(|line| !line.is_empty())
}

/// One reader's machine.
struct Desk<'s> {
    stage: &'s Stage,
    name: &'static str,
}

impl Desk<'_> {
    fn sync(&self, out: &mut Out) -> Result<(), CliError> {
        let own = format!("readers/{}", self.name);
        self.stage.show(out, &format!("sync --device {own}/device --workspace {own}/workspace"))
    }

    fn command(&self, words: &str) -> String {
        format!("review --config readers/{}/{SETTINGS} {words}", self.name)
    }

    /// Runs it unseen; what it answered.
    fn ask(&self, words: &str) -> Result<String, CliError> {
        self.stage.run_unseen(&self.command(words))
    }

    /// Names the command; what it answered.
    fn say(&self, words: &str, out: &mut Out) -> Result<String, CliError> {
        self.stage.run(out, &self.command(words))
    }

    /// Names the command, and lets it answer on the screen.
    fn show(&self, words: &str, out: &mut Out) -> Result<(), CliError> {
        self.stage.show(out, &self.command(words))
    }
}

fn ids(list: &str) -> Result<Vec<String>, CliError> {
    let rows: Vec<serde_json::Value> = serde_json::from_str(list)?;
    Ok(rows.iter().filter_map(|row| row.get("id")?.as_str().map(String::from)).collect())
}

/// The beginning of an id, as a person would type it.
fn short(id: &str) -> &str {
    id.split_at_checked(8).map_or(id, |(short, _)| short)
}

/// What to try now, with both ends by hand.
fn by_hand(folder: &Path, site: &str, out: &mut Out) -> Result<(), CliError> {
    let binary = quoted(&arg(&std::env::current_exe()?)?)?;
    let (binary, own) = (quoted(&binary)?, folder.join("readers/reviewer-1"));
    let place = quoted(&arg(&own)?)?;
    for line in [
        "\nNow both ends by hand. The form is open until you press ctrl-c here:".to_owned(),
        format!("\n    {site}/"),
        "\nSend something there. Then, in a second terminal, be the reviewer:".to_owned(),
        format!("\n    cd {place}"),
        format!("    alias sandyk={binary}"),
        "    alias fetch='sandyk sync --device device --workspace workspace'".to_owned(),
        format!("    alias review='sandyk review --config {SETTINGS}'"),
        "    fetch".to_owned(),
        "    review list".to_owned(),
        "    review read".to_owned(),
        "    review case list".to_owned(),
        "    review --help".to_owned(),
        format!("\nEverything is in {}; remove it when you are done.", arg(folder)?),
    ] {
        out.line(line)?;
    }
    Ok(())
}
