//! A disk that fills up: files are refused first, words last, nothing acknowledged is lost, and it
//! goes on when there is room again.

use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use sandyk::files::used_percent;

use crate::{
    common::{Server, raw},
    disk::Disk,
    storm::Storm,
    town::Town,
    witness::{How, Outcome, Plan, Sent, ask},
};

const MEBIBYTE: usize = 1 << 20;

/// What others have written to the same disk.
struct Ballast {
    at: PathBuf,
}

impl Ballast {
    /// Grows it until more than `percent` of the disk are in use.
    fn until(&mut self, percent: u8) {
        let mut file = File::options().append(true).create(true).open(&self.at).unwrap();
        let piece = vec![9; 64 * 1024];
        while used_percent(&self.at).unwrap() <= percent {
            file.write_all(&piece).unwrap();
            file.sync_data().unwrap();
        }
    }

    fn gone(&mut self) {
        std::fs::remove_file(&self.at).unwrap();
    }
}

/// A town whose store lies on a small disk of its own, and what fills that disk.
fn town(limits: &str) -> Option<(Town, Disk, Ballast)> {
    let town = Town::found(limits);
    let at = town.organisation.at("disk");
    let disk = Disk::make(&at, 160, "defaults")?;
    town.move_store("disk/store");
    Some((town, disk, Ballast { at: at.join("ballast") }))
}

fn plan(number: usize, file: usize) -> Plan {
    let files = match file {
        0 => Vec::new(),
        bytes => vec![(format!("№{number} кино.mp4"), vec![5; bytes])],
    };
    Plan {
        number, tag: "ky", fields: vec![("story", format!("№{number} жана сөз"))], files
    }
}

/// The page that the answer leads to.
fn page(address: &str, plan: &Plan) -> String {
    let answer = ask(address, &plan.request()).unwrap();
    assert_eq!(answer.status, 303);
    ask(address, &raw::request("GET", &answer.place.unwrap(), &[])).unwrap().text
}

/// The same plan, as it is kept when only `kept` bytes of its file, or the words alone, had room.
fn without_file(plan: Plan) -> Sent {
    let Plan { number, tag, fields, files: _ } = plan;
    Plan { number, tag, fields, files: Vec::new() }.sent(Outcome::Acknowledged)
}

const CODE: &str = "<p class=\"k\">";

#[test]
fn files_are_refused_first_words_last_and_both_are_taken_in_again_when_there_is_room() {
    // Numbers of our own, so that the defaults are what is tried.
    let Some((mut town, _disk, mut ballast)) =
        town("files_until_percent = 85\nwords_until_percent = 97")
    else {
        return;
    };
    let mut server = town.serve();
    let address = server.address().to_owned();
    let mut all = vec![plan(0, 2 * MEBIBYTE).send(&address, How::Whole)];

    ballast.until(85);
    server.wait_for("files are refused, words are taken in");
    let refused = plan(1, MEBIBYTE);
    let said = page(&address, &refused);
    assert!(said.contains(CODE) && said.contains("№1 кино.mp4"), "named and acknowledged: {said}");
    all.push(without_file(refused));
    all.push(plan(2, 0).send(&address, How::Whole));
    let alone = Plan { fields: Vec::new(), ..plan(3, MEBIBYTE) };
    assert!(!page(&address, &alone).contains(CODE), "a file alone is not acknowledged");
    all.push(alone.sent(Outcome::Refused(303)));

    ballast.until(97);
    server.wait_for("nothing new is taken in");
    let words = plan(4, 0);
    let said = page(&address, &words);
    assert!(!said.contains(CODE) && said.contains("№4 жана сөз"), "the words come back: {said}");
    assert!(said.contains("Серверде азыр орун жок"), "and why: {said}");
    all.push(words.sent(Outcome::Refused(303)));
    town.read();
    town.compare(&all);
    assert_eq!(town.opened(), 3, "readers read on");

    ballast.gone();
    all.extend((5..8).map(|number| plan(number, MEBIBYTE).send(&address, How::Whole)));
    server.wait_for("there is room on the disk again");
    assert!(all[5..].iter().all(|sent| sent.outcome == Outcome::Acknowledged));
    town.read();
    town.compare(&all);
    assert_eq!(town.opened(), 6, "and witnesses write on, without a restart");
    server.stop();
    town.nothing_half_is_stored(&town.organisation.at("disk/store"));
}

#[test]
fn a_file_that_arrives_while_the_disk_fills_is_cut_and_its_beginning_kept() {
    let Some((mut town, _disk, mut ballast)) =
        town("files_until_percent = 60\nwords_until_percent = 97")
    else {
        return;
    };
    let server = town.serve();
    ballast.until(50);
    let said = page(server.address(), &plan(0, 60 * MEBIBYTE));
    assert!(said.contains(CODE) && said.contains("№0 кино.mp4"), "{said}");
    let used = used_percent(&ballast.at).unwrap();
    assert!((61..=63).contains(&used), "it stopped where no more room was: {used} %");
    town.read();
    let kept = town.cut_file(0);
    assert!((8 * MEBIBYTE..60 * MEBIBYTE).contains(&usize::try_from(kept).unwrap()), "{kept}");
    server.stop();
}

/// Without any reserve, as if somebody else had taken the last bytes.
#[test]
fn a_disk_without_a_free_byte_loses_nothing_and_no_person_is_needed_when_there_is_room_again() {
    let Some((mut town, _disk, mut ballast)) =
        town("files_until_percent = 100\nwords_until_percent = 100")
    else {
        return;
    };
    let mut server = town.serve();
    let address = server.address().to_owned();
    let mut storm = Storm::new(300_000);
    storm.on_a_full_disk = true;
    let ended = storm.until(&address, (10, Duration::ZERO), || {
        fill(&ballast.at);
        ended_by_itself(&mut server)
    });
    let server = if let Some(code) = ended {
        // The journal could not be written. The unit restarts on 1 (`Restart=on-failure`), again
        // and again; nothing is made worse by that.
        assert_eq!(code, 1, "{:?}", server.heard());
        for _ in 0..3 {
            if let Ok(server) = town.organisation.try_serve() {
                server.kill();
            }
        }
        ballast.gone();
        town.serve()
    } else {
        // Only parts could not be written: it refuses, and goes on by itself.
        ballast.gone();
        server
    };
    let address = server.address().to_owned();
    storm.until(&address, (5, Duration::ZERO), || ());
    town.read();
    town.compare(&storm.all);
    eprintln!(
        "ended with {ended:?}; {} acknowledged around a full disk, 0 lost",
        storm.acknowledged()
    );
    server.stop();
}

/// Takes every byte that is left, for as long as the server still frees some.
fn fill(at: &Path) {
    let mut file = File::options().append(true).create(true).open(at).unwrap();
    for size in [1 << 20, 1 << 16, 1 << 12] {
        while file.write_all(&vec![9; size]).is_ok() {}
    }
    let _ = file.sync_data();
}

/// The code it ends with, if it does within a while in which the disk stays full.
pub(crate) fn ended_by_itself(server: &mut Server) -> Option<i32> {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(8) {
        if let Some(status) = server.child.try_wait().unwrap() {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    None
}
