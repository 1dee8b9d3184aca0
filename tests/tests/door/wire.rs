//! Calls as bytes, for what a generated client would not send; and what a refusal says and leaves behind.

use http::{Method, Request, Uri};
use http_body_util::{BodyExt as _, Full};
use statuscheck_domain::ids::DepartmentId;
use statuscheck_proto::v1::ListCasesRequest;
use statuscheck_tests::house::House;
use tonic::body::Body;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};
use tower::{Service as _, ServiceExt as _};

/// An empty message, as gRPC frames it: not compressed, of no length.
pub(crate) const EMPTY: &[u8] = &[0, 0, 0, 0, 0];

/// A message in its frame.
pub(crate) fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap();
    [&[0][..], &length.to_be_bytes(), message].concat()
}

/// Posts `body` to `path`. The status, where the call ended with its headers alone: refusals do, answers and streams do
/// not.
pub(crate) async fn post(channel: &Channel, path: &str, body: impl Into<Vec<u8>>) -> Option<Status> {
    post_with(channel, path, &[], body).await
}

/// The same with more headers.
pub(crate) async fn post_with(
    channel: &Channel,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Vec<u8>>,
) -> Option<Status> {
    let mut channel = channel.clone();
    let request = Request::builder()
        .method(Method::POST)
        .uri(path.parse::<Uri>().unwrap())
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    let request = headers
        .iter()
        .fold(request, |request, (name, value)| request.header(*name, *value))
        .body(Body::new(Full::from(body.into()).map_err(|never| match never {})))
        .unwrap();
    let response = channel.ready().await.unwrap().call(request).await.unwrap();
    assert_eq!(response.status(), http::StatusCode::OK, "{path}");
    Status::from_header_map(response.headers())
}

/// What a status says, with its details.
pub(crate) struct Refusal {
    pub(crate) code: Code,
    pub(crate) details: ErrorDetails,
}

/// Takes a status apart. Every one of ours has an `ErrorInfo` of our domain.
#[track_caller]
pub(crate) fn refusal(status: &Status) -> Refusal {
    let details = status.get_error_details();
    let info = details
        .error_info()
        .unwrap_or_else(|| panic!("no ErrorInfo in {status:?}"));
    assert_eq!(info.domain, "statuscheck");
    assert!(!status.message().is_empty());
    Refusal {
        code: status.code(),
        details,
    }
}

impl Refusal {
    pub(crate) fn reason(&self) -> &str {
        self.details.error_info().map_or("", |info| &info.reason)
    }

    pub(crate) fn metadata(&self, key: &str) -> Option<&str> {
        let info = self.details.error_info()?;
        info.metadata.get(key).map(String::as_str)
    }

    /// Paths of the fields at fault, sorted. Each has a description.
    pub(crate) fn fields(&self) -> Vec<&str> {
        let violations = self
            .details
            .bad_request()
            .map(|bad| bad.field_violations.as_slice());
        let violations = violations.unwrap_or_default();
        assert!(violations.iter().all(|fault| !fault.description.is_empty()));
        let mut fields: Vec<_> = violations.iter().map(|fault| fault.field.as_str()).collect();
        fields.sort_unstable();
        fields
    }

    /// Addresses of whom to turn to.
    pub(crate) fn contacts(&self) -> Vec<&str> {
        let links = self.details.help().map(|help| help.links.as_slice());
        links
            .unwrap_or_default()
            .iter()
            .map(|link| link.url.as_str())
            .collect()
    }
}

/// No department was asked, nothing was recorded, and nobody has a case.
pub(crate) async fn assert_untouched(house: &House) {
    for department in DepartmentId::ALL {
        assert_eq!(house.requests(department), 0, "{department} was asked");
    }
    assert_eq!(house.faults.recorded(), 0);
    for organisation in ["employer", "landlord", "council", "trust", "stranger"] {
        let mut client = house.client(&format!("organisation/{organisation}"));
        let listed = client.list_cases(ListCasesRequest::default()).await.unwrap();
        assert!(listed.into_inner().cases.is_empty(), "{organisation} has a case");
    }
}
