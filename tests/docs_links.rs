//! Every relative link in what people read leads somewhere.
#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use regex::Regex;
use walkdir::WalkDir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The pages that people read: those at the top, and all below `docs/` and `deploy/`.
fn pages() -> Vec<PathBuf> {
    let mut pages: Vec<_> = ["README.md", "ARCHITECTURE.md", "SECURITY.md", "CHANGELOG.md"]
        .iter()
        .map(|page| root().join(page))
        .collect();
    collect(&root().join("docs"), &mut pages);
    collect(&root().join("deploy"), &mut pages);
    pages
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    let all = WalkDir::new(folder).into_iter().map(|entry| entry.unwrap().into_path());
    into.extend(all.filter(|path| path.extension().is_some_and(|ending| ending == "md")));
}

/// The targets of links and pictures outside code.
fn targets(page: &str) -> Vec<String> {
    let code = Regex::new(r"(?s)```.*?```|`[^`\n]*`").unwrap();
    let link = Regex::new(r#"\]\(([^)\s]+)\)|\b(?:src|href)="([^"]+)""#).unwrap();
    let prose = code.replace_all(page, "");
    let target = |found: regex::Captures<'_>| {
        let target = found.get(1).or_else(|| found.get(2)).unwrap();
        target.as_str().to_owned()
    };
    link.captures_iter(&prose).map(target).collect()
}

#[test]
fn every_relative_link_leads_to_a_file() {
    let mut dead = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for target in targets(&text) {
            let (file, _) = target.split_once('#').unwrap_or((&target, ""));
            let outside = target.contains("://") || target.starts_with("mailto:");
            if !outside && !file.is_empty() && !page.parent().unwrap().join(file).exists() {
                dead.push(format!("{}: {target}", page.strip_prefix(root()).unwrap().display()));
            }
        }
    }
    assert!(dead.is_empty(), "these lead nowhere:\n{}", dead.join("\n"));
}

#[test]
fn a_link_within_a_page_names_a_heading_of_it() {
    let other = Regex::new(r"[^a-z0-9\- ]").unwrap();
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        let heads: Vec<_> = text
            .lines()
            .filter(|line| line.starts_with('#'))
            .map(|line| line.trim_start_matches('#').trim().to_lowercase())
            .map(|head| other.replace_all(&head, "").replace(' ', "-"))
            .collect();
        for target in targets(&text) {
            let Some(head) = target.strip_prefix('#') else { continue };
            assert!(heads.iter().any(|h| h == head), "{}: {target}", page.display());
        }
    }
}
