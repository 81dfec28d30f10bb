//! The witness's path through a real server process: what arrives, what is kept, what is left behind.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test says what is wrong by failing"
)]

mod common;
mod journey;
#[path = "intake/large.rs"]
mod large;
mod mailbox;

use std::{
    io::{Read, Write as _},
    net::TcpStream,
    time::Duration,
};

use common::{Opened, Organisation, Server, files_with};
use reqwest::{
    StatusCode,
    blocking::{
        Client, Response,
        multipart::{Form, Part},
    },
    redirect::Policy,
};
use sandyk::{
    digest::{Digest, Hasher},
    keyring::Role,
};

const ROLES: [Role; 3] = [Role::Reviewer, Role::Reviewer, Role::Guardian];

fn client() -> Client {
    let client = Client::builder().redirect(Policy::none()).no_proxy();
    client.timeout(Duration::from_mins(5)).build().unwrap()
}

fn send(server: &Server, tag: &str, form: Form) -> Response {
    client().post(server.url(&format!("/{tag}/send"))).multipart(form).send().unwrap()
}

/// The page that a form's answer leads to.
fn page_after(server: &Server, answer: &Response) -> String {
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let place = answer.headers()["location"].to_str().unwrap();
    client().get(server.url(place)).send().unwrap().text().unwrap()
}

/// What stands before the code on a receipt page, and on no other.
const CODE: &str = "<p class=\"k\">";

/// The 27 digits on a receipt page.
fn digits(page: &str) -> String {
    let (_, rest) = page.split_once(CODE).unwrap_or_else(|| panic!("no code on {page}"));
    let code = rest.split_once("</p>").unwrap().0;
    code.chars().filter(char::is_ascii_digit).collect()
}

fn told(story: &str) -> Form {
    Form::new().text("story", story.to_owned())
}

fn file(name: &str, bytes: Vec<u8>) -> Part {
    Part::bytes(bytes).file_name(name.to_owned()).mime_str("application/octet-stream").unwrap()
}

fn stop_and_open(organisation: &Organisation, server: Server) -> Vec<Opened> {
    server.stop();
    organisation.open_all()
}

#[test]
fn what_is_told_arrives_as_it_was_typed() {
    let stories = [
        ("ky", "Түндө келишти. Өзүм көрдүм: ү, ө, ң."),
        ("ru", "  Два пробела,\r\nновая строка, ё и\u{301} — как напечатано.  "),
        ("uz-Cyrl", "Ўқитувчи ҳовлида ғишт кўтарди."),
        ("uz-Latn", "Oʻqituvchi gʻisht koʻtardi, hech kim yordam bermadi."),
        ("en", "Person A was taken.\u{202e}\u{200b} <script>alert(1)</script>"),
    ];
    let organisation = Organisation::found(&ROLES);
    let server = organisation.serve();
    let photo: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    for (tag, story) in stories {
        let form = told(story)
            .text("role", "family")
            .text("name", "Person A, Асан уулу")
            .part("file", file("IMG 1.jpg", photo.clone()))
            .part("file", file("бош.txt", Vec::new()));
        let page = page_after(&server, &send(&server, tag, form));
        assert_eq!(digits(&page).len(), 27);
    }
    let opened = stop_and_open(&organisation, server);
    assert_eq!(opened.len(), stories.len());
    for ((tag, story), testimony) in stories.iter().zip(&opened) {
        assert_eq!(testimony.account.story, *story);
        assert_eq!(testimony.account.triage.lang, *tag);
        assert_eq!(testimony.account.id, testimony.id);
        let name = &testimony.identity.submitter.as_ref().unwrap().name;
        assert_eq!(name, "Person A, Асан уулу");
        let [image, empty] = testimony.files.as_slice() else { panic!("two files") };
        assert_eq!((image.name.as_str(), image.sha256), ("IMG 1.jpg", Digest::of(&photo)));
        assert!(image.complete);
        assert_eq!((empty.name.as_str(), empty.bytes), ("бош.txt", 0));
    }
}

