//! Files of many sizes of memory.

use super::*;

/// Bytes that look like nothing and are never all in memory.
struct Noise {
    left: u64,
    state: u64,
    hasher: std::sync::Arc<std::sync::Mutex<Hasher>>,
}

impl Read for Noise {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let n = usize::try_from(self.left).unwrap_or(usize::MAX).min(into.len());
        let into = into.get_mut(..n).unwrap();
        for chunk in into.chunks_mut(8) {
            self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let bytes = self.state.to_le_bytes();
            chunk.copy_from_slice(bytes.get(..chunk.len()).unwrap());
        }
        self.hasher.lock().unwrap().update(into);
        self.left -= u64::try_from(n).unwrap();
        Ok(n)
    }
}

/// Uploads one file of `size` bytes; checks memory, bytes written, and what arrived.
fn large(size: u64) {
    let limits = "file_bytes = 4294967296\nderivations_at_once = 2";
    let organisation = Organisation::found_with(&ROLES, limits, 180);
    let server = organisation.serve();
    send(
        &server,
        "en",
        told("first, so that everything is warm").part("file", file("a", vec![1; 9 << 20])),
    );
    let (before, written) = (server.resident(), written(&server));

    let hasher = std::sync::Arc::new(std::sync::Mutex::new(Hasher::default()));
    let noise = Noise { left: size, state: 1, hasher: std::sync::Arc::clone(&hasher) };
    let part = Part::reader_with_length(noise, size).file_name("film.mp4");
    let (done, peak) = std::thread::scope(|scope| {
        let upload = scope.spawn(|| send(&server, "en", told("large").part("file", part)));
        let mut peak = 0;
        while !upload.is_finished() {
            peak = peak.max(server.resident());
            std::thread::sleep(Duration::from_millis(5));
        }
        (upload.join().unwrap(), peak)
    });
    assert_eq!(done.status(), StatusCode::SEE_OTHER);
    let grown = peak.saturating_sub(before);
    let wrote = self::written(&server).zip(written).map_or(0, |(after, before)| after - before);
    #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
    let ratio = wrote as f64 / size as f64;
    let report =
        format!("{size} bytes: memory grew by {grown} KiB, written {ratio:.4} per byte received\n");
    std::io::stderr().write_all(report.as_bytes()).unwrap();
    assert!(grown <= 8 * 1024, "{report}");
    assert!(ratio <= 1.05, "{report}");
    let opened = stop_and_open(&organisation, server);
    let hash = std::mem::take(&mut *hasher.lock().unwrap()).finish();
    assert_eq!(opened.last().unwrap().files.first().unwrap().sha256, hash);
}

/// Bytes that the server has passed to write calls. The server hides from its own account, so only
/// root can look.
fn written(server: &Server) -> Option<u64> {
    let Ok(io) = std::fs::read_to_string(format!("/proc/{}/io", server.child.id())) else {
        std::io::stderr().write_all(b"SKIPPED: bytes written are counted only as root\n").unwrap();
        return None;
    };
    let line = io.lines().find_map(|l| l.strip_prefix("wchar: ")).unwrap();
    Some(line.parse().unwrap())
}

#[test]
fn a_large_file_takes_little_memory_and_is_written_once() {
    large(192 << 20);
}

#[test]
#[ignore = "2 GiB; tests/nightly runs it"]
fn two_gibibytes_take_little_memory_and_are_written_once() {
    large(2 << 30);
}
