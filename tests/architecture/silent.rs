//! What holds secrets derives nothing that shows, copies or compares them.

use super::*;

/// Types that hold a secret or what a witness said: nothing prints, copies or compares them by chance.
struct Derives<'s> {
    path: &'s str,
    wrong: Vec<String>,
}

const SILENT: &[&str] = &[
    "Secret",
    "SecretText",
    "HybridIdentity",
    "AgeIdentity",
    "Receipt",
    "LookupId",
    "Derived",
    "TestimonyKeys",
    "AccountKey",
    "NamesKey",
    "ReadingIdentity",
    "Account",
    "Identity",
    "OnceKey",
    "OncePage",
    "Reply",
    "SignedReply",
    "Accepted",
    "Typed",
    "Form",
];

impl<'ast> Visit<'ast> for Derives<'_> {
    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.check(&item.ident.to_string(), &item.attrs);
    }
    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.check(&item.ident.to_string(), &item.attrs);
    }
    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let Some((_, of, _)) = &item.trait_ else { return };
        let of = of.segments.last().unwrap().ident.to_string();
        let syn::Type::Path(subject) = &*item.self_ty else { return };
        let subject = subject.path.segments.last().unwrap().ident.to_string();
        if SILENT.contains(&subject.as_str()) && ["Debug", "Display"].contains(&of.as_str()) {
            self.wrong.push(format!("{}: {subject} has {of}", self.path));
        }
    }
}

impl Derives<'_> {
    fn check(&mut self, name: &str, attributes: &[syn::Attribute]) {
        if !SILENT.contains(&name) {
            return;
        }
        for attribute in attributes.iter().filter(|a| a.path().is_ident("derive")) {
            let list =
                attribute.meta.require_list().expect("a derive has a list").tokens.to_string();
            if list.contains("Debug") {
                self.wrong.push(format!("{}: {name} derives Debug", self.path));
            }
        }
    }
}

#[test]
fn nothing_secret_can_be_printed() {
    for source in sources() {
        let mut derives = Derives { path: &source.path, wrong: Vec::new() };
        derives.visit_file(&source.tree);
        assert!(derives.wrong.is_empty(), "{:?}", derives.wrong);
    }
}
