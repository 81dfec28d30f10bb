//! A photo and a recording that show and say nothing, made anew each time.

use std::io::{self, Cursor};

/// Width and height of the photo, in pixels.
const SIDE: u32 = 320;
/// Samples of the recording in a second.
const RATE: u32 = 16_000;
/// Length of the recording, in seconds.
const SECONDS: u32 = 3;

/// A PNG of a colour gradient, as a phone's photo would come.
pub(super) fn photo() -> io::Result<Vec<u8>> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, SIDE, SIDE);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let pixel = |at: u32| u8::try_from(at.wrapping_mul(255) / SIDE).unwrap_or(u8::MAX);
    let pixels: Vec<u8> = (0..SIDE)
        .flat_map(|y| (0..SIDE).flat_map(move |x| [pixel(x), pixel(y), pixel(SIDE.abs_diff(x))]))
        .collect();
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(file)
}

/// A WAV of a slow beat, as a recorder would make.
pub(super) fn recording() -> io::Result<Vec<u8>> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut file, spec).map_err(io::Error::other)?;
    for n in 0..RATE.saturating_mul(SECONDS) {
        let loud = i16::try_from(n % RATE / 16).unwrap_or(0);
        let sample = if n % 100 < 50 { loud } else { loud.saturating_neg() };
        writer.write_sample(sample).map_err(io::Error::other)?;
    }
    writer.finalize().map_err(io::Error::other)?;
    Ok(file.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generated_files_are_what_they_claim_to_be() {
        assert!(photo().unwrap().starts_with(b"\x89PNG\r\n\x1a\n"));
        let recording = recording().unwrap();
        assert!(recording.starts_with(b"RIFF") && recording.len() > 90_000);
    }
}
