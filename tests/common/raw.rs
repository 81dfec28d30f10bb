//! HTTP by hand: requests that no client library would send, and answers as they stand on the wire.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

/// What separates the parts of every form made here.
pub(crate) const BOUNDARY: &str = "a-boundary";

/// An answer as it stood on the wire.
#[derive(PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case, in order of arrival.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").unwrap_or_else(|| {
            panic!("no answer: {:?}", String::from_utf8_lossy(bytes));
        });
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_ascii_lowercase(), value.to_owned())
        });
        Self { status, headers: headers.collect(), body: bytes[end + 4..].to_vec() }
    }
}

pub(crate) fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(3))).unwrap();
    stream.set_write_timeout(Some(Duration::from_mins(3))).unwrap();
    stream
}

/// Sends these bytes and reads until the server closes.
pub(crate) fn exchange(address: &str, request: &[u8]) -> Answer {
    Answer::parse(&bytes(address, request))
}

/// The same, not parsed; what arrived before a reset counts.
pub(crate) fn bytes(address: &str, request: &[u8]) -> Vec<u8> {
    let mut stream = connect(address);
    // The server may refuse before it has read everything.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let mut piece = vec![0; 64 * 1024];
    while let Ok(n @ 1..) = stream.read(&mut piece) {
        answer.extend_from_slice(&piece[..n]);
    }
    answer
}

/// A request without a body; `lines` are whole header lines.
pub(crate) fn request(method: &str, path: &str, lines: &[&str]) -> Vec<u8> {
    let lines = lines.join("\r\n");
    let end = if lines.is_empty() { "\r\n" } else { "\r\n\r\n" };
    format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{lines}{end}").into_bytes()
}

/// The head of a form's request.
pub(crate) fn form_head(path: &str, length: usize, lines: &[&str]) -> Vec<u8> {
    let kind = format!("Content-Type: multipart/form-data; boundary={BOUNDARY}");
    let length = format!("Content-Length: {length}");
    request("POST", path, &[&[kind.as_str(), length.as_str()], lines].concat())
}

/// A whole form's request.
pub(crate) fn form(path: &str, body: &[u8], lines: &[&str]) -> Vec<u8> {
    [form_head(path, body.len(), lines), body.to_vec()].concat()
}

/// One typed field of a form.
pub(crate) fn field(name: &str, value: &str) -> Vec<u8> {
    let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
    format!("{head}{value}\r\n").into_bytes()
}

/// One file of a form.
pub(crate) fn file(name: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: image/jpeg\r\n\r\n"
    );
    [head.as_bytes(), bytes, b"\r\n"].concat()
}

/// The end of a form.
pub(crate) fn end() -> Vec<u8> {
    format!("--{BOUNDARY}--\r\n").into_bytes()
}
