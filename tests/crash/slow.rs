//! Slow witnesses delay nobody, and arrive in the end.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use crate::{
    common::raw,
    town::Town,
    witness::{How, Outcome, Plan, Sent},
};

/// Fewer than the places for files: what more than these do is another test's.
const SLOW: usize = 96;
const FAST: usize = 40;

/// Somebody on a line that carries a few bytes now and then.
struct Dribbler {
    plan: Plan,
    request: Vec<u8>,
    sent: usize,
    stream: TcpStream,
}

impl Dribbler {
    /// Stands in the words or in the file; a head may take a minute only.
    fn begin(address: &str, number: usize) -> Self {
        let plan = Plan {
            number,
            tag: "ru",
            fields: vec![("story", format!("№{number} медленно"))],
            files: vec![(format!("№{number} film.mp4"), vec![3; 30_000])],
        };
        let request = plan.request();
        let sent = [290, 20_000][number % 2];
        let mut stream = raw::connect(address);
        stream.write_all(&request[..sent]).unwrap();
        Self { plan, request, sent, stream }
    }

    fn dribble(&mut self) {
        self.stream.write_all(&self.request[self.sent..self.sent + 2]).unwrap();
        self.sent += 2;
    }

    /// Sends the rest; the server closes when it has answered.
    fn end(mut self) -> Sent {
        self.stream.write_all(&self.request[self.sent..]).unwrap();
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 303 "), "{answer}");
        self.plan.sent(Outcome::Unknown)
    }
}

/// How long one witness takes for everything, receipt and all.
fn timed(address: &str, number: usize) -> (Sent, Duration) {
    let began = Instant::now();
    let sent = Plan::mixed(number, 3, 200_000).send(address, How::Whole);
    (sent, began.elapsed())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

#[test]
fn ninety_six_slow_witnesses_delay_nobody_and_arrive_in_the_end() {
    let (mut town, quiet) = (Town::found(""), Town::found(""));
    let (server, alone) = (town.serve(), quiet.serve());
    let mut slow: Vec<_> =
        (0..SLOW).map(|number| Dribbler::begin(server.address(), number)).collect();
    let mut all = Vec::new();
    let (mut beside, mut without) = (Vec::new(), Vec::new());
    for number in SLOW..SLOW + FAST {
        slow.iter_mut().for_each(Dribbler::dribble);
        // In turn, so that whatever else the machine does slows both.
        let (sent, time) = timed(server.address(), number);
        assert_eq!(sent.outcome, Outcome::Acknowledged);
        all.push(sent);
        beside.push(time);
        without.push(timed(alone.address(), number).1);
    }
    let (beside, without) = (median(beside), median(without));
    let ratio = beside.as_secs_f64() / without.as_secs_f64();
    eprintln!("beside {SLOW} slow ones {beside:?}, alone {without:?}: {ratio:.2}");
    assert!(ratio < 3.0, "slow witnesses delay the others {ratio:.2} times");
    all.extend(slow.into_iter().map(Dribbler::end));
    town.read();
    town.compare(&all);
    assert_eq!(town.opened(), SLOW + FAST, "the slow ones arrived too");
    server.stop();
    alone.stop();
}
