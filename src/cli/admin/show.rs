//! A keyring in tables, in JSON, or in words before it is signed.

use serde_json::json;

use crate::{
    admin::{Changes, Founded, KeyringView, Member, Vouched},
    cli::{
        exit::{CliError, Exit},
        out::{Format, Out},
        words::{Told as _, Words},
    },
};

/// The root keys that were made.
pub(super) fn write_founded(founded: &Founded, out: &mut Out) -> Result<(), CliError> {
    let Founded { trust, root_files } = founded;
    let pairs = trust.roots.iter().zip(root_files);
    let rows: Vec<[String; 3]> = pairs
        .map(|(root, file)| {
            [root.name.as_str().to_owned(), root.fingerprint(), file.display().to_string()]
        })
        .collect();
    if out.format() == Format::Json {
        let root = |[name, fingerprint, file]: &[String; 3]| json!({ "name": name, "fingerprint": fingerprint, "file": file });
        let roots: Vec<_> = rows.iter().map(root).collect();
        return out.json(&json!({
            "schema": "founded/1",
            "fingerprint": trust.fingerprint(),
            "roots": roots,
        }));
    }
    out.table(
        &["root", "fingerprint", "file"],
        &rows.into_iter().map(Vec::from).collect::<Vec<_>>(),
    )?;
    out.line(format!("All roots together:  {}", trust.fingerprint()))
}

/// Who and what came in or went.
pub(super) fn write_members(
    schema: &'static str,
    members: &[Member],
    out: &mut Out,
) -> Result<(), CliError> {
    if out.format() == Format::Json {
        let what = schema.trim_end_matches("/1");
        return out.json(&json!({ "schema": schema, what: members }));
    }
    let rows: Vec<Vec<String>> = members.iter().map(member_row).collect();
    out.table(&["what", "id", "fingerprint"], &rows)
}

/// Everything to stdout.
pub(super) fn write_view(view: &KeyringView, out: &mut Out) -> Result<Exit, CliError> {
    if out.format() == Format::Json {
        out.json(view)?;
        return Ok(Exit::Done);
    }
    out.line(headline(view))?;
    out.table(&["root", "fingerprint", "signed"], &root_rows(view))?;
    out.table(&["reader", "role", "since", "fingerprint"], &reader_rows(view))?;
    out.table(&["device", "of reader", "fingerprint"], &device_rows(view))?;
    say_warnings(view, out);
    Ok(Exit::Done)
}

/// The same to stderr, where what is about to be signed is shown.
pub(super) fn say_view(view: &KeyringView, out: &mut Out) {
    let KeyringView { state, organisation, epoch, not_after, days_left, .. } = view;
    let words = Words::of("sign-headline").with("organisation", organisation).with("epoch", epoch);
    let words = words.with("state", state).with("last", not_after).with("left", days_left);
    out.tell(headline(view), &words);
    for (what, rows) in [("reader", reader_rows(view)), ("device", device_rows(view))] {
        for row in rows {
            out.say(format!("   {what}  {}", row.join("  ")));
        }
    }
    say_warnings(view, out);
}

/// What a draft changes, to stderr: `+` for what comes in, `-` for what goes.
pub(super) fn say_changes(view: &KeyringView, out: &mut Out) {
    let Some(changes) = &view.changes else { return };
    if changes.only_prolongs() {
        return out.tell("Nothing changes but the last day.", &Words::of("changes-only-day"));
    }
    let epoch = view.epoch;
    let words = Words::of("changes").with("epoch", epoch);
    out.tell(format!("Epoch {epoch} changes, + in and - out:"), &words);
    let Changes { readers_in, readers_out, devices_in, devices_out, .. } = changes;
    let Changes { roots_in, roots_out, vouches, threshold, not_after, .. } = changes;
    let lists =
        [("+", [readers_in, devices_in, roots_in]), ("-", [readers_out, devices_out, roots_out])];
    for (sign, lists) in lists {
        for member in lists.into_iter().flatten() {
            out.say(format!("   {sign} {}", member_row(member).join("  ")));
        }
    }
    for Vouched { reader, voucher } in vouches {
        let (reader, voucher) = (short(reader), short(voucher));
        let words = Words::of("changes-vouched").with("reader", &reader).with("voucher", &voucher);
        out.tell(format!("Reader {voucher} vouches for reader {reader}."), &words);
    }
    if let Some((before, now)) = threshold {
        let words = Words::of("changes-threshold").count("before", *before).count("now", *now);
        out.tell(format!("{now} roots must sign, before {before}."), &words);
    }
    if let Some((before, now)) = not_after {
        let words = Words::of("changes-day").with("before", before).with("now", now);
        out.tell(format!("Its last day is {now}, before {before}."), &words);
    }
}

/// What to mind although nothing is wrong, to stderr.
pub(super) fn say_warnings(view: &KeyringView, out: &mut Out) {
    for warning in &view.warnings {
        out.warn(warning, &warning.words());
    }
}

fn headline(view: &KeyringView) -> String {
    let KeyringView { state, organisation, epoch, not_after, days_left, .. } = view;
    let left = match days_left {
        ..0 => "EXPIRED".to_owned(),
        0 => "its last day is today".to_owned(),
        1 => "one more day".to_owned(),
        days => format!("{days} more days"),
    };
    format!("{organisation}, epoch {epoch} ({state}), good until {not_after}, {left}")
}

fn root_rows(view: &KeyringView) -> Vec<Vec<String>> {
    let signed = |signed: bool| if signed { "yes" } else { "no" }.to_owned();
    let rows = view.roots.iter();
    rows.map(|r| vec![r.name.clone(), r.fingerprint.clone(), signed(r.signed)]).collect()
}

fn reader_rows(view: &KeyringView) -> Vec<Vec<String>> {
    let rows = view.readers.iter();
    rows.map(|r| {
        vec![short(&r.id), r.role.to_owned(), format!("epoch {}", r.since), r.fingerprint.clone()]
    })
    .collect()
}

fn member_row(member: &Member) -> Vec<String> {
    let Member { what, id, fingerprint } = member;
    vec![(*what).to_owned(), short(id), fingerprint.clone()]
}

/// The beginning of an id, enough to tell one from another; JSON has the whole.
fn short(id: &str) -> String {
    id.chars().take(8).collect()
}

fn device_rows(view: &KeyringView) -> Vec<Vec<String>> {
    let rows = view.devices.iter();
    rows.map(|d| vec![short(&d.id), short(&d.reader), d.fingerprint.clone()]).collect()
}
