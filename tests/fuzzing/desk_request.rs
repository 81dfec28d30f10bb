//! Signed requests: what the desk believes is exactly what the device signs.

use ed25519_dalek::SigningKey;
use sandyk::{
    id::DeviceId,
    wire::signature::{Claim, Headers, Nonce, Params, Request, authority, content_digest, sign},
};

pub(crate) fn run(input: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(input) else { return false };
    let mut lines = text.split('\n');
    let mut next = || lines.next().unwrap_or_default();
    let (method, host, path, query) = (next(), authority(next()), next(), next());
    let body = next();
    let headers = Headers { input: next().to_owned(), signature: next().to_owned() };
    let digest = content_digest(body.as_bytes());
    let request = Request {
        method,
        authority: &host,
        path,
        query: (!query.is_empty()).then_some(query),
        content_digest: (!body.is_empty()).then_some(&digest),
    };
    let key = SigningKey::from_bytes(&[9; 32]);
    let mut read = false;
    if let Ok(claim) = Claim::parse(&request, &headers) {
        let device = claim.device();
        if let Ok(params) = claim.verify(&key.verifying_key()) {
            assert_eq!(params.device, device);
            assert!(sign(&request, &params, &key) == headers, "two spellings of one signature");
            read = true;
        }
    }
    let params = Params {
        created: i64::try_from(input.len()).unwrap(),
        nonce: Nonce::from_bytes([7; 16]),
        device: DeviceId::from_bytes([9; 16]),
    };
    let honest = sign(&request, &params, &key);
    let believed = Claim::parse(&request, &honest).ok().unwrap().verify(&key.verifying_key());
    assert!(believed.is_ok_and(|found| found == params));
    let elsewhere = Request { path: "/desk/v1/elsewhere", ..request };
    if elsewhere != request {
        let claim = Claim::parse(&elsewhere, &honest).ok().unwrap();
        assert!(claim.verify(&key.verifying_key()).is_err(), "a signature for another address");
    }
    read
}
