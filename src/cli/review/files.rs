//! What came with a testimony: counted without taking it out.

use crate::{
    cli::{
        exit::CliError,
        out::Out,
        review::{answers, sitting::short, words},
    },
    review::{Content, ExhibitsHere, Opened, Session, describe_exhibits},
};

/// The files in a few words, for a list; only small containers are opened for it.
pub(super) fn in_a_word(opened: &Opened, session: &Session) -> String {
    match (&opened.content, opened.exhibits) {
        (_, ExhibitsHere::No) => "not fetched".to_owned(),
        (_, ExhibitsHere::Arriving { bytes }) => format!("{} so far", words::size(bytes)),
        (Ok(content), ExhibitsHere::Yes { bytes }) if bytes <= SMALL => {
            match describe_exhibits(session, opened.id, content) {
                Ok(found) if found.is_empty() => "none".to_owned(),
                Ok(found) => found.len().to_string(),
                Err(_) => "DAMAGED".to_owned(),
            }
        }
        (_, ExhibitsHere::Yes { bytes }) => format!("up to {}", words::size(bytes)),
    }
}

/// The files under a heading: names and sizes if they are here, and how to take them out.
pub(super) fn write(
    opened: &Opened,
    content: &Content,
    session: &Session,
    out: &mut Out,
) -> Result<(), CliError> {
    let described = &content.account.attachments;
    let take_out = format!("sandyk review exhibits {} --to DIR", short(&opened.id.to_string()));
    let few = match opened.exhibits {
        ExhibitsHere::No => Err("not fetched yet; `sandyk sync` fetches them".to_owned()),
        ExhibitsHere::Arriving { bytes } => {
            Err(format!("still arriving, {} so far; `sandyk sync` goes on", words::size(bytes)))
        }
        ExhibitsHere::Yes { bytes } if bytes > SHOWABLE => {
            Err(format!("here, up to {}; to take them out: {take_out}", words::size(bytes)))
        }
        ExhibitsHere::Yes { .. } => Ok(describe_exhibits(session, opened.id, content)),
    };
    if described.is_empty() && matches!(&few, Ok(Ok(found)) if found.is_empty()) {
        return Ok(());
    }
    out.heading("Files")?;
    match few {
        Err(state) => out.item(2, &state)?,
        Ok(Err(damage)) => {
            out.fact("DAMAGED", &damage.to_string())?;
            out.fact("", "tell a colleague; delete exhibits.age of this testimony and sync again")?;
        }
        Ok(Ok(found)) => {
            for (n, file) in (1_usize..).zip(&found) {
                out.said(&format!("{n}: {}", words::size(file.bytes)), &file.name)?;
                if !file.complete {
                    out.fact("", "CUT OFF when it was sent")?;
                }
            }
            out.fact(
                if found.is_empty() { "" } else { "To take out" },
                match found.len() {
                    0 => "no file came with it",
                    _ => &take_out,
                },
            )?;
        }
    }
    answers::about_files(described, out)
}

/// Sealed bytes up to which a list opens a container to count what is in it.
const SMALL: u64 = 1 << 20;
/// Sealed bytes up to which a testimony that is shown names its files.
const SHOWABLE: u64 = 64 << 20;
