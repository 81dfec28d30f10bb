//! What a command says: answers to stdout, words to stderr.
//!
//! Promises: 1. answers (lines, tables, JSON) go to stdout and nothing else does; 2. everything
//! passes [`ForTerminal`], or is escaped inside JSON strings without loss, so no text from
//! outside acts on a terminal whoever forgot to think of it; 3. no colour, ever; 4. a table fits the
//! width of the terminal, and is not folded when there is none.
//! Does not: ask anything, draw progress bars. Spec: `docs/cli.md`.

use std::{
    fmt,
    io::{self, IsTerminal as _, Write},
};

use comfy_table::{ContentArrangement, Table, presets};
use data_encoding::HEXLOWER;
use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use crate::cli::{
    exit::{CliError, Exit},
    fold::folded,
    terminal::{ForTerminal, Watch, acts_or_hides},
    words::{Told as _, Words},
};
use crate::locale::Locale;

/// How answers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// For eyes.
    #[default]
    Table,
    /// For programs: one JSON document.
    Json,
}

/// Where a command writes.
pub struct Out {
    answers: Box<dyn Write>,
    words: Box<dyn Write>,
    format: Format,
    width: Option<u16>,
    /// Columns of the terminal that hears the words, if one does.
    words_width: Option<u16>,
    /// The words of the person's language; `None` is English.
    pub(super) locale: Option<Locale>,
}

impl Out {
    /// Writes to this program's stdout and stderr.
    #[must_use]
    pub fn standard(format: Format) -> Self {
        let width = io::stdout()
            .is_terminal()
            .then(terminal_size::terminal_size)
            .flatten()
            .map(|(terminal_size::Width(columns), _)| columns);
        let out = Self::to(Box::new(io::stdout()), Box::new(io::stderr()), format);
        let words_width = terminal_size::terminal_size_of(io::stderr());
        let words_width = words_width.map(|(terminal_size::Width(columns), _)| columns);
        Self { words_width, ..out.with_width(width) }
    }

    /// Writes to the two given places, not folded to any width.
    #[must_use]
    pub fn to(answers: Box<dyn Write>, words: Box<dyn Write>, format: Format) -> Self {
        Self { answers, words, format, width: None, words_width: None, locale: None }
    }

    /// The same, folding tables to `width` columns, or not at all.
    #[must_use]
    pub fn with_width(mut self, width: Option<u16>) -> Self {
        self.width = width;
        self
    }

    /// The same, in another format.
    #[must_use]
    pub fn with_format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// How answers are wanted.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// Columns of the terminal, if there is one.
    #[must_use]
    pub const fn width(&self) -> Option<u16> {
        self.width
    }

    /// Writes a line of the answer, filtered.
    ///
    /// # Errors
    /// If stdout does not take it.
    pub fn line(&mut self, text: impl fmt::Display) -> Result<(), CliError> {
        let text = text.to_string();
        writeln!(self.answers, "{}", ForTerminal(&text)).map_err(|e| unwritten(&e))
    }

    /// Writes foreign words behind a bar, `indent` columns in, so that no line of them, folded by
    /// the terminal or not, can pass for a line of this program.
    ///
    /// # Errors
    /// If stdout does not take it.
    pub fn quoted(&mut self, indent: usize, text: &str) -> Result<(), CliError> {
        let text = ForTerminal(text).to_string();
        let margin = " ".repeat(indent);
        let room = self
            .width
            .map(|w| usize::from(w.max(NARROWEST)).saturating_sub(indent.saturating_add(BAR)));
        for line in text.split('\n') {
            for piece in folded(line, room.unwrap_or(usize::MAX)) {
                writeln!(self.answers, "{margin}│ {piece}").map_err(|e| unwritten(&e))?;
            }
        }
        Ok(())
    }

    /// Writes a heading with an empty line above it.
    ///
    /// # Errors
    /// If stdout does not take it.
    pub fn heading(&mut self, text: &str) -> Result<(), CliError> {
        self.line(format!("\n{}", text.to_uppercase()))
    }

    /// Writes this program's own words beside their label, folded into one column.
    ///
    /// # Errors
    /// If stdout does not take it.
    pub fn fact(&mut self, label: &str, text: &str) -> Result<(), CliError> {
        self.beside(label, "", text)
    }

    /// Writes foreign words beside their label, every line of them behind a bar.
    ///
    /// # Errors
    /// If stdout does not take it.
    pub fn said(&mut self, label: &str, text: &str) -> Result<(), CliError> {
        self.beside(label, "│ ", text)
    }

