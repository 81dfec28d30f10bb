//! The house, held to its plan: which module may import which, who may name which crate, how large a
//! file may be, and what never happens. `ARCHITECTURE.md` draws the same table.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what is wrong by failing"
)]

#[path = "architecture/silent.rs"]
mod silent;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use syn::visit::Visit;
use walkdir::{DirEntry, WalkDir};

/// What each module may import. Ground, nouns, formats, places, roles, faces: from the top down.
const MAY_IMPORT: &[(&str, &str)] = &[
    // 0 ground
    ("clock", ""),
    ("digest", ""),
    ("files", ""),
    ("id", ""),
    ("locale", ""),
    ("padding", ""),
    ("process", ""),
    ("secret", ""),
    // 1 nouns
    ("attention", "files"),
    ("finding", ""),
    ("hybrid", "secret"),
    ("note", "digest"),
    ("paper", "digest"),
    ("receipt", "digest hybrid secret"),
    ("recipient", "hybrid secret"),
    ("keyring", "clock digest files id note receipt recipient"),
    ("forget", "clock digest id keyring note"),
    ("reply", "digest id keyring note"),
    ("rewrap", "digest id keyring note"),
    ("testimony", "clock digest id locale"),
    // 2 formats
    ("ledger", "clock digest files id note secret"),
    ("sealed", "digest hybrid id keyring padding recipient secret testimony"),
    ("wire", "digest id"),
    ("casebook", "clock digest id keyring note recipient reply sealed secret"),
    // 3 places
    ("store", "clock digest files id"),
    ("config", "files id locale"),
    ("doctor", "clock config files finding id keyring locale"),
    // 4 roles
    (
        "intake",
        "clock config digest doctor files finding id keyring ledger locale note receipt reply sealed secret \
         store testimony",
    ),
    ("desk", "clock digest forget id keyring ledger rewrap store wire"),
    ("sync", "clock digest doctor files finding forget id keyring ledger note rewrap secret wire"),
    (
        "review",
        "attention casebook clock digest doctor files finding forget hybrid id keyring ledger note paper recipient reply \
         rewrap sealed secret testimony",
    ),
    (
        "admin",
        "clock digest doctor files finding id keyring note paper receipt recipient sealed secret",
    ),
    // 5 faces
    ("web", "config digest intake locale receipt testimony"),
    // The desk's face needs the store's trait to name the desk it speaks for.
    ("web/desk", "desk rewrap store wire"),
    (
        "cli",
        "admin attention casebook clock config desk digest files finding forget id intake keyring ledger locale note paper \
         process recipient reply review sealed secret store sync testimony web",
    ),
    ("main", "cli"),
];

/// Crates that only some modules may name, and the modules that may.
const ONLY: &[(&str, &[&str])] = &[
    ("age", &["hybrid", "sealed", "receipt", "keyring", "recipient"]),
    ("age_core", &["hybrid", "sealed", "recipient"]),
    ("sled", &["store/index.rs", "store/table.rs"]),
    ("axum", &["web", "cli/serve/mod.rs"]),
    ("hyper", &["web"]),
    ("maud", &["web/pages"]),
    ("multer", &["web"]),
    ("reqwest", &["sync", "cli/demo"]),
    ("clap", &["cli"]),
    ("ml_kem", &["hybrid"]),
    ("curve25519_dalek", &["hybrid"]),
    ("argon2", &["receipt"]),
];

/// Paths that a module never mentions, with the reason.
const NEVER: &[(&str, &str, &str)] = &[
    ("web", "sealed", "a handler has no way to bytes"),
    ("web", "store", "a handler has no way to bytes"),
    ("intake", "sealed::open", "the server cannot open what readers can"),
    ("desk", "sealed", "the server cannot open what readers can"),
    ("sync", "sealed", "keys or network, never both in one process"),
    ("sync", "receipt", "keys or network, never both in one process"),
    ("sync", "hybrid", "keys or network, never both in one process"),
    ("sync", "recipient", "keys or network, never both in one process"),
    ("review", "sync", "keys or network, never both in one process"),
    ("review", "web", "keys or network, never both in one process"),
    ("review", "wire", "keys or network, never both in one process"),
    ("ledger", "testimony", "the log sees hashes only"),
    ("store", "testimony", "the store cannot know what it keeps"),
    ("testimony", "receipt", "words and deeds are unlinkable"),
    ("receipt", "testimony", "words and deeds are unlinkable"),
];

