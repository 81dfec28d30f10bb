//! Folding text into columns as a terminal counts them.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// A line in pieces of at most `room` columns, cut at spaces where there are any.
pub(super) fn folded(line: &str, room: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let (mut piece, mut used) = (String::new(), 0_usize);
    for word in line.split_inclusive(' ') {
        if used.saturating_add(word.trim_end().width()) > room && used > 0 {
            pieces.push(std::mem::take(&mut piece));
            used = 0;
        }
        for c in word.chars() {
            let columns = c.width().unwrap_or(0);
            if used.saturating_add(columns) > room && c != ' ' {
                pieces.push(std::mem::take(&mut piece));
                used = 0;
            }
            piece.push(c);
            used = used.saturating_add(columns);
        }
    }
    pieces.push(piece);
    pieces.iter().map(|piece| piece.trim_end().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn folding_loses_nothing_but_spaces(text in "[а-яa-z漢 ]{0,200}", room in 2_usize..40) {
            let pieces = folded(&text, room);
            prop_assert!(pieces.iter().all(|p| p.width() <= room), "{:?}", pieces);
            prop_assert_eq!(pieces.concat().replace(' ', ""), text.replace(' ', ""));
        }
    }
}