    /// Writes this program's own words, folded, `indent` columns in.
    ///
    /// # Errors
    /// If stdout does not take it.
    pub fn item(&mut self, indent: usize, text: &str) -> Result<(), CliError> {
        let text = ForTerminal(text).to_string();
        let room = self.width.map(|w| usize::from(w.max(NARROWEST)).saturating_sub(indent));
        for piece in text.split('\n').flat_map(|line| folded(line, room.unwrap_or(usize::MAX))) {
            writeln!(self.answers, "{:indent$}{piece}", "").map_err(|e| unwritten(&e))?;
        }
        Ok(())
    }

    fn beside(&mut self, label: &str, bar: &str, text: &str) -> Result<(), CliError> {
        let (mut label, text) = (cell(label), ForTerminal(text).to_string());
        let taken = LABEL.saturating_add(MARGIN).saturating_add(bar.width());
        let room = self.width.map(|w| usize::from(w.max(NARROWEST)).saturating_sub(taken));
        for line in text.split('\n') {
            for piece in folded(line, room.unwrap_or(usize::MAX)) {
                let gap = " ".repeat(LABEL.saturating_sub(label.width()));
                let line = format!("{:MARGIN$}{label}{gap}{bar}{piece}", "");
                writeln!(self.answers, "{}", line.trim_end()).map_err(|e| unwritten(&e))?;
                label.clear();
            }
        }
        Ok(())
    }

    /// Says something to the person, filtered. A deaf stderr is no reason to stop.
    pub fn say(&mut self, text: impl fmt::Display) {
        let text = text.to_string();
        // there is nobody left to tell if stderr is gone
        let mut hear = |line: &str| _ = writeln!(self.words, "{line}");
        for line in ForTerminal(&text).to_string().split('\n') {
            let Some(width) = self.words_width else {
                hear(line);
                continue;
            };
            let words = line.trim_start();
            let indent = line.len().saturating_sub(words.len());
            let hang = match words.chars().next() {
                Some(first) if first.is_ascii_digit() => indent.saturating_add(3),
                _ => indent,
            };
            let room = usize::from(width.max(NARROWEST)).saturating_sub(hang);
            for (n, piece) in folded(words, room).iter().enumerate() {
                let margin = if n == 0 { indent } else { hang };
                hear(&format!("{:margin$}{piece}", ""));
            }
        }
    }

    /// Writes a table; every cell is filtered and put on one line before it is folded.
    ///
    /// # Errors
    /// If stdout does not take it.
    pub fn table(&mut self, head: &[&str], rows: &[Vec<String>]) -> Result<(), CliError> {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_header(head.iter().map(|c| cell(c)));
        for row in rows {
            table.add_row(row.iter().map(|c| cell(c)));
        }
        match self.width {
            Some(width) => table
                .set_content_arrangement(ContentArrangement::Dynamic)
                .set_width(width.max(NARROWEST)),
            None => table.set_content_arrangement(ContentArrangement::Disabled),
        };
        for line in table.lines() {
            writeln!(self.answers, "{}", line.trim_end()).map_err(|e| unwritten(&e))?;
        }
        Ok(())
    }

    /// Writes one JSON document, whose strings carry no character that acts or hides.
    ///
    /// # Errors
    /// If stdout does not take it, or `value` has no JSON form.
    pub fn json(&mut self, value: &impl Serialize) -> Result<(), CliError> {
        let text = serde_json::to_string_pretty(value)?;
        writeln!(self.answers, "{}", escape_json(&text)).map_err(|e| unwritten(&e))
    }

    /// Makes sure that all was written.
    ///
    /// # Errors
    /// If stdout does not take it.
    pub fn finish(mut self) -> Result<(), CliError> {
        self.answers.flush().map_err(|e| unwritten(&e))
    }
}

/// The cell without what acts or hides, on one line.
fn cell(text: &str) -> String {
    ForTerminal(&text.split_whitespace().collect::<Vec<_>>().join(" ")).to_string()
}

/// `json` with every hidden character, and towers of marks, written as `\uXXXX`: the same document.
fn escape_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut watch = Watch::default();
    for c in json.chars() {
        // outside strings JSON is plain ASCII; inside, serde_json has escaped the C0 controls
        let too_much = watch.is_too_much(c);
        if c == '\n' || !(acts_or_hides(c) || too_much) {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            out.push_str("\\u");
            out.push_str(&HEXLOWER.encode(&unit.to_be_bytes()));
        }
    }
    out
}

