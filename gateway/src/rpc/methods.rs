//! The methods that are served, by name: what callers may ask for is bounded by these.

use prost_reflect::DescriptorPool;
use statuscheck_proto::DESCRIPTOR_SET;

/// The methods of `grpc.reflection`, whose descriptors are not at hand.
const REFLECTION: [&str; 2] = [
    "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/// Those of the contract, of health and of reflection, each as `package.Service/Method`.
pub(crate) fn all() -> impl Iterator<Item = String> {
    let sets = [DESCRIPTOR_SET, tonic_health::pb::FILE_DESCRIPTOR_SET];
    let pools = sets
        .into_iter()
        .filter_map(|set| DescriptorPool::decode(set).ok());
    let ours = pools.flat_map(|pool| {
        let services: Vec<_> = pool.services().collect();
        services.into_iter().flat_map(|service| {
            let methods: Vec<_> = service.methods().collect();
            methods
                .into_iter()
                .map(move |method| format!("{}/{}", service.full_name(), method.name()))
        })
    });
    ours.chain(REFLECTION.map(str::to_owned))
}
