//! `sandyk admin forget`: a root signs an order that the only guardian has signed.

use crate::{
    admin::RootKey,
    cli::{
        admin::args::ForgetArgs,
        exit::{CliError, Exit},
        out::Out,
        passphrase,
        words::{Told as _, Words},
    },
    files::{self, Audience, Existing},
    forget::{MAX_BYTES, SignedOrder},
};

pub(super) fn run(args: &ForgetArgs, out: &mut Out) -> Result<Exit, CliError> {
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    let text = files::load_text(&args.order, limit).map_err(|e| {
        let words = Words::of("forget-file").why(e.words());
        CliError::from(e)
            .kept("nothing was signed")
            .advice("name the file that the guardian wrote")
            .words(words)
    })?;
    let mut signed = SignedOrder::parse(&text)
        .map_err(|e| CliError::told(Exit::Refused, &e).words(e.words()))?;
    out.tell(
        "You are about to sign that this testimony is destroyed:",
        &Words::of("forget-about-to"),
    );
    out.line(signed.order().to_text().trim_end())?;
    let words = passphrase::ask(args.passphrase_file.as_ref(), "the root key", out)?;
    let root = RootKey::open(&args.root, &words)
        .map_err(|e| CliError::told(Exit::Refused, &e).words(e.words()))?;
    root.sign(signed.note());
    files::save(&args.order, signed.to_text().as_bytes(), Audience::Owner, Existing::Replace)
        .map_err(|e| {
            let words = Words::of("forget-file").why(e.words());
            CliError::from(e).kept("the order is as it was").advice("free the disk").words(words)
        })?;
    out.tell(
        "Signed. Give the file back to the guardian: sandyk review forget --order FILE",
        &Words::of("forget-root-signed"),
    );
    Ok(Exit::Done)
}
