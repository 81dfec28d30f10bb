//! The signature on every request of a device: RFC 9421 with one fixed profile.
//!
//! Promises: 1. there is one way to write a signature and no other is accepted: label `sandyk`,
//! components `@method` `@authority` `@path` `@query` (and `content-digest` where there is a body),
//! parameters `created`, `nonce`, `alg`, `keyid`, `tag`, all in this order; 2. verification is
//! strict (no small-order keys, no malleable signatures); 3. a signature says nothing of freshness:
//! that is the desk's part.
//! Does not: cover `Range`: a changed range shows in `Content-Range` and in the digest of the part.
//! Spec: RFC 9421, RFC 9530, `docs/format/desk.md`.

use data_encoding::BASE64;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sfv::{BareItem, Dictionary, InnerList, ListEntry, Parser};

use crate::{
    digest::Digest,
    id::{DeviceId, Id},
};

/// Header that says what is signed (RFC 9421 §4.1).
pub const INPUT_HEADER: &str = "signature-input";
/// Header that holds the signature (RFC 9421 §4.2).
pub const SIGNATURE_HEADER: &str = "signature";
/// Header that holds the digest of the body (RFC 9530).
pub const DIGEST_HEADER: &str = "content-digest";
/// What these signatures are for, so that none made for another purpose fits.
pub const TAG: &str = "sandyk-desk-v1";
/// How far a request's clock may be from the desk's, in seconds, either way.
pub const WINDOW_SECONDS: i64 = 120;
/// Longest signature header that is looked at, in bytes.
pub const MAX_HEADER: usize = 512;

const LABEL: &str = "sandyk";

/// A request as far as it is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// `GET` or `POST`.
    pub method: &'a str,
    /// Host in lower case, with the port unless it is 80.
    pub authority: &'a str,
    /// Absolute path.
    pub path: &'a str,
    /// Query without the question mark, if there is one.
    pub query: Option<&'a str>,
    /// The `Content-Digest` header, exactly if there is a body.
    pub content_digest: Option<&'a str>,
}

/// Who signs, when, and the number used once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Params {
    /// Seconds since 1970 by the device's clock.
    pub created: i64,
    /// Random, never used twice.
    pub nonce: Nonce,
    /// The device that signs.
    pub device: DeviceId,
}

/// What a [`Nonce`] names: one request.
pub enum OneRequest {}

/// A random number used once, written like an id.
pub type Nonce = Id<OneRequest>;

/// The two headers of a signed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headers {
    /// Value of `Signature-Input`.
    pub input: String,
    /// Value of `Signature`.
    pub signature: String,
}

/// Signs `request`; the same input gives the same headers.
#[must_use]
pub fn sign(request: &Request<'_>, params: &Params, key: &SigningKey) -> Headers {
    let written = written_params(request, params);
    let signature = key.sign(base(&components(request), &written).as_bytes());
    Headers {
        input: format!("{LABEL}={written}"),
        signature: format!("{LABEL}=:{}:", BASE64.encode(&signature.to_bytes())),
    }
}

/// A signature that was read and not yet checked.
pub struct Claim {
    params: Params,
    base: String,
    signature: Signature,
}

impl Claim {
    /// Reads the two headers of `request`.
    ///
    /// # Errors
    /// [`SignatureError::Shape`] for anything but the one way to write them.
    pub fn parse(request: &Request<'_>, headers: &Headers) -> Result<Self, SignatureError> {
        if headers.input.len() > MAX_HEADER || headers.signature.len() > MAX_HEADER {
            return Err(SignatureError::Shape);
        }
        let params = read_params(&headers.input).ok_or(SignatureError::Shape)?;
        let written = written_params(request, &params);
        if headers.input != format!("{LABEL}={written}") {
            return Err(SignatureError::Shape);
        }
        let signature = read_signature(&headers.signature).ok_or(SignatureError::Shape)?;
        Ok(Self { params, base: base(&components(request), &written), signature })
    }

    /// The device that is said to have signed.
    #[must_use]
    pub const fn device(&self) -> DeviceId {
        self.params.device
    }

