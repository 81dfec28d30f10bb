//! A desk, and a device that asks it by hand.

use super::*;

/// A desk that is asked by hand, by a device whose key is here.
pub(crate) struct Asked {
    pub(crate) office: Office,
    pub(crate) desk: Router,
    pub(crate) clock: Arc<Hands>,
    pub(crate) key: SigningKey,
    pub(crate) device: DeviceId,
}

impl Asked {
    pub(crate) async fn open() -> Self {
        let office = Office::open().await;
        let key = SigningKey::from_bytes(&[5; 32]);
        let device = DeviceId::random(&mut OsRng);
        let reader = office.members[0].id;
        let public = DevicePub { id: device, reader, key: key.verifying_key() };
        office.publish(&office.keyring, &[&public]);
        let clock = Arc::new(Hands::default());
        clock.0.store(SystemClock.unix_seconds(), Ordering::SeqCst);
        let ledger = sandyk::ledger::LedgerKey::from_seed(&Secret::take(&mut [7; 32])).unwrap();
        let authorities = [HOST.to_owned(), "Desk.Example:8081".to_owned()];
        let store = Arc::clone(&office.store);
        let desk = Desk::new(store, office.published(), ledger, &authorities, clock.clone())
            .watching(office.folder.path().to_owned());
        Self { office, desk: web::desk::router(Arc::new(desk)), clock, key, device }
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.unix_seconds()
    }

    /// A signed request that is right in every way.
    pub(crate) fn request(&self, method: &str, target: &str, body: Option<&[u8]>) -> Request<Body> {
        let nonce = Nonce::random(&mut OsRng);
        let params = Params { created: self.now(), nonce, device: self.device };
        self.request_with(method, (HOST, target), body, &params)
    }

    pub(crate) fn request_with(
        &self,
        method: &str,
        (host, target): (&str, &str),
        body: Option<&[u8]>,
        params: &Params,
    ) -> Request<Body> {
        let (path, query) =
            target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        let digest = body.map(signature::content_digest);
        let authority = &signature::authority(host);
        let content_digest = digest.as_deref();
        let signed = signature::Request { method, authority, path, query, content_digest };
        let headers = signature::sign(&signed, params, &self.key);
        let mut request = Request::builder()
            .method(method)
            .uri(target)
            .header(header::HOST, host)
            .header("signature-input", headers.input)
            .header("signature", headers.signature);
        if let Some(digest) = digest {
            request = request.header("content-digest", digest);
        }
        request.body(Body::from(body.unwrap_or_default().to_vec())).unwrap()
    }

    pub(crate) async fn ask(&self, request: Request<Body>) -> (StatusCode, HeaderMap, Vec<u8>) {
        let (parts, body) = self.desk.clone().call(request).await.unwrap().into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        (parts.status, parts.headers, body)
    }

    pub(crate) async fn refused(&self, request: Request<Body>) -> (u16, String) {
        let (status, headers, body) = self.ask(request).await;
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(headers[header::CONTENT_TYPE], "application/json");
        let fault: Fault = serde_json::from_slice(&body).unwrap();
        assert!(!fault.advice.is_empty());
        (status.as_u16(), fault.error)
    }

    pub(crate) async fn get(&self, target: &str) -> (StatusCode, HeaderMap, Vec<u8>) {
        self.ask(self.request("GET", target, None)).await
    }
}
