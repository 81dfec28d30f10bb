//! The corpora of the fuzz targets, run by the same functions as in `fuzz/`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests say what they expect by failing"
)]

mod fuzzing;
#[path = "fuzzing/seeds.rs"]
mod seeds;
#[path = "fuzzing/seeds_way_back.rs"]
mod seeds_way_back;

use std::{fs, path::PathBuf};

use fuzzing::TARGETS;
use sandyk::files;

/// Bytes of one input of a corpus.
const LARGEST: u64 = 64 << 10;

fn corpus(target: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target)
}

#[test]
fn every_input_of_every_corpus_keeps_the_promises_of_its_target() {
    for (name, run) in TARGETS {
        let mut inputs: Vec<_> =
            fs::read_dir(corpus(name)).unwrap().map(|e| e.unwrap().path()).collect();
        inputs.sort();
        let (mut taken, mut refused) = (0, 0);
        assert!(inputs.len() >= 5, "{name} has {} inputs", inputs.len());
        for input in inputs {
            let bytes = fs::read(&input).unwrap();
            assert!(u64::try_from(bytes.len()).unwrap() <= LARGEST, "{}", input.display());
            let done = std::panic::catch_unwind(|| run(&bytes));
            let done = done.unwrap_or_else(|_| panic!("{} breaks a promise", input.display()));
            if done { taken += 1 } else { refused += 1 }
        }
        assert!(taken > 0 && refused > 0, "{name} reaches one side only: {taken}, {refused}");
    }
}

#[test]
fn every_target_is_built_and_has_a_corpus_and_no_corpus_is_without_one() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    for (name, _) in TARGETS {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is not in the manifest");
        let source = fs::read_to_string(root.join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(source.contains(&format!("fuzzing::{name}::run(input)")), "{name}: {source}");
    }
    for (folder, extension) in [("corpus", ""), ("fuzz_targets", ".rs")] {
        let found = fs::read_dir(root.join(folder)).unwrap().count();
        assert_eq!(found, TARGETS.len(), "{folder}/*{extension}");
    }
}

/// Writes the handmade inputs again, after a format changed: `fuzz/README.md`.
#[test]
#[ignore = "writes into fuzz/corpus"]
fn write_the_handmade_inputs() {
    for (target, seeds) in seeds::all() {
        fs::create_dir_all(corpus(target)).unwrap();
        for (name, bytes) in seeds {
            let path = corpus(target).join(name);
            files::save(&path, &bytes, files::Audience::Everyone, files::Existing::Replace)
                .unwrap();
        }
    }
}
