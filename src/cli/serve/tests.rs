//! That nothing starts where it could leave traces.

use super::*;
use crate::cli::out::Format;

#[test]
fn nothing_starts_while_swap_is_on_or_may_be() {
    let mut out = Out::standard(Format::Table);
    let mut judged = |found, allow_swap| {
        let args = ServeArgs { command: None, config: PathBuf::new(), allow_swap, end_with: None };
        refuse_swap(&args, found, &mut out).map_err(|error| error.exit())
    };
    let on = || Ok(vec!["/dev/zram0".to_owned()]);
    let unknown = || Err(io::ErrorKind::PermissionDenied.into());
    assert_eq!(judged(Ok(Vec::new()), false), Ok(()));
    assert_eq!(judged(on(), false), Err(Exit::Refused));
    assert_eq!(judged(unknown(), false), Err(Exit::Refused));
    assert_eq!((judged(on(), true), judged(unknown(), true)), (Ok(()), Ok(())));
}
