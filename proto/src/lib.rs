//! The agreed contract, generated from the `.proto` files beside this crate, and nothing else.
//!
//! Messages have no `Debug`: most of them carry people. A module path mirrors its package, without the leading
//! `statuscheck`.
#![allow(
    missing_docs,
    clippy::all,
    reason = "generated; documented in the .proto files"
)]

/// The whole contract with its imports, as an encoded `FileDescriptorSet`, for reflection and for guards that walk it.
pub const DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/statuscheck.binpb"));

/// `statuscheck.v1`: for service providers.
pub mod v1 {
    tonic::include_proto!("statuscheck.v1");
}

/// `statuscheck.adapter.v1`: for departments.
pub mod adapter {
    pub mod v1 {
        tonic::include_proto!("statuscheck.adapter.v1");
    }
}

/// `statuscheck.referral.v1`: for the Windrush taskforce.
pub mod referral {
    pub mod v1 {
        tonic::include_proto!("statuscheck.referral.v1");
    }
}

/// `statuscheck.register.v1`: the register of agreements.
pub mod register {
    pub mod v1 {
        tonic::include_proto!("statuscheck.register.v1");
    }
}

/// `statuscheck.ops.v1`: for operators.
pub mod ops {
    pub mod v1 {
        tonic::include_proto!("statuscheck.ops.v1");
    }
}
