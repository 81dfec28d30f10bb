//! What the documents promise names the test that holds it, and the test is there.

use std::{fs, path::Path};

use regex::Regex;
use walkdir::WalkDir;

/// Documents whose promises name tests, as `path/file.rs::test_name`.
const DOCUMENTS: [&str; 4] =
    ["docs/threat-model.md", "docs/hostile.md", "docs/hostile-readers.md", "ARCHITECTURE.md"];

fn read(path: &str) -> Option<String> {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).ok()
}

#[test]
fn every_test_that_a_document_names_exists() {
    let named = Regex::new(r"([a-z0-9_/]+\.rs)::([a-z0-9_]+)").unwrap();
    let mut missing = Vec::new();
    let mut found = 0;
    for document in DOCUMENTS {
        let Some(text) = read(document) else { continue };
        for test in named.captures_iter(&text) {
            let [file, name] = [1, 2].map(|n| test.get(n).unwrap().as_str());
            let marked = format!(
                r"#\[(tokio::)?test(\([^)]*\))?\][^{{]*\bfn {name}\(|pub\(crate\) fn {name}\(stage: &Stage\)"
            );
            // In `proptest!` and in tables of tests the mark stands elsewhere, but the function is there.
            let source = read(file).unwrap_or_default();
            let there = Regex::new(&marked).unwrap().is_match(&source);
            found += usize::from(there);
            if !there {
                missing.push(format!("{document}: {file}::{name}"));
            }
        }
    }
    assert!(
        missing.is_empty(),
        "{} of {} are missing:\n{}",
        missing.len(),
        found,
        missing.join("\n")
    );
    assert!(found > 60, "only {found} tests are named");
}

#[test]
fn every_threat_that_the_sources_point_to_is_in_the_document() {
    let text = read("docs/threat-model.md").unwrap();
    let numbers: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("## T")?.split_whitespace().next())
        .collect();
    let dense: Vec<String> = (1..=numbers.len()).map(|n| n.to_string()).collect();
    assert_eq!(numbers, dense, "threats are numbered without a gap");
    let pointer = Regex::new(r"threat-model\.md`, T([0-9]+)|SECURITY\(T([0-9]+)\)").unwrap();
    for entry in WalkDir::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let path = entry.unwrap().into_path();
        for to in pointer.captures_iter(&fs::read_to_string(&path).unwrap_or_default()) {
            let number = to.get(1).or(to.get(2)).unwrap().as_str();
            assert!(numbers.contains(&number), "{}: T{number}", path.display());
        }
    }
}

#[test]
fn every_invariant_has_a_number_of_its_own() {
    let text = read("ARCHITECTURE.md").unwrap();
    let row = Regex::new(r"(?m)^\| (I[0-9]+[a-z]?) \|").unwrap();
    let mut numbers: Vec<&str> =
        row.captures_iter(&text).map(|found| found.get(1).unwrap().as_str()).collect();
    let all = numbers.len();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), all, "one number stands for two invariants: {numbers:?}");
    assert!(all > 40, "only {all} invariants are numbered");
}
