//! The rows of `docs/hostile.md`: each one alone, and all of them against one server.

use std::{collections::BTreeSet, fs, io::Write as _, path::Path, time::Instant};

use regex::Regex;

use crate::stage::{LATE, SOON, Stage};

/// Makes a test of each row, and the table of all of them.
macro_rules! rows {
    ($($module:ident :: $row:ident),+ $(,)?) => {
        $(#[test]
        fn $row() {
            Stage::alone(patience(stringify!($module)), crate::$module::$row);
        })+

        /// Every row, with the file that it stands in.
        const TABLE: &[(&str, &str, fn(&Stage))] =
            &[$((stringify!($module), stringify!($row), crate::$module::$row)),+];
    };
}

rows! {
    fields::an_empty_form,
    fields::an_unknown_field,
    fields::a_field_without_a_name,
    fields::a_field_twice,
    fields::an_answer_that_the_form_does_not_have,
    fields::a_field_over_its_limit,
    fields::a_field_far_over_its_limit,
    fields::more_typed_than_is_read_at_all,
    fields::a_field_name_without_measure,
    fields::invalid_utf_8,
    fields::control_and_bidi_characters,
    fields::markup_in_what_is_typed,
    fields::a_field_after_a_file,
    files::a_file_over_its_limit,
    files::files_over_the_limit_of_a_testimony,
    files::too_many_files,
    files::a_file_name_without_measure,
    files::names_like_paths,
    files::names_and_types_that_break_their_header,
    files::empty_files,
    files::a_story_sent_as_a_file,
    files::what_a_container_could_take_for_its_own,
    multipart::another_kind_of_body,
    multipart::a_boundary_without_measure,
    multipart::parts_without_number,
    multipart::a_form_without_an_end,
    multipart::lines_that_end_otherwise,
    multipart::a_form_within_a_form,
    multipart::what_stands_before_and_after_the_form,
    multipart::a_header_of_a_part_without_end,
    multipart::a_preamble_without_end,
    bodies::a_body_that_stops_half_way,
    bodies::a_body_in_chunks,
    bodies::chunks_that_are_none,
    bodies::ten_gigabytes_in_chunks,
    bodies::ten_gigabytes_of_words,
    bodies::a_large_body_where_none_is_wanted,
    heads::what_is_no_request,
    heads::heads_without_measure,
    heads::what_is_no_request_after_one_that_is,
    heads::another_protocol,
    heads::an_older_protocol,
    heads::targets_of_every_form,
    heads::methods_that_no_page_has,
    heads::a_form_from_another_site,
    heads::workers,
    heads::headers_that_ask_for_something_else,
    heads::a_client_that_asks_before_it_sends,
    smuggling::bodies_with_two_ends,
    smuggling::line_feeds_alone,
    smuggling::requests_in_a_row,
    slow::dribbling_and_silent_senders,
    floods::all_connections_silent,
    floods::all_connections_dribble_words,
    floods::connections_that_come_back_at_once,
    floods::all_places_for_files_taken,
    floods::all_memory_for_words_taken,
    floods::more_honest_people_than_connections,
    floods::slow_honest_people_among_those_who_stay,
}

/// Who floods alone lasts longer than what must pass meanwhile; all other rows wait for who is cut off.
fn patience(module: &str) -> u64 {
    if module == "floods" { LATE } else { SOON }
}

/// Memory that the server may keep of a whole table, in KiB.
const KEPT: u64 = 16 * 1024;
/// Memory that it may keep of a second one, in KiB.
const GROWN: u64 = 6 * 1024;
/// Receipts of one whole table, some 160, that wait half an hour for whoever reads them, in KiB.
const WAITING: u64 = 2 * 1024;

/// Shown with `--nocapture`.
fn say(what: &str) {
    std::io::stdout().write_all(format!("{what}\n").as_bytes()).unwrap();
}

/// These rows of the table, one after the other; the memory afterwards.
fn pass(stage: &Stage, is_run: impl Fn(&str) -> bool) -> u64 {
    for (_, name, row) in TABLE.iter().filter(|(module, _, _)| is_run(module)) {
        let begun = Instant::now();
        stage.run(*row);
        let (now, took) = (stage.server.resident(), begun.elapsed().as_millis());
        say(&format!("{name}: {now} KiB, {took} ms"));
    }
    stage.settled()
}

/// Runs the whole table, then these rows again, so many times: the memory is as it was, and stays so.
fn leaves_the_memory_as_it_was(again: u64, is_run: impl Fn(&str) -> bool + Copy) {
    let stage = Stage::new(SOON);
    stage.warm_up();
    let before = stage.settled();
    let first = pass(&stage, |_| true);
    say(&format!("{before} KiB before, {first} KiB after"));
    assert!(first <= before + KEPT, "{before} KiB before, {first} KiB after");
    for n in 0..again {
        let now = pass(&stage, is_run);
        say(&format!("{now} KiB after another"));
        let bound = first + GROWN + n * WAITING;
        assert!(now <= bound, "{first} KiB after the first, {now} KiB after another");
    }
    stage.end();
}

#[test]
fn the_whole_table_leaves_the_memory_as_it_was() {
    leaves_the_memory_as_it_was(1, |module| !["slow", "floods"].contains(&module));
}

#[test]
#[ignore = "nightly: twelve minutes"]
fn five_whole_tables_leave_the_memory_as_it_was() {
    leaves_the_memory_as_it_was(4, |_| true);
}

/// The document has exactly these rows, each with the file in which its test stands.
#[test]
fn the_document_names_every_row_once() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/hostile.md");
    let text = fs::read_to_string(path).unwrap();
    let named = Regex::new(r"tests/hostile/([a-z]+)\.rs::([a-z0-9_]+)").unwrap();
    let named: Vec<_> =
        named.captures_iter(&text).map(|c| (c[1].to_owned(), c[2].to_owned())).collect();
    let rows: BTreeSet<_> =
        TABLE.iter().map(|(module, row, _)| ((*module).to_owned(), (*row).to_owned())).collect();
    let in_table: Vec<_> = named
        .iter()
        .filter(|(module, _)| !["answers", "desk", "mailbox", "table"].contains(&module.as_str()))
        .collect();
    let unique: BTreeSet<_> = in_table.iter().map(|row| (*row).clone()).collect();
    assert_eq!(unique.len(), in_table.len(), "a row stands twice");
    assert_eq!(unique, rows, "the document and the tests have the same rows");
}