fn unwritten(error: &io::Error) -> CliError {
    let failed = CliError::failed(format!("the answer could not be written: {error}"))
        .words(Words::of("answer-not-written").why(error.words()));
    // `sandyk review list | head` has seen what it wanted to see.
    if error.kind() == io::ErrorKind::BrokenPipe { failed.exit_with(Exit::Done) } else { failed }
}

/// Columns of the bar before foreign words.
const BAR: usize = 2;
/// Columns before a label, and of the label with the gap behind it.
const MARGIN: usize = 2;
const LABEL: usize = 18;
/// Below this a table cannot be read at all.
const NARROWEST: u16 = 40;

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, rc::Rc};

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Default)]
    struct Heard(Rc<RefCell<Vec<u8>>>);
    impl Write for Heard {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(buf)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    impl Heard {
        fn text(&self) -> String {
            String::from_utf8(self.0.borrow().clone()).unwrap()
        }
    }

    fn listening() -> (Out, Heard, Heard) {
        let (answers, words) = (Heard::default(), Heard::default());
        let out = Out::to(Box::new(answers.clone()), Box::new(words.clone()), Format::Table);
        (out, answers, words)
    }

    #[test]
    fn answers_go_to_stdout_and_words_to_stderr() {
        let (mut out, answers, words) = listening();
        out.line("an answer").unwrap();
        out.say("a word");
        out.error(&CliError::failed("it broke"));
        assert_eq!(answers.text(), "an answer\n");
        assert_eq!(words.text(), "a word\nerror: it broke\n");
    }

    #[test]
    fn nothing_written_carries_an_escape() {
        let (mut out, answers, words) = listening();
        let evil = "a\u{1b}[31m\u{202E}\nb";
        out.line(evil).unwrap();
        out.say(evil);
        out.table(&["x"], &[vec![evil.to_owned()]]).unwrap();
        out.json(&[evil]).unwrap();
        for text in [answers.text(), words.text()] {
            assert!(!text.contains('\u{1b}') && !text.contains('\u{202E}'), "{text}");
        }
        assert!(answers.text().contains("a⟨U+001B⟩[31m⟨U+202E⟩ b"), "{}", answers.text());
    }

    #[test]
    fn a_table_fits_its_terminal_and_is_whole_without_one() {
        let long = "слово ".repeat(40).trim().to_owned();
        let (out, answers, _) = listening();
        out.with_width(Some(60))
            .table(&["id", "story"], &[vec!["a".into(), long.clone()]])
            .unwrap();
        assert!(answers.text().lines().all(|l| l.chars().count() <= 60), "{}", answers.text());
        let (mut out, answers, _) = listening();
        out.table(&["id", "story"], &[vec!["a".into(), long.clone()]]).unwrap();
        assert!(answers.text().contains(&long));
    }

    #[test]
    fn a_line_that_is_padded_to_the_edge_cannot_begin_a_line_of_our_own() {
        let (out, answers, _) = listening();
        let forged = format!("{}Testimony of somebody else", "a".repeat(78));
        out.with_width(Some(80)).quoted(2, &forged).unwrap();
        assert!(answers.text().lines().count() > 1);
        for line in answers.text().lines() {
            assert!(line.starts_with("  │ ") && line.width() <= 80, "{line}");
        }
    }

    #[test]
    fn foreign_words_beside_a_label_stay_behind_their_bar() {
        let (out, answers, _) = listening();
        let mut out = out.with_width(Some(60));
        out.fact("Danger", &"word ".repeat(20)).unwrap();
        out.said("By when", &format!("{}\nDanger            none", "сөз ".repeat(20))).unwrap();
        let text = answers.text();
        assert!(text.lines().all(|l| l.width() <= 60), "{text}");
        let foreign = text.lines().skip_while(|l| !l.contains("By when"));
        assert!(
            foreign.clone().count() > 2 && foreign.clone().all(|l| l.contains("  │ ")),
            "{text}"
        );
        assert!(text.lines().nth(1).is_some_and(|l| l.starts_with(&" ".repeat(20))), "{text}");
    }

    #[test]
    fn a_tower_of_marks_in_json_is_written_in_figures_and_reads_the_same() {
        let tower = format!("a{}b", "\u{301}".repeat(2000));
        let escaped = escape_json(&serde_json::to_string(&tower).unwrap());
        assert_eq!(escaped.matches('\u{301}').count(), 4, "what covers the lines around it");
        assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), tower);
    }

    proptest! {
        #[test]
        fn escaped_json_is_the_same_document_and_acts_on_nothing(text in any::<String>()) {
            let escaped = escape_json(&serde_json::to_string(&text).unwrap());
            prop_assert!(!escaped.chars().any(acts_or_hides));
            prop_assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
        }
    }
}
