//! What the kernel could keep of a server's memory: swap and core dumps, on a real process.

use std::{
    fs,
    io::Write as _,
    os::unix::process::ExitStatusExt as _,
    path::Path,
    process::{Command, Stdio},
};

use crate::{
    common::raw::{connect, field, file, form_head},
    memory::{canary, comes_into_memory},
    organisation::Life,
    search::Needles,
};

/// The real program in a namespace of its own, in which /proc/swaps is this file.
fn serve_where_swaps_are(table: &str, more: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("swaps"), table).unwrap();
    let script = format!(
        "mount --bind swaps /proc/swaps && exec {} serve {more} --config none.toml",
        env!("CARGO_BIN_EXE_sandyk")
    );
    let done = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", &script])
        .current_dir(folder.path())
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (done.status.code(), String::from_utf8(done.stderr).unwrap())
}

#[test]
fn a_real_server_refuses_to_start_while_swap_is_on() {
    let none = "Filename\tType\tSize\tUsed\tPriority\n";
    let on = format!("{none}/dev/zram0 partition 1 0 5\n");
    // The configuration is missing: whoever gets as far as that was let through.
    let (code, said) = serve_where_swaps_are(none, "");
    if !said.contains("none.toml") {
        eprintln!("SKIPPED: no namespace in which /proc/swaps could be another file: {said}");
        return;
    }
    assert_eq!(code, Some(1), "{said}");
    let (code, said) = serve_where_swaps_are(&on, "");
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("swap is on (/dev/zram0)") && !said.contains("none.toml"), "{said}");
    let (code, said) = serve_where_swaps_are("", "");
    assert_eq!(code, Some(3), "a table that is none is not an empty one: {said}");
    let (code, said) = serve_where_swaps_are(&on, "--allow-swap");
    assert!(code == Some(1) && said.contains("warning: swap is on"), "{said}");
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().next().is_none()
}

/// Whether this machine writes a core where a program stands that dies so; otherwise nothing is shown.
fn cores_are_written(folder: &Path) -> bool {
    let script = "ulimit -c unlimited && kill -ABRT $$";
    let died = Command::new("sh").args(["-c", script]).current_dir(folder).status().unwrap();
    died.core_dumped() && !is_empty(folder)
}

#[test]
fn a_server_that_dies_with_words_in_hand_leaves_no_core() {
    let life = Life::found("trace");
    fs::create_dir(life.at("control")).unwrap();
    if !cores_are_written(&life.at("control")) {
        eprintln!("SKIPPED: this machine writes no core of anybody where they stand");
    }
    let mut server = life.serve();
    let words = [canary("story"), canary("bytes")];
    let mut half = connect(&server.intake);
    half.write_all(&form_head("/en/send", 1 << 24, &[])).unwrap();
    half.write_all(&field("story", &words[0].repeat(50))).unwrap();
    half.write_all(&file("a.jpg", words[1].repeat(9000).as_bytes())).unwrap();
    let needles = words.clone().map(|word| (word.clone(), word.into_bytes()));
    assert!(comes_into_memory(server.child.id(), &needles), "there is nothing to dump");
    let open = server.open_files();
    assert!(open.iter().any(|file| file.contains("/store/")), "{open:?}");
    let store = life.at("server/store").display().to_string();
    let strange = |file: &&String| !file.starts_with(&store) && !file.contains("/logs/");
    assert_eq!(open.iter().filter(strange).collect::<Vec<_>>(), Vec::<&String>::new());
    server.signal(rustix::process::Signal::ABORT);
    let died = server.child.wait().unwrap();
    assert_eq!(died.signal(), Some(6), "{died}");
    assert!(!died.core_dumped(), "the kernel wrote its memory down");
    for place in ["cwd", "tmp", "home"] {
        assert!(is_empty(&life.at(place)), "{place}");
    }
    assert_eq!(Needles::of(&words).below(&life.at("server")), Vec::<String>::new());
    life.serve().stop();
    assert_eq!(Needles::of(&words).below(life.folder.path()), Vec::<String>::new());
}
