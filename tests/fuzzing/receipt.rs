//! Receipts: what is read is written again as 27 digits, and one wrong digit is noticed.

use sandyk::receipt::Receipt;

pub(crate) fn run(input: &[u8]) -> bool {
    let Some((choice, text)) = input.split_first() else { return false };
    let Ok(text) = str::from_utf8(text) else { return false };
    let Ok(receipt) = Receipt::parse(text) else { return false };
    let digits = receipt.digits();
    let again = Receipt::parse(digits.expose());
    assert!(again.is_ok_and(|again| again.digits().expose() == digits.expose()));
    let places: Vec<usize> =
        digits.expose().match_indices(|c: char| c.is_ascii_digit()).map(|(at, _)| at).collect();
    assert_eq!(places.len(), 27);
    let place = places[usize::from(*choice) % places.len()];
    let mut wrong = digits.expose().as_bytes().to_vec();
    wrong[place] = b'0' + (wrong[place] - b'0' + 1 + choice / 27 % 9) % 10;
    let wrong = String::from_utf8(wrong).unwrap();
    assert!(Receipt::parse(&wrong).is_err(), "a wrong digit passes at {place}");
    true
}
