//! age's armour: a sealed file as text, to be printed and typed.
//!
//! Does not: seal or open anything.
//! Spec: <https://c2sp.org/age>, "ASCII armor".

use data_encoding::BASE64;

/// A sealed file as lines of at most 64 characters, strict PEM.
#[must_use]
pub fn armoured(sealed: &[u8]) -> String {
    let mut text = format!("{BEGIN}\n");
    for (place, c) in (0_usize..).zip(BASE64.encode(sealed).chars()) {
        if place > 0 && place.is_multiple_of(COLUMNS) {
            text.push('\n');
        }
        text.push(c);
    }
    text.push('\n');
    text.push_str(END);
    text.push('\n');
    text
}

/// The sealed file in an armour, wherever its lines break; `None` if it is none.
#[must_use]
pub fn disarmoured(text: &str) -> Option<Vec<u8>> {
    let body = text.trim().strip_prefix(BEGIN)?.strip_suffix(END)?;
    let coded: String = body.split_ascii_whitespace().collect();
    BASE64.decode(coded.as_bytes()).ok()
}

const BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";
const END: &str = "-----END AGE ENCRYPTED FILE-----";
const COLUMNS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_key_can_be_typed_with_other_line_breaks() {
        let sealed: Vec<u8> = (0..=255).collect();
        let printed = armoured(&sealed);
        assert_eq!(disarmoured(&printed), Some(sealed.clone()));
        assert_eq!(disarmoured(&format!("\n{}", printed.replace('\n', "\r\n"))), Some(sealed));
        assert_eq!(disarmoured(""), None);
        assert_eq!(disarmoured(&printed.replace("END", "AND")), None);
    }
}
