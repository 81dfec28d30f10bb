//! Whether the time that a look-up takes, or what it leaves behind, tells anything about the receipt.
//!
//! Measured is time of the processor, of the thread that asks and of the one that works: other work on the
//! machine disturbs it least. The derivation runs on a thread of its own whose clock nobody else can read, so
//! it is measured by the clock of the whole process, which other tests disturb; they do so for all kinds alike. Four kinds are looked up in turn, in an order drawn anew for each round: never
//! used, used, used and answered, and never used with something planted that costs a little. Compared are
//! differences within a round, by Yuen's t of their middle three fifths; of a fair look-up it is beyond
//! [`NOTICED`] once in some 100 000 runs.

use std::{fs, io::Write as _, time::Duration};

use rand::{rngs::OsRng, seq::SliceRandom as _};
use rustix::time::{ClockId, clock_gettime};
use sandyk::{intake::Author, receipt::Receipt, testimony::Kind as Sending};
use tokio::runtime::{Builder, Runtime};

use super::House;

/// From this t on, two kinds are told apart.
const NOTICED: f64 = 4.5;

/// What is looked up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Unused,
    Used,
    Answered,
    Planted,
}

const KINDS: [Kind; 4] = [Kind::Unused, Kind::Used, Kind::Answered, Kind::Planted];

/// Microseconds that one look-up took: the derivation, then the opening of what waits.
#[derive(Clone, Copy, Default)]
struct Took {
    derived: f64,
    opened: f64,
}

fn cpu() -> Duration {
    time_of(ClockId::ThreadCPUTime)
}

fn time_of(clock: ClockId) -> Duration {
    let now = clock_gettime(clock);
    Duration::new(now.tv_sec.try_into().unwrap(), now.tv_nsec.try_into().unwrap())
}

async fn both() -> Duration {
    tokio::task::spawn_blocking(cpu).await.unwrap() + cpu()
}

/// One thread that works, so that its clock can be read.
fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_all().max_blocking_threads(1).build().unwrap()
}

async fn look_up(house: &House, receipt: &str, planted: Duration) -> Took {
    let receipt = Receipt::parse(receipt).unwrap();
    let begun = time_of(ClockId::ProcessCPUTime);
    let keys = house.intake.open_mailbox(receipt).unwrap().keys().await.unwrap();
    let ended = time_of(ClockId::ProcessCPUTime);
    let derived = both().await;
    let opened = house.intake.replies(&keys, 0).await.unwrap();
    let until = cpu() + planted;
    while cpu() < until {}
    let done = both().await;
    drop(opened);
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    Took {
        derived: micros(ended.checked_sub(begun).unwrap()),
        opened: micros(done.checked_sub(derived).unwrap()),
    }
}

/// So many rounds of all four kinds.
async fn rounds(rounds: usize, planted: Duration) -> Vec<[Took; 4]> {
    let house = House::open();
    let (mut used, mut answered) = (Vec::new(), Vec::new());
    for _ in 0..4 {
        used.push(house.witness().await.receipt);
        let witness = house.witness().await;
        for n in 1..=3 {
            let text = "We have read it. ".repeat(40);
            house.push(vec![house.out(0, &witness, n, text.trim_end())]).await;
        }
        answered.push(witness.receipt);
    }
    let mut all = Vec::new();
    for n in 0..rounds {
        let mut order = KINDS;
        order.shuffle(&mut OsRng);
        let mut round = [Took::default(); 4];
        for kind in order {
            let never = Receipt::random(&mut OsRng).digits().expose().to_owned();
            let (receipt, more) = match kind {
                Kind::Unused => (&never, Duration::ZERO),
                Kind::Used => (&used[n % 4], Duration::ZERO),
                Kind::Answered => (&answered[n % 4], Duration::ZERO),
                Kind::Planted => (&never, planted),
            };
            round[kind as usize] = look_up(&house, receipt, more).await;
        }
        all.push(round);
    }
    all
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / count(values)
}

fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (count(values) - 1.0)
}

#[expect(clippy::cast_precision_loss, reason = "some thousands")]
fn count(values: &[f64]) -> f64 {
    values.len() as f64
}

/// The mean of the middle three fifths, and Yuen's t against zero.
fn yuen(mut values: Vec<f64>) -> (f64, f64) {
    values.sort_by(f64::total_cmp);
    let cut = values.len() / 5;
    let (low, high) = (values[cut], values[values.len() - 1 - cut]);
    let middle = mean(&values[cut..values.len() - cut]);
    let winsorized: Vec<f64> = values.iter().map(|v| v.clamp(low, high)).collect();
    let error = variance(&winsorized).sqrt() / (0.6 * count(&values).sqrt());
    (middle, middle / error)
}