/// Lines of one file, its tests included.
const MAX_LINES: usize = 400;

struct Source {
    /// Path below `src/`, as `module/file.rs`.
    path: String,
    module: String,
    text: String,
    tree: syn::File,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    assert!(files.len() > 40, "only {} sources found", files.len());
    let read = |file: PathBuf| {
        let path = file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        let first = path.split('/').next().unwrap().trim_end_matches(".rs");
        let module = if path.starts_with("web/desk/") { "web/desk" } else { first }.to_owned();
        let text = fs::read_to_string(&file).unwrap();
        let tree = syn::parse_file(&text).unwrap_or_else(|e| panic!("{path}: {e}"));
        Source { path, module, text, tree }
    };
    // Tests that have a file of their own may look wherever they must.
    let is_test = |path: &str| path.contains("/tests") || path.ends_with("/testing.rs");
    files.into_iter().map(read).filter(|source| !is_test(&source.path)).collect()
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    let ours = |entry: &DirEntry| !entry.path().ends_with("node_modules");
    let all = WalkDir::new(folder).into_iter().filter_entry(ours);
    let paths = all.map(|entry| entry.unwrap().into_path());
    into.extend(paths.filter(|path| path.extension().is_some_and(|e| e == "rs")));
    into.sort();
}

/// Every path a file mentions outside its tests, as `a::b::c`.
#[derive(Default)]
struct Paths(BTreeSet<String>);

impl Paths {
    fn tree(&mut self, prefix: &str, tree: &syn::UseTree) {
        let join = |name: &str| {
            if prefix.is_empty() { name.to_owned() } else { format!("{prefix}::{name}") }
        };
        match tree {
            syn::UseTree::Path(path) => self.tree(&join(&path.ident.to_string()), &path.tree),
            syn::UseTree::Name(name) => drop(self.0.insert(join(&name.ident.to_string()))),
            syn::UseTree::Rename(name) => drop(self.0.insert(join(&name.ident.to_string()))),
            syn::UseTree::Glob(_) => drop(self.0.insert(join("*"))),
            syn::UseTree::Group(group) => {
                group.items.iter().for_each(|item| self.tree(prefix, item));
            }
        }
    }
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|a| {
        a.path().is_ident("cfg")
            && a.meta.require_list().is_ok_and(|list| list.tokens.to_string() == "test")
    })
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree("", &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<_> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        self.0.insert(names.join("::"));
        syn::visit::visit_path(self, path);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            syn::visit::visit_item_mod(self, item);
        }
    }
}

fn paths_of(source: &Source) -> BTreeSet<String> {
    let mut paths = Paths::default();
    paths.visit_file(&source.tree);
    paths.0
}

fn is_below(path: &str, prefix: &str) -> bool {
    path == prefix || path.strip_prefix(prefix).is_some_and(|rest| rest.starts_with("::"))
}

