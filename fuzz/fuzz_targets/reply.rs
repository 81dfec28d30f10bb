#![no_main]

#[path = "../../tests/fuzzing/mod.rs"]
#[expect(dead_code, reason = "one of several targets")]
mod fuzzing;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    fuzzing::reply::run(input);
});
