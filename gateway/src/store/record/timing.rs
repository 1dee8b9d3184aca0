//! Where the time of a department's call went: one number for the gateway's, two with the department's, three with the
//! network's; in microseconds.

use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};
use statuscheck_domain::timing::Timing;

pub(super) fn serialize<S: Serializer>(timing: &Option<Timing>, serializer: S) -> Result<S::Ok, S::Error> {
    let Some(timing) = timing else {
        return serializer.serialize_none();
    };
    match (timing.gateway_us, timing.department_us, timing.network_us) {
        (gateway, None, _) => [gateway].serialize(serializer),
        (gateway, Some(department), None) => [gateway, department].serialize(serializer),
        (gateway, Some(department), Some(network)) => [gateway, department, network].serialize(serializer),
    }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timing>, D::Error> {
    let Some(parts) = Option::<Vec<u32>>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let (gateway_us, department_us, network_us) = match parts[..] {
        [gateway] => (gateway, None, None),
        [gateway, department] => (gateway, Some(department), None),
        [gateway, department, network] => (gateway, Some(department), Some(network)),
        _ => return Err(D::Error::custom("not the parts of a call")),
    };
    Ok(Some(Timing {
        gateway_us,
        department_us,
        network_us,
    }))
}