#[test]
fn every_import_points_down() {
    let table: BTreeMap<_, _> = MAY_IMPORT.iter().copied().collect();
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|s| s.module != "lib") {
        let allowed = table.get(source.module.as_str()).copied();
        let allowed = allowed.unwrap_or_else(|| panic!("{} is not in the table", source.module));
        for path in paths_of(source) {
            let Some(rest) = path.strip_prefix("crate::").or(path.strip_prefix("sandyk::")) else {
                continue;
            };
            let target = rest.split("::").next().unwrap();
            let target = if rest.starts_with("web::desk") { "web/desk" } else { target };
            if target != source.module && !allowed.split_whitespace().any(|t| t == target) {
                wrong.push(format!("{} imports {path}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "not in the table:\n{}", wrong.join("\n"));
}

#[test]
fn the_table_itself_points_down() {
    let order: Vec<_> = MAY_IMPORT.iter().map(|(name, _)| *name).collect();
    for (name, allowed) in MAY_IMPORT {
        let own = order.iter().position(|n| n == name).unwrap();
        for target in allowed.split_whitespace() {
            let place = order.iter().position(|n| *n == target);
            let place =
                place.unwrap_or_else(|| panic!("{name} may import {target}: no such module"));
            assert!(place < own, "{name} may import {target}, which stands below it");
        }
    }
}

#[test]
fn no_edge_of_the_table_is_unused() {
    let mut used = BTreeSet::new();
    for source in sources() {
        for path in paths_of(&source) {
            if let Some(rest) = path.strip_prefix("crate::").or(path.strip_prefix("sandyk::")) {
                used.insert((source.module.clone(), rest.split("::").next().unwrap().to_owned()));
            }
        }
    }
    let idle: Vec<_> = MAY_IMPORT
        .iter()
        .flat_map(|(from, to)| {
            to.split_whitespace().map(move |to| ((*from).to_owned(), to.to_owned()))
        })
        .filter(|edge| !used.contains(edge))
        .collect();
    assert!(idle.is_empty(), "the table allows what nobody needs: {idle:?}");
}

#[test]
fn some_things_are_never_imported() {
    let sources = sources();
    for (module, target, because) in NEVER {
        for source in sources.iter().filter(|s| s.module == *module) {
            for path in paths_of(source) {
                let rest = path.strip_prefix("crate::").unwrap_or_default();
                assert!(!is_below(rest, target), "{} names {path}: {because}", source.path);
            }
        }
    }
}

#[test]
fn a_crate_is_named_only_where_it_belongs() {
    for source in sources() {
        for path in paths_of(&source) {
            let first = path.split("::").next().unwrap();
            let Some((_, places)) = ONLY.iter().find(|(name, _)| *name == first) else { continue };
            let bare_module = path == first && source.tree_declares(first);
            let allowed = places
                .iter()
                .any(|p| source.path == *p || source.path.starts_with(&format!("{p}/")));
            assert!(allowed || bare_module, "{} names {path}", source.path);
        }
    }
}

impl Source {
    /// A path of one segment may also be a variable or field of that name.
    fn tree_declares(&self, name: &str) -> bool {
        !self.text.contains(&format!("{name}::"))
    }
}

#[test]
fn no_file_is_longer_than_a_person_reads() {
    let mut files = Vec::new();
    for folder in ["src", "tests", "examples", "fuzz/fuzz_targets"] {
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
    }
    assert!(files.len() > 300, "only {} files found", files.len());
    let long: Vec<_> = files
        .iter()
        .map(|file| (file, fs::read_to_string(file).unwrap().lines().count()))
        .filter(|(_, lines)| *lines > MAX_LINES)
        .collect();
    assert!(long.is_empty(), "over {MAX_LINES} lines: {long:?}");
}

#[test]
fn only_reasoned_places_open_anything() {
    for source in sources() {
        let opens = source.text.contains("Decryptor");
        let may =
            ["sealed/open/", "sealed/open_reply.rs", "sealed/open_passfile.rs", "sealed/once.rs"];
        let may = may.iter().any(|place| source.path.starts_with(place));
        assert!(!opens || may, "{} names age's Decryptor", source.path);
    }
}

#[test]
fn features_stand_only_on_modules() {
    for source in sources() {
        let lines: Vec<_> = source.text.lines().collect();
        for (n, line) in lines.iter().enumerate() {
            if !line.trim_start().starts_with("#[cfg(") || !line.contains("feature") {
                continue;
            }
            let next = lines[n + 1..].iter().map(|l| l.trim_start()).find(|l| !l.starts_with("#["));
            let next = next.unwrap_or_default();
            let fine = ["mod ", "pub mod ", "pub(crate) mod "].iter().any(|m| next.starts_with(m));
            // The command line has one variant and one arm for each role, and so have its words.
            let by_role = ["cli/mod.rs", "cli/verify/mod.rs", "cli/words/mod.rs"]
                .contains(&source.path.as_str());
            assert!(fine || by_role, "{}:{}: {next}", source.path, n + 2);
        }
    }
}

#[test]
fn nothing_is_logged() {
    for source in sources() {
        for path in paths_of(&source) {
            let first = path.split("::").next().unwrap();
            let logs = ["log", "tracing", "eprintln", "println"].contains(&first);
            assert!(!(logs && path.contains("::")), "{} names {path}", source.path);
        }
    }
}
