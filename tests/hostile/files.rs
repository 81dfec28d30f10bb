//! Rows X: files and their names.

use crate::{
    common::raw::{BOUNDARY, end, field, file},
    stage::{Stage, said},
};

fn told(parts: &[Vec<u8>]) -> Vec<Vec<u8>> {
    [&[field("story", "with a file")], parts, &[end()]].concat()
}

pub(crate) fn a_file_over_its_limit(stage: &Stage) {
    for bytes in [(1 << 20) + 1, 30 << 20] {
        let page = stage.receipt(&stage.send(&told(&[file("film.mp4", &vec![7; bytes])])));
        assert!(page.contains("film.mp4") && page.contains(&said("file-cut")), "{page}");
    }
    let page = stage.receipt(&stage.send(&told(&[file("film.mp4", &vec![7; 1 << 20])])));
    assert!(!page.contains("film.mp4"), "exactly at the limit it is whole");
}

pub(crate) fn files_over_the_limit_of_a_testimony(stage: &Stage) {
    let files: Vec<_> =
        ["a.mp4", "b.mp4", "c.mp4"].map(|name| file(name, &vec![7; 1 << 20])).into();
    let page = stage.receipt(&stage.send(&told(&files)));
    assert!(!page.contains("a.mp4") && !page.contains("b.mp4") && page.contains("c.mp4"));
}

pub(crate) fn too_many_files(stage: &Stage) {
    let files: Vec<_> = (1..=60).map(|n| file(&format!("f{n}.jpg"), b"x")).collect();
    let page = stage.receipt(&stage.send(&told(&files)));
    assert!(!page.contains("f4.jpg") && page.contains("f5.jpg"));
    assert_eq!(page.matches(".jpg").count(), 32, "not more are told by name");
}

pub(crate) fn a_file_name_without_measure(stage: &Stage) {
    let page = stage.receipt(&stage.send(&told(&[file(&"n".repeat(10_000), b"x")])));
    assert_eq!(page.len(), 16 * 1024, "as any receipt: the name is cut");
    let endless = stage.send(&told(&[file(&"n".repeat(100_000), b"x")]));
    stage.refused(&endless, "broken-text");
}

pub(crate) fn names_like_paths(stage: &Stage) {
    let names = [
        "../../../../etc/passwd",
        "/etc/passwd",
        "..\\..\\boot.ini",
        "C:\\Windows\\win.ini",
        "a/b/c",
        ".",
        "..",
        "~",
        "%2e%2e%2f",
        "CON",
        "-rf *",
        "\u{202e}gpj.exe",
    ];
    for four in names.chunks(4) {
        let files: Vec<_> = four.iter().map(|name| file(name, b"x")).collect();
        stage.receipt(&stage.send(&told(&files)));
    }
}

pub(crate) fn names_and_types_that_break_their_header(stage: &Stage) {
    let odd = |head: &str| {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\nx\r\n");
        stage.send(&[field("story", "told"), head.into_bytes(), end()])
    };
    for head in [
        "name=\"file\"; filename=\"a\"b\"c.jpg\"",
        "name=\"file\"; filename=a b c",
        "name=\"file\"; filename*=UTF-8''%2e%2e%2fx",
        "name=\"file\"; filename=\"unfinished",
        "name=\"file\"; filename=\"a\u{0}b.jpg\"",
        "name=\"file\"; filename=\"a.jpg\"\r\nContent-Type: not a type",
        "name=\"file\"; filename=\"a.jpg\"\r\nContent-Type: text/html; charset=x; charset=y",
        "name=\"file\"; filename=\"a.jpg\"\r\nContent-Transfer-Encoding: base64",
    ] {
        let page = stage.page(&odd(head));
        if crate::stage::is_a_receipt(&page) {
            stage.counts_one_more();
        } else {
            assert!(page.contains("told"), "kept, or the words come back: {head}");
        }
    }
}

pub(crate) fn empty_files(stage: &Stage) {
    let files = [file("a.jpg", b""), file("", b""), file("b.jpg", b""), file("", b"x")];
    stage.receipt(&stage.send(&told(&files)));
    // A file is something to read, also when nothing is told with it.
    stage.receipt(&stage.send(&[file("a.jpg", b""), end()]));
}

pub(crate) fn a_story_sent_as_a_file(stage: &Stage) {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"story\"; filename=\"s.txt\"\r\n\r\n"
    );
    let part = [head.as_bytes(), b"told", b"\r\n"].concat();
    stage.receipt(&stage.send(&[part, end()]));
}

pub(crate) fn what_a_container_could_take_for_its_own(stage: &Stage) {
    let tar = [b"evil\0".repeat(100), vec![0; 1024], b"ustar\x0000".to_vec()].concat();
    stage.receipt(&stage.send(&told(&[file("exhibits.tar", &tar), file("1", &[0; 10_240])])));
}
