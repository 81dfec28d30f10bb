//! Our request signatures against another implementation of RFC 9421.
#![expect(clippy::unwrap_used, reason = "tests say what they expect by failing")]

use ed25519_dalek::SigningKey;
use httpsig::prelude::{
    AlgorithmName, HttpSignatureBase, HttpSignatureHeaders, HttpSignatureParams, PublicKey,
    SecretKey,
    message_component::{HttpMessageComponent, HttpMessageComponentId},
};
use sandyk::{
    id::DeviceId,
    wire::signature::{self, Claim, Headers, Nonce, Params, Request},
};

const NAMES: [&str; 5] = ["@method", "@authority", "@path", "@query", "content-digest"];
const VALUES: [&str; 5] = ["POST", "desk.example", "/desk/v1/outbox", "?", "sha-256=:AAAA:"];

fn request() -> Request<'static> {
    Request {
        method: VALUES[0],
        authority: VALUES[1],
        path: VALUES[2],
        query: None,
        content_digest: Some(VALUES[4]),
    }
}

fn params() -> Params {
    let (nonce, device) = (Nonce::from_bytes([1; 16]), DeviceId::from_bytes([2; 16]));
    Params { created: 1_795_348_800, nonce, device }
}

fn components() -> Vec<HttpMessageComponent> {
    let lines = NAMES.iter().zip(VALUES).map(|(name, value)| format!("\"{name}\": {value}"));
    lines.map(|line| HttpMessageComponent::try_from(line.as_str()).unwrap()).collect()
}

#[test]
fn another_implementation_accepts_what_sync_signs() {
    let key = SigningKey::from_bytes(&[3; 32]);
    let headers = signature::sign(&request(), &params(), &key);
    let parsed = HttpSignatureHeaders::try_parse(&headers.signature, &headers.input).unwrap();
    let parsed = parsed.get("sandyk").unwrap();
    let base = HttpSignatureBase::try_new(&components(), parsed.signature_params()).unwrap();
    let public = key.verifying_key().to_bytes();
    let public = PublicKey::from_bytes(AlgorithmName::Ed25519, &public).unwrap();
    base.verify_signature_headers(&public, parsed).unwrap();
}

#[test]
fn the_desk_accepts_what_another_implementation_signs_in_our_profile() {
    let key = SigningKey::from_bytes(&[3; 32]);
    let ours = signature::sign(&request(), &params(), &key);
    let ids: Vec<_> = NAMES
        .iter()
        .map(|name| HttpMessageComponentId::try_from(format!("\"{name}\"").as_str()).unwrap())
        .collect();
    let mut theirs = HttpSignatureParams::try_new(&ids).unwrap();
    let Params { created, nonce, device } = params();
    theirs
        .set_created(created.try_into().unwrap())
        .set_nonce(&nonce.to_string())
        .set_keyid(&device.to_string())
        .set_alg(&AlgorithmName::Ed25519)
        .set_tag(signature::TAG);
    let base = HttpSignatureBase::try_new(&components(), &theirs).unwrap();
    let secret = SecretKey::from_bytes(AlgorithmName::Ed25519, &[3; 32]).unwrap();
    let headers = base.build_signature_headers(&secret, Some("sandyk")).unwrap();
    let input = headers.signature_input_header_value();
    let same = Headers { input, signature: headers.signature_header_value() };
    assert_eq!(same.input, ours.input);
    let claim = Claim::parse(&request(), &same).unwrap();
    assert_eq!(claim.verify(&key.verifying_key()), Ok(params()));
}
