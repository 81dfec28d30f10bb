//! A mailbox that was used and one that was not, side by side: every step answers with the same bytes.
//!
//! Run a second time against a server that was built without `nojs-replies` (`tests/fence`).

use rand::rngs::OsRng;
use sandyk::{
    id::ReplyId,
    intake::mailbox::SHOWS_REPLIES,
    locale::{Lang, Locale},
    receipt::Receipt,
};
use serde_json::Value;

use super::{Post, write};
use crate::common::{
    raw::{Answer, end, exchange, field, form, request},
    server::OTHER_SERVER,
};

/// What a step answered with, without what is random in it.
#[derive(PartialEq, Eq, Debug)]
struct Seen {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Seen {
    fn of(place: &str, answer: &Answer) -> Self {
        let calm = |text: &str| text.replace(place, "PLACE");
        let headers = answer.headers.iter().map(|(name, value)| (name.clone(), calm(value)));
        let (status, body) = (answer.status, calm(&answer.text()));
        Self { status, headers: headers.collect(), body }
    }
}

impl Post {
    fn ask(&self, request: &[u8]) -> Answer {
        exchange(self.server.address(), request)
    }

    fn put(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let parts: Vec<u8> = fields.iter().flat_map(|(name, value)| field(name, value)).collect();
        self.ask(&form(path, &[parts, end()].concat(), &[]))
    }

    /// Opens a mailbox in that language; its place.
    fn visit(&self, lang: Lang, code: &str) -> String {
        let answer = self.put(&format!("/{}/mailbox", lang.tag()), &[("receipt", code)]);
        let place = answer.header("location").unwrap().to_owned();
        for _ in 0..200 {
            let page = self.ask(&request("GET", &place, &[])).text();
            if page.contains(&format!("{place}/withdraw")) {
                return place;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("the mailbox does not open");
    }

    /// Every form of a mailbox sent once, and the page after each.
    fn every_step(&self, lang: Lang, code: &str) -> Vec<Seen> {
        let place = self.visit(lang, code);
        let page = || {
            let page = self.ask(&request("GET", &place, &[]));
            assert!(page.status == 404 || page.body.len() == 64 * 1024);
            Seen::of(&place, &page)
        };
        let mut seen = vec![page()];
        let nobody = ReplyId::random(&mut OsRng).to_string();
        let steps: [(&str, &[(&str, &str)]); 6] = [
            ("delete", &[("reply", nobody.as_str())]),
            ("delete", &[("reply", "no name")]),
            ("write", &[("risk", "none"), ("story", "It was in May.")]),
            ("correct", &[("story", "It was in June."), ("freely", "yes")]),
            ("consent", &[("consent", "court"), ("freely", "yes")]),
            ("withdraw", &[("story", ""), ("freely", "no"), ("pressure", "Two men came.")]),
        ];
        for (step, fields) in steps {
            let path = format!("{place}/{step}");
            seen.push(Seen::of(&place, &self.put(&path, fields)));
            assert_eq!(seen.last().unwrap().status, 303, "{step}");
            seen.push(page());
        }
        seen.push(Seen::of(&place, &self.put(&format!("{place}/done"), &[])));
        seen.push(page());
        assert_eq!(seen.last().unwrap().status, 404);
        seen
    }
}

fn unused() -> String {
    Receipt::random(&mut OsRng).digits().expose().to_owned()
}

fn told(post: &Post) -> String {
    let receipt = post.put("/en/send", &[("story", "Person A was taken.")]);
    let page = post.ask(&request("GET", receipt.header("location").unwrap(), &[])).text();
    crate::digits(&page)
}

#[test]
fn every_step_in_a_mailbox_answers_alike_for_a_used_code_and_an_unused_one() {
    let post = Post::open();
    let used = told(&post);
    for lang in [Lang::Ky, Lang::Ru, Lang::UzCyrl, Lang::UzLatn, Lang::En] {
        let (one, other) = (post.every_step(lang, &used), post.every_step(lang, &unused()));
        for (n, (one, other)) in one.iter().zip(&other).enumerate() {
            assert!(one == other, "step {n} of {}: {one:?} {other:?}", lang.tag());
        }
    }
}

/// An answer waits; a server that cannot show it says so, before a code is typed and after, and shows the
/// same bytes as where none waits. Everything else works.
#[test]
#[ignore = "needs a server without nojs-replies, named by SANDYK_SERVER: tests/fence"]
fn without_answers_the_page_says_so_and_all_else_works_in_five_languages() {
    assert!(std::env::var_os(OTHER_SERVER).is_some() && SHOWS_REPLIES, "name the other server");
    let post = Post::open();
    let answered = told(&post);
    post.sync();
    let listed: Value = serde_json::from_str(&post.review(&["list", "--json"])).unwrap();
    let id = super::find_id(&listed).unwrap();
    write(&post.at("message"), b"When was it?");
    let message = post.at("message");
    post.review(&["reply", &id, "--send", "--message-file", message.to_str().unwrap()]);
    post.sync();
    for lang in [Lang::Ky, Lang::Ru, Lang::UzCyrl, Lang::UzLatn, Lang::En] {
        let locale = Locale::of(lang).unwrap();
        let said = |key| locale.text(key).replace('&', "&amp;").replace('"', "&quot;");
        let enter = post.ask(&request("GET", &format!("/{}/mailbox", lang.tag()), &[])).text();
        let (one, other) = (post.every_step(lang, &answered), post.every_step(lang, &unused()));
        for (n, (one, other)) in one.iter().zip(&other).enumerate() {
            assert!(one == other, "step {n} of {}: {one:?} {other:?}", lang.tag());
        }
        for page in [&enter, &one[0].body, &one[2].body] {
            assert!(page.contains(&said("box-blind")) && page.contains(&said("box-blind-ask")));
        }
        for page in one.iter().map(|seen| &seen.body) {
            for key in ["box-nothing", "box-forged", "box-delete", "box-older"] {
                assert!(!page.contains(&said(key)), "{key} of {}", lang.tag());
            }
            assert!(!page.contains("When was it?") && !page.contains("class=\"r\""));
        }
        assert!(one[6].body.contains(&said("box-sent")));
    }
    // All of it arrived: the account, and four more in each language; each unused one has four too.
    post.sync();
    let listed: Value = serde_json::from_str(&post.review(&["list", "--json"])).unwrap();
    let rows = listed.as_array().unwrap();
    let of = |kind: &str| rows.iter().filter(|row| row["kind"] == kind).count();
    assert_eq!((rows.len(), of("new")), (1 + 5 * 8, 1 + 5));
    assert_eq!((of("correction"), of("consent-change"), of("withdrawal")), (10, 10, 10));
    assert!(rows.iter().all(|row| row["not_proven"].is_null()));
}
