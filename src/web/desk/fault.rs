//! What a device is told instead of an answer.

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

use super::{body::whole, status_of};
use crate::desk::DeskError;

/// A refusal, as JSON with its status.
pub(super) struct Refused(pub(super) DeskError);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let fault = serde_json::to_vec(&self.0.fault()).unwrap_or_default();
        let mut response = whole("application/json", fault);
        *response.status_mut() = status_of(&self.0);
        if let DeskError::Range { bytes } = self.0
            && let Ok(range) = HeaderValue::from_str(&format!("bytes */{bytes}"))
        {
            response.headers_mut().insert(header::CONTENT_RANGE, range);
        }
        response
    }
}
