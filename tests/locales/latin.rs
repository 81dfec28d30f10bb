//! Uzbek in its other letters.

/// Uzbek Cyrillic in the Latin letters of 1995, with U+02BB and U+02BC.
pub(crate) fn in_latin(text: &str) -> String {
    let mut out = String::new();
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let lower = c.to_lowercase().next().unwrap();
        let opens = !before.is_alphabetic() || "аеёиоуэюяўъь".contains(before);
        let letter = LETTERS.iter().find(|(cyrillic, _)| *cyrillic == lower);
        let written =
            if lower == 'е' && opens { Some("ye") } else { letter.map(|(_, latin)| *latin) };
        before = lower;
        let Some(written) = written else {
            out.push(c);
            continue;
        };
        let mut latin = written.chars();
        match latin.next() {
            None => {}
            Some(_) if c == lower => out.push_str(written),
            Some(_) if chars.peek().is_some_and(|c| c.is_uppercase()) => {
                out.push_str(&written.to_uppercase());
            }
            Some(first) => {
                out.extend(first.to_uppercase());
                out.push_str(latin.as_str());
            }
        }
    }
    out
}

const LETTERS: [(char, &str); 36] = [
    ('а', "a"),
    ('б', "b"),
    ('в', "v"),
    ('г', "g"),
    ('д', "d"),
    ('е', "e"),
    ('ё', "yo"),
    ('ж', "j"),
    ('з', "z"),
    ('и', "i"),
    ('й', "y"),
    ('к', "k"),
    ('л', "l"),
    ('м', "m"),
    ('н', "n"),
    ('о', "o"),
    ('п', "p"),
    ('р', "r"),
    ('с', "s"),
    ('т', "t"),
    ('у', "u"),
    ('ф', "f"),
    ('х', "x"),
    ('ц', "ts"),
    ('ч', "ch"),
    ('ш', "sh"),
    ('э', "e"),
    ('ю', "yu"),
    ('я', "ya"),
    ('қ', "q"),
    ('ғ', "gʻ"),
    ('ҳ', "h"),
    ('ў', "oʻ"),
    ('ъ', "ʼ"),
    ('ь', ""),
    ('ы', "i"),
];
