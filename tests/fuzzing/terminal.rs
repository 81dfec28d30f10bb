//! Foreign text on a terminal: nothing that acts or hides gets through.

use sandyk::cli::terminal::{ForTerminal, acts_or_hides};

pub(crate) fn run(input: &[u8]) -> bool {
    let text = String::from_utf8_lossy(input);
    let shown = ForTerminal(&text).to_string();
    assert!(!shown.chars().any(|c| c != '\n' && c != '\u{FE0F}' && acts_or_hides(c)), "{shown:?}");
    assert_eq!(ForTerminal(&shown).to_string(), shown, "filtering twice changes something");
    for limit in [1, 8, 60] {
        let line = ForTerminal(&text).one_line(limit);
        assert!(line.chars().count() <= limit && !line.contains('\n'), "{line:?}");
    }
    shown == text
}