#[test]
fn sixty_four_at_once_all_arrive_whole() {
    let organisation = Organisation::found(&ROLES);
    let server = organisation.serve();
    let sent: Vec<(String, Vec<Digest>)> = std::thread::scope(|scope| {
        let witness = |n: usize| {
            let server = &server;
            scope.spawn(move || {
                let story = format!("Witness {n} {}", "ы".repeat(n * 700));
                let files: Vec<Vec<u8>> =
                    (0..n % 4).map(|f| vec![u8::try_from(n + f).unwrap(); n * 40_000]).collect();
                let mut form = told(&story);
                for (f, bytes) in files.iter().enumerate() {
                    form = form.part("file", file(&format!("{f}.bin"), bytes.clone()));
                }
                let page = page_after(server, &send(server, "ru", form));
                assert_eq!(digits(&page).len(), 27, "{page}");
                (story, files.iter().map(|bytes| Digest::of(bytes)).collect())
            })
        };
        let all: Vec<_> = (0..64).map(witness).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let opened = stop_and_open(&organisation, server);
    assert_eq!(opened.len(), 64);
    for (story, hashes) in sent {
        let found =
            opened.iter().find(|o| o.account.story == story).expect("acknowledged, so kept");
        assert_eq!(found.files.iter().map(|f| f.sha256).collect::<Vec<_>>(), hashes);
    }
}

const MARKER: &str = "marker-of-a-frightened-person-9f3a";

/// Starts an upload by hand and leaves it in the middle of a file.
fn half_an_upload(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let body = format!(
        "--b\r\nContent-Disposition: form-data; name=\"story\"\r\n\r\n{MARKER}\r\n\
         --b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{MARKER}.jpg\"\r\n\
         Content-Type: image/jpeg\r\n\r\n"
    );
    let head = format!(
        "POST /en/send HTTP/1.1\r\nHost: {}\r\nContent-Type: multipart/form-data; boundary=b\r\n\
         Content-Length: 99999999\r\n\r\n{body}",
        server.address()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let piece = MARKER.repeat(4096);
    for _ in 0..40 {
        stream.write_all(piece.as_bytes()).unwrap();
    }
    stream.flush().unwrap();
    stream
}

/// Waits until the server has begun to write the upload.
fn until_something_is_written(organisation: &Organisation) {
    for _ in 0..200 {
        let temporary = organisation.at("store/tmp");
        let sizes = std::fs::read_dir(&temporary).into_iter().flatten().flatten();
        if sizes.filter_map(|e| e.metadata().ok()).any(|m| m.len() > 1 << 20) {
            return;
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    panic!("the upload did not reach the disk");
}

fn nothing_readable(organisation: &Organisation) {
    let found = files_with(organisation.folder.path(), MARKER.as_bytes());
    assert!(found.is_empty(), "{MARKER} lies open in {found:?}");
}

#[test]
fn a_server_killed_in_the_middle_of_an_upload_leaves_nothing_readable() {
    let organisation = Organisation::found(&ROLES);
    let server = organisation.serve();
    let kept = page_after(&server, &send(&server, "en", told(&format!("kept {MARKER}"))));
    assert_eq!(digits(&kept).len(), 27);
    let _open = half_an_upload(&server);
    until_something_is_written(&organisation);
    server.kill();
    nothing_readable(&organisation);

    let server = organisation.serve();
    nothing_readable(&organisation);
    let left = std::fs::read_dir(organisation.at("store/tmp")).unwrap().count();
    assert_eq!(left, 0, "what was not acknowledged is swept at the next start");
    let opened = stop_and_open(&organisation, server);
    assert_eq!(opened.len(), 1, "what was acknowledged is there, what was not is not");
}

#[test]
fn an_upload_given_up_by_its_sender_leaves_nothing() {
    let organisation = Organisation::found(&ROLES);
    let server = organisation.serve();
    let open = half_an_upload(&server);
    until_something_is_written(&organisation);
    drop(open);
    let empty = || std::fs::read_dir(organisation.at("store/tmp")).unwrap().count() == 0;
    let gone = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(25));
        empty()
    });
    assert!(gone, "the temporary file of a broken upload goes at once");
    nothing_readable(&organisation);
    assert_eq!(stop_and_open(&organisation, server).len(), 0);
}

#[test]
fn an_empty_form_is_answered_by_the_form() {
    let organisation = Organisation::found(&ROLES);
    let server = organisation.serve();
    let untouched = Part::bytes(Vec::new()).file_name("");
    let form = Form::new().text("story", " ").text("box", "harm-death").part("file", untouched);
    let page = page_after(&server, &send(&server, "ky", form));
    assert!(!page.contains(CODE), "{page}");
    assert!(page.contains("<form") && page.contains("lang=\"ky\""));
    assert_eq!(stop_and_open(&organisation, server).len(), 0);
}

#[test]
fn what_is_refused_comes_back_with_what_was_typed() {
    let organisation = Organisation::found(&ROLES);
    let server = organisation.serve();
    let long = "ё".repeat(130_000);
    let form = told(&long)
        .text("where", "<b>\"Village & B\"</b>")
        .part("file", file("a large one, read to its end.mp4", vec![7; 20 << 20]));
    let page = page_after(&server, &send(&server, "ru", form));
    assert!(page.contains(&long), "the text is still on the page");
    assert!(page.contains("&lt;b&gt;") && !page.contains("<b>\"Village"), "and it is only text");

    let late = Form::new()
        .text("story", "before")
        .part("file", file("a.bin", vec![7; 100]))
        .text("where", "after");
    let page = page_after(&server, &send(&server, "ru", late));
    assert!(!page.contains(CODE));
    assert_eq!(stop_and_open(&organisation, server).len(), 0);
}

#[test]
fn words_are_kept_when_a_file_is_too_large_or_one_too_many() {
    let limits = "files = 2\nfile_bytes = 1048576\ntestimony_bytes = 1572864";
    let organisation = Organisation::found_with(&ROLES, limits, 180);
    let server = organisation.serve();
    let form = told("the words matter most")
        .part("file", file("long.mp4", vec![1; 3 << 20]))
        .part("file", file("second.jpg", vec![2; 1 << 20]))
        .part("file", file("third.jpg", vec![3; 10]));
    let page = page_after(&server, &send(&server, "en", form));
    assert_eq!(digits(&page).len(), 27);
    for name in ["long.mp4", "second.jpg", "third.jpg"] {
        assert!(page.contains(name), "{name} is named: {page}");
    }
    let opened = stop_and_open(&organisation, server);
    let [testimony] = opened.as_slice() else { panic!("one testimony") };
    assert_eq!(testimony.account.story, "the words matter most");
    let kept: Vec<_> = testimony.files.iter().map(|f| (f.bytes, f.complete)).collect();
    assert_eq!(kept, [(1 << 20, false), (1 << 19, false)]);
}

#[test]
fn a_receipt_page_is_read_until_it_is_burned() {
    let organisation = Organisation::found(&ROLES);
    let server = organisation.serve();
    let answer = send(&server, "en", told("once"));
    let place = answer.headers()["location"].to_str().unwrap().to_owned();
    let code = digits(&page_after(&server, &answer));
    assert_eq!(digits(&page_after(&server, &answer)), code, "a phone may reload the tab");
    let burned = client().post(server.url(&format!("{place}/done"))).send().unwrap();
    assert_eq!(burned.status(), StatusCode::SEE_OTHER);
    assert_eq!(burned.headers()["location"], "/en/leave");
    let gone = client().get(server.url(&place)).send().unwrap();
    let never = client().get(server.url(&format!("/en/once/{}", "A".repeat(43)))).send().unwrap();
    assert_eq!((gone.status(), never.status()), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
    assert_eq!(gone.bytes().unwrap(), never.bytes().unwrap(), "burned and never there look alike");
    server.stop();
}

#[test]
fn without_a_usable_keyring_nothing_is_taken_in() {
    let expired = Organisation::found_with(&ROLES, "", -1);
    let missing = Organisation::found(&ROLES);
    std::fs::remove_file(missing.at("keyring/keyring-0001.note")).unwrap();
    let reviewers_only = [Role::Reviewer, Role::Reviewer];
    for organisation in [expired, missing, Organisation::found(&reviewers_only)] {
        let server = organisation.serve();
        for path in ["/", "/ky", "/en/leave", "/nowhere"] {
            let answer = client().get(server.url(path)).send().unwrap();
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
            let page = answer.text().unwrap();
            assert!(page.contains("другой путь"), "the other safe way is named");
            for lang in ["ky", "ru", "uz-Cyrl", "uz-Latn", "en"] {
                assert!(page.contains(&format!("lang=\"{lang}\"")), "{lang} is missing");
            }
        }
        // Whoever was writing when it closed gets the words back.
        let page = page_after(&server, &send(&server, "ru", told("два часа письма")));
        assert!(!page.contains(CODE) && page.contains("два часа письма"), "{page}");
        assert!(page.contains("Сайт сейчас закрыт"), "{page}");
        server.stop();
    }
}

#[test]
fn a_form_from_another_site_is_refused() {
    let organisation = Organisation::found(&ROLES);
    let server = organisation.serve();
    for (site, status) in [
        ("cross-site", StatusCode::FORBIDDEN),
        ("same-site", StatusCode::FORBIDDEN),
        ("same-origin", StatusCode::SEE_OTHER),
        ("none", StatusCode::SEE_OTHER),
    ] {
        let request = client().post(server.url("/en/send")).header("sec-fetch-site", site);
        let answer = request.multipart(told("x")).send().unwrap();
        assert_eq!(answer.status(), status, "{site}");
    }
    server.stop();
}
