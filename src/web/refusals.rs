//! What is said to somebody whose request cannot even be read.
//!
//! hyper answers these with a bare number and has no hook for another answer. They are made here,
//! whole, and the connection puts them in the place of hyper's (`stream`).

use bytes::Bytes;

use super::headers;

/// Statuses that hyper gives by itself, with their names.
const STATUSES: [(u16, &str); 3] =
    [(400, "Bad Request"), (414, "URI Too Long"), (431, "Request Header Fields Too Large")];

/// Whole answers, as they go over the wire, by their status.
#[derive(Clone, Default)]
pub struct Refusals(Vec<(u16, Bytes)>);

impl Refusals {
    /// Every refusal shows this page, under the headers of every answer.
    pub(super) fn with(page: &str) -> Self {
        let whole = |(status, name): (u16, &str)| (status, whole(status, name, page).into());
        Self(STATUSES.into_iter().map(whole).collect())
    }

    /// What to send in the place of an answer that begins like this.
    pub(super) fn instead_of(&self, answer: &[u8]) -> Option<Bytes> {
        let begins = |status: u16| answer.starts_with(format!("HTTP/1.1 {status} ").as_bytes());
        self.0.iter().find(|(status, _)| begins(*status)).map(|(_, whole)| whole.clone())
    }
}

fn whole(status: u16, name: &str, page: &str) -> Vec<u8> {
    let mut whole = format!("HTTP/1.1 {status} {name}\r\n").into_bytes();
    let own = [("connection", "close".to_owned()), ("content-length", page.len().to_string())];
    let own = own.into_iter().map(|(name, value)| (name.to_owned(), value.into_bytes()));
    let kind = ("content-type".to_owned(), b"text/html; charset=utf-8".to_vec());
    let always = headers::ALWAYS.into_iter();
    let always = always.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
    for (name, value) in std::iter::once(kind).chain(always).chain(own) {
        whole.extend_from_slice(name.as_bytes());
        whole.extend_from_slice(b": ");
        whole.extend_from_slice(&value);
        whole.extend_from_slice(b"\r\n");
    }
    whole.extend_from_slice(b"\r\n");
    whole.extend_from_slice(page.as_bytes());
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_cannot_be_read_is_answered_here() {
        let refusals = Refusals::with("<p>page</p>");
        let bare = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\n\r\n";
        let whole = refusals.instead_of(bare).unwrap();
        let text = str::from_utf8(&whole).unwrap();
        assert!(text.starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: "));
        assert!(text.ends_with("content-length: 11\r\n\r\n<p>page</p>"), "{text}");
        assert!(text.contains("\r\ncache-control: no-store\r\n"));
        for other in ["HTTP/1.1 200 OK\r\n", "HTTP/1.1 404 Not Found\r\n", "HTTP/1.1 4", ""] {
            assert!(refusals.instead_of(other.as_bytes()).is_none(), "{other}");
        }
    }
}
