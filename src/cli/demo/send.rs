//! Sending a testimony through the real form, as a browser without scripts would.

use reqwest::{
    StatusCode,
    blocking::{
        Client,
        multipart::{Form, Part},
    },
    redirect::Policy,
};

use super::{
    super::exit::CliError,
    cast::{Files, Told},
    media,
};

/// A browser without scripts, cookies or cache.
pub(super) struct Browser {
    client: Client,
    site: String,
}

impl Browser {
    /// A browser that visits `site`, `http://host:port`.
    pub(super) fn new(site: String) -> Result<Self, CliError> {
        let client = Client::builder().redirect(Policy::none()).no_proxy().build()?;
        Ok(Self { client, site })
    }

    /// Fills in and sends the form, reads the page it leads to, and gives the receipt's digits.
    pub(super) fn tell(&self, told: &Told) -> Result<String, CliError> {
        let mut form = Form::new();
        for (name, value) in told.fields {
            form = form.text(*name, *value);
        }
        if told.files != Files::None {
            form = form.part("file", file(media::photo()?, "IMG_0001.png", "image/png")?);
        }
        if told.files == Files::PhotoAndRecording {
            form = form.part("file", file(media::recording()?, "голос.wav", "audio/wav")?);
        }
        let url = format!("{}/{}/send", self.site, told.tag);
        let answer = self.client.post(url).multipart(form).send()?;
        if answer.status() != StatusCode::SEE_OTHER {
            return Err(CliError::failed(format!("the form answered {}", answer.status())));
        }
        let place = answer.headers().get("location").and_then(|place| place.to_str().ok());
        let place = place.ok_or_else(|| CliError::failed("the form's answer leads nowhere"))?;
        let page = self.client.get(format!("{}{place}", self.site)).send()?.text()?;
        digits(&page).ok_or_else(|| CliError::failed(refusal(&page)))
    }
}

fn file(bytes: Vec<u8>, name: &'static str, kind: &str) -> Result<Part, CliError> {
    Ok(Part::bytes(bytes).file_name(name).mime_str(kind)?)
}

/// The nine groups of three digits on the receipt page.
fn digits(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("<p class=\"k\">")?;
    let (code, _) = rest.split_once("</p>")?;
    let digits: String = code.chars().filter(char::is_ascii_digit).collect();
    (digits.len() == 27).then_some(digits)
}

/// What the page says instead of showing a receipt.
fn refusal(page: &str) -> String {
    let said = page.split_once("role=\"alert\">").map_or(page, |(_, rest)| rest);
    let said = said.split_once("</div>").map_or(said, |(said, _)| said);
    format!("the form was not taken: {said}")
}
