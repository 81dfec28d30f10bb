//! Colours that can be read by day and by night.

use super::*;

#[test]
fn every_colour_pair_has_enough_contrast_by_day_and_by_night() {
    let themes: Vec<Vec<(String, f64)>> = Regex::new(r":root\{[^}]*\}")
        .unwrap()
        .find_iter(STYLE)
        .map(|theme| {
            let colour = Regex::new("--([a-z]):#([0-9a-f]{3,6})").unwrap();
            let found = colour.captures_iter(theme.as_str());
            found.map(|pair| (pair[1].to_owned(), luminance(&pair[2]))).collect()
        })
        .collect();
    assert_eq!(themes.len(), 2);
    for theme in themes {
        let of = |name: &str| theme.iter().find(|(key, _)| key == name).unwrap().1;
        let ratio = |a: f64, b: f64| (a.max(b) + 0.05) / (a.min(b) + 0.05);
        for (front, back, least) in [
            ("t", "b", 7.0),
            ("m", "b", 4.5),
            ("l", "b", 4.5),
            ("t", "w", 4.5),
            ("x", "b", 4.5),
            ("e", "b", 3.0),
        ] {
            let found = ratio(of(front), of(back));
            assert!(found >= least, "{front} on {back}: {found:.2}");
        }
    }
}

/// Relative luminance of WCAG 2.2.
fn luminance(hex: &str) -> f64 {
    let wide: String = match hex.len() {
        3 => hex.chars().flat_map(|c| [c, c]).collect(),
        _ => hex.to_owned(),
    };
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&wide[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
}
