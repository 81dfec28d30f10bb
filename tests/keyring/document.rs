//! The commands of `docs/ceremony.md`, typed one after the other by the real program.

use std::{fs, path::Path, process::Command};

use sandyk::keyring::ReaderPub;

use crate::stage::save;

/// The commands between ```` ```sh ```` and ```` ``` ````, in their order.
fn commands(text: &str) -> Vec<String> {
    let blocks = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let lines = blocks.flat_map(str::lines).filter(|line| !line.starts_with('#'));
    lines.map(str::to_owned).collect()
}

/// What a person would type at the questions of a command.
fn answers(command: &str) -> Vec<&'static str> {
    let asks = ["root make", "admin sign", "root restore", "review init", "review vouch"];
    let asks = asks.iter().any(|step| command.contains(step)) || command.contains("suspend ");
    let cheap = ["root make", "review init"].iter().any(|step| command.contains(step));
    let mut answers = Vec::new();
    if asks {
        answers.extend(["--passphrase-file", "words"]);
    }
    if cheap {
        answers.extend(["--work-factor", "1"]);
    }
    answers
}

/// The beginning of the id in a `reader.pub` or `device.pub`.
fn id_in(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let id = text.lines().find_map(|line| line.strip_prefix("id ")).unwrap();
    id[..8].to_owned()
}

/// The notes of a folder, as a shell would name them.
fn notes_in(here: &Path, folder: &str) -> Vec<String> {
    let entries = fs::read_dir(here.join(folder)).unwrap().map(|entry| entry.unwrap().file_name());
    entries.map(|name| format!("{folder}/{}", name.to_str().unwrap())).collect()
}

/// What a new reader reads out by voice.
fn digits_of(file: &Path) -> String {
    ReaderPub::parse(&fs::read_to_string(file).unwrap()).unwrap().fingerprint()
}

/// What a sync brings of keyrings to the readers' workspaces.
fn synced(here: &Path) {
    for note in notes_in(here, "published") {
        let name = note.strip_prefix("published/").unwrap();
        for workspace in ["guardian-w", "reviewer-w"] {
            let keyrings = here.join(workspace).join("keyring");
            fs::create_dir_all(&keyrings).unwrap();
            if name.starts_with("keyring-") {
                fs::copy(here.join(&note), keyrings.join(name)).unwrap();
            }
        }
    }
}

#[test]
fn the_commands_of_the_ceremony_do_what_the_document_says() {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ceremony.md");
    let commands = commands(&fs::read_to_string(document).unwrap());
    assert!(commands.len() > 45, "{commands:?}");
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    save(&here.join("words"), "nobody puts these words together\n");
    for command in &commands {
        let line = command.strip_prefix("sandyk ").unwrap();
        if line.contains("review vouch") {
            synced(here);
        }
        let words = line.split(' ').flat_map(|word| match word {
            "READER" => vec![id_in(&here.join("reviewer/reader.pub"))],
            "DEVICE" => vec![id_in(&here.join("reviewer-d/device.pub"))],
            "vouches/*.note" => notes_in(here, "vouches"),
            word => vec![word.trim_matches('"').to_owned()],
        });
        let words: Vec<String> = words.collect();
        let heard = if line.contains("review vouch") {
            vec!["--heard".to_owned(), digits_of(&here.join("new/reader.pub"))]
        } else {
            Vec::new()
        };
        let done = Command::new(env!("CARGO_BIN_EXE_sandyk"))
            .args(words)
            .args(heard)
            .args(answers(line))
            .current_dir(here)
            .env("LC_ALL", "C.UTF-8")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(0), "{command}\n{said}");
        if command.contains("--rehearse") {
            assert!(said.contains("Nothing of yours was touched."), "{command}\n{said}");
        }
    }
    let show = Command::new(env!("CARGO_BIN_EXE_sandyk"))
        .args(["admin", "keyring", "show", "--folder", "ceremony", "--json"])
        .current_dir(here)
        .output()
        .unwrap();
    let view: serde_json::Value = serde_json::from_slice(&show.stdout).unwrap();
    let names: Vec<&str> =
        view["roots"].as_array().unwrap().iter().map(|r| r["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["root-2", "root-3", "root-4"]);
}