    /// Checks the signature and gives what it covers.
    ///
    /// # Errors
    /// [`SignatureError::Wrong`] if `key` did not sign this request.
    pub fn verify(self, key: &VerifyingKey) -> Result<Params, SignatureError> {
        key.verify_strict(self.base.as_bytes(), &self.signature)
            .map_err(|_| SignatureError::Wrong)?;
        Ok(self.params)
    }
}

/// The `Content-Digest` of `body` (RFC 9530): `sha-256=:base64:`.
#[must_use]
pub fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", BASE64.encode(Digest::of(body).as_bytes()))
}

/// The host of a request as it is signed: lower case, without the default port.
#[must_use]
pub fn authority(host: &str) -> String {
    let host = host.to_ascii_lowercase();
    host.strip_suffix(":80").map_or(host.clone(), str::to_owned)
}

/// The signature base of RFC 9421 §2.5.
#[must_use]
fn base(components: &[(&str, String)], params: &str) -> String {
    let mut lines: Vec<_> =
        components.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
    lines.push(format!("\"@signature-params\": {params}"));
    lines.join("\n")
}

fn components(request: &Request<'_>) -> Vec<(&'static str, String)> {
    let mut all = vec![
        ("@method", request.method.to_owned()),
        ("@authority", request.authority.to_owned()),
        ("@path", request.path.to_owned()),
        ("@query", format!("?{}", request.query.unwrap_or_default())),
    ];
    if let Some(digest) = request.content_digest {
        all.push((DIGEST_HEADER, digest.to_owned()));
    }
    all
}

fn written_params(request: &Request<'_>, params: &Params) -> String {
    let names: Vec<_> = components(request).iter().map(|(name, _)| format!("\"{name}\"")).collect();
    let Params { created, nonce, device } = params;
    format!(
        "({});created={created};nonce=\"{nonce}\";alg=\"ed25519\";keyid=\"{device}\";tag=\"{TAG}\"",
        names.join(" ")
    )
}

fn read_params(input: &str) -> Option<Params> {
    let members: Dictionary = Parser::new(input).parse().ok()?;
    let ListEntry::InnerList(InnerList { params, .. }) = members.get(LABEL)? else { return None };
    let text = |name: &str| params.get(name)?.as_string().map(sfv::StringRef::as_str);
    Some(Params {
        created: params.get("created")?.as_integer()?.into(),
        nonce: text("nonce")?.parse().ok()?,
        device: text("keyid")?.parse().ok()?,
    })
}

fn read_signature(header: &str) -> Option<Signature> {
    let members: Dictionary = Parser::new(header).parse().ok()?;
    let ListEntry::Item(item) = members.get(LABEL)? else { return None };
    let BareItem::ByteSequence(bytes) = &item.bare_item else { return None };
    let alone = members.len() == 1 && item.params.is_empty();
    alone.then(|| Signature::from_slice(bytes).ok()).flatten()
}