/// Welch's t of two kinds over the whole of the look-up.
fn welch(one: &[f64], two: &[f64]) -> f64 {
    let error = variance(one) / count(one) + variance(two) / count(two);
    (mean(one) - mean(two)) / error.sqrt()
}

/// What is sent to a mailbox: nobody ever used it, once, ten times, and never with something planted.
async fn sendings(rounds: usize, planted: Duration) -> Vec<[Took; 4]> {
    let house = House::open();
    let (once, often) = (house.witness().await.receipt, house.witness().await.receipt);
    for _ in 0..9 {
        house.write(Author::Mailbox(house.keys(&often).await), Sending::Supplement).await;
    }
    let mut all = Vec::new();
    for _ in 0..rounds {
        let mut order = KINDS;
        order.shuffle(&mut OsRng);
        let mut round = [Took::default(); 4];
        for kind in order {
            let never = Receipt::random(&mut OsRng).digits().expose().to_owned();
            let (receipt, more) = match kind {
                Kind::Unused => (&never, Duration::ZERO),
                Kind::Used => (&once, Duration::ZERO),
                Kind::Answered => (&often, Duration::ZERO),
                Kind::Planted => (&never, planted),
            };
            let author = Author::Mailbox(house.keys(receipt).await);
            let begun = both().await;
            house.write(author, Sending::Withdrawal).await;
            let until = cpu() + more;
            while cpu() < until {}
            let took = both().await.checked_sub(begun).unwrap();
            let opened = took.as_secs_f64() * 1e6;
            round[kind as usize] = Took { derived: 0.0, opened };
        }
        all.push(round);
    }
    all
}

fn compare(number: usize, planted: Duration) {
    judge(&one_thread().block_on(rounds(number, planted)));
}

fn judge(all: &[[Took; 4]]) {
    let whole = |kind: Kind| -> Vec<f64> {
        all.iter().map(|round| round[kind as usize].derived + round[kind as usize].opened).collect()
    };
    let mut report = format!("{} trials\n", all.len() * 4);
    let mut noticed = Vec::new();
    for kind in [Kind::Used, Kind::Answered, Kind::Planted] {
        let differences = all
            .iter()
            .map(|round| round[kind as usize].opened - round[Kind::Unused as usize].opened);
        let (middle, t) = yuen(differences.collect());
        let welch = welch(&whole(kind), &whole(Kind::Unused));
        report.extend([format!(
            "{kind:?}: {middle:+.1} us, t {t:+.2}; with Argon2id, Welch {welch:+.2}\n"
        )]);
        noticed.push(t.abs() > NOTICED || (kind != Kind::Planted && welch.abs() > NOTICED));
    }
    let opened: Vec<f64> = all.iter().map(|round| round[0].opened).collect();
    let derived: Vec<f64> = all.iter().map(|round| round[0].derived).collect();
    report.extend([format!(
        "derived in {:.0} us, opened in {:.0} us\n",
        mean(&derived),
        mean(&opened)
    )]);
    std::io::stderr().write_all(report.as_bytes()).unwrap();
    assert_eq!(noticed, [false, false, true], "{report}");
}

#[test]
fn a_receipt_that_was_used_and_one_that_was_not_take_the_same_time() {
    compare(60, Duration::from_micros(500));
}

#[test]
fn what_is_sent_with_a_used_receipt_and_an_unused_one_takes_the_same_time() {
    judge(&one_thread().block_on(sendings(40, Duration::from_millis(4))));
}

#[test]
#[ignore = "takes a minute and more: tests/nightly"]
fn two_thousand_look_ups_take_the_same_time() {
    compare(500, Duration::from_micros(100));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_leaves_nothing_in_the_store() {
    let house = House::open();
    let witness = house.witness().await;
    house.push(vec![house.out(0, &witness, 1, "We have read it.")]).await;
    house.shown(&witness.receipt).await;
    let journal = house.organisation.at("store/journal");
    let before = fs::metadata(&journal).unwrap().len();
    let never = Receipt::random(&mut OsRng).digits().expose().to_owned();
    for receipt in [&witness.receipt, &never] {
        let typed = Receipt::parse(receipt).unwrap();
        house.intake.visit(typed, Duration::from_mins(1)).await.unwrap();
        house.shown(receipt).await;
    }
    assert_eq!(fs::metadata(&journal).unwrap().len(), before, "a visit writes nothing");
}