/// Why a signature was not accepted.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum SignatureError {
    /// The headers are not of the one accepted form.
    #[error("the request is not signed in the form of this desk")]
    Shape,
    /// The signature does not fit the request and the key.
    #[error("the signature does not fit the request")]
    Wrong,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SigningKey {
        let seed = BASE64.decode(b"n4Ni+HpISpVObnQMW0wOhCKROaIKqKtW/2ZYb2p9KcU=").unwrap();
        SigningKey::from_bytes(&seed.try_into().unwrap())
    }

    fn request() -> Request<'static> {
        Request {
            method: "POST",
            authority: "desk.example",
            path: "/desk/v1/outbox",
            query: None,
            content_digest: Some("sha-256=:AAAA:"),
        }
    }

    fn params() -> Params {
        Params {
            created: 1_795_348_800,
            nonce: Nonce::from_bytes([7; 16]),
            device: DeviceId::from_bytes([9; 16]),
        }
    }

    #[test]
    fn the_ed25519_example_of_rfc_9421_b_2_6_comes_out_to_the_byte() {
        let params = concat!(
            r#"("date" "@method" "@path" "@authority" "content-type" "content-length")"#,
            r#";created=1618884473;keyid="test-key-ed25519""#
        );
        let components = [
            ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
            ("@method", "POST"),
            ("@path", "/foo"),
            ("@authority", "example.com"),
            ("content-type", "application/json"),
            ("content-length", "18"),
        ]
        .map(|(name, value)| (name, value.to_owned()));
        let signature = key().sign(base(&components, params).as_bytes());
        assert_eq!(
            BASE64.encode(&signature.to_bytes()),
            "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
        );
        let public = BASE64.encode(key().verifying_key().as_bytes());
        assert_eq!(public, "JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=");
    }

    #[test]
    fn a_signed_request_says_exactly_this() {
        let headers = sign(&request(), &params(), &key());
        assert_eq!(
            headers.input,
            concat!(
                r#"sandyk=("@method" "@authority" "@path" "@query" "content-digest")"#,
                r#";created=1795348800;nonce="a4dqobyha4dqobyha4dqobyha4";alg="ed25519";"#,
                r#"keyid="beeqscijbeeqscijbeeqscijbe";tag="sandyk-desk-v1""#
            )
        );
        let claim = Claim::parse(&request(), &headers).unwrap();
        assert_eq!(claim.device(), params().device);
        assert_eq!(claim.verify(&key().verifying_key()), Ok(params()));
    }

    #[test]
    fn a_change_of_any_signed_component_is_refused() {
        let headers = sign(&request(), &params(), &key());
        let changed = [
            Request { method: "PUT", ..request() },
            Request { authority: "desk.other", ..request() },
            Request { path: "/desk/v1/outbo", ..request() },
            Request { query: Some("after=1"), ..request() },
            Request { content_digest: Some("sha-256=:BBBB:"), ..request() },
        ];
        for request in changed {
            let claim = Claim::parse(&request, &headers).unwrap();
            assert_eq!(claim.verify(&key().verifying_key()), Err(SignatureError::Wrong));
        }
        let bodyless = Request { content_digest: None, ..request() };
        assert_eq!(Claim::parse(&bodyless, &headers).err(), Some(SignatureError::Shape));
    }

    #[test]
    fn a_change_of_any_parameter_is_refused() {
        let good = sign(&request(), &params(), &key());
        for (from, to) in [
            ("created=1795348800", "created=1795348801"),
            ("a4dqobyha4dqobyha4dqobyha4", "aaaaaaaaaaaaaaaaaaaaaaaaaa"),
            ("beeqscijbeeqscijbeeqscijbe", "aaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ] {
            let input = good.input.replace(from, to);
            assert_ne!(input, good.input);
            let claim = Claim::parse(&request(), &Headers { input, ..good.clone() }).unwrap();
            assert_eq!(claim.verify(&key().verifying_key()), Err(SignatureError::Wrong), "{to}");
        }
    }

    #[test]
    fn any_other_way_to_write_a_signature_is_refused() {
        let good = sign(&request(), &params(), &key());
        for (from, to) in [
            ("\"@query\" ", ""),
            ("\"@method\" \"@authority\"", "\"@authority\" \"@method\""),
            ("\"@method\"", "\"@method\";req"),
            (";alg=\"ed25519\"", ""),
            ("ed25519", "hmac-sha256"),
            ("sandyk-desk-v1", "sandyk-desk-v0"),
            (";created", ";expires=1;created"),
            ("sandyk=", "other=(\"@method\"), sandyk="),
            ("sandyk=", "other="),
            (";nonce", "; nonce"),
            ("created=1795348800", "created=\"1795348800\""),
        ] {
            let input = good.input.replace(from, to);
            assert_ne!(input, good.input, "{from}");
            let changed = Headers { input, ..good.clone() };
            let refused = Claim::parse(&request(), &changed).err();
            assert_eq!(refused, Some(SignatureError::Shape), "{from} -> {to}");
        }
        for signature in ["", "sandyk=1", "sandyk=:AAAA:", "other=:AAAA:", "sandyk=(1)"] {
            let changed = Headers { signature: signature.to_owned(), ..good.clone() };
            assert!(Claim::parse(&request(), &changed).is_err(), "{signature}");
        }
        let long = Headers { input: format!("{}{}", good.input, " ".repeat(600)), ..good };
        assert!(Claim::parse(&request(), &long).is_err());
    }

    #[test]
    fn the_digest_of_a_body_is_the_one_of_rfc_9530() {
        assert_eq!(
            content_digest(b"{\"hello\": \"world\"}\n"),
            "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
        );
        assert_eq!(authority("Desk.Example:80"), "desk.example");
        assert_eq!(authority("desk.example:8081"), "desk.example:8081");
    }
}
