//! Compiles the contract with protox, so that no protoc is needed, and writes the descriptor set for reflection.

use std::error::Error;
use std::path::PathBuf;

use prost::Message as _;

const FILES: [&str; 9] = [
    "statuscheck/v1/answer.proto",
    "statuscheck/v1/case.proto",
    "statuscheck/v1/check.proto",
    "statuscheck/v1/status_check_service.proto",
    "statuscheck/adapter/v1/adapter_service.proto",
    "statuscheck/adapter/v1/desk_service.proto",
    "statuscheck/referral/v1/referral_service.proto",
    "statuscheck/register/v1/register_service.proto",
    "statuscheck/ops/v1/ops_service.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=statuscheck");
    let mut compiler = protox::Compiler::new(["."])?;
    compiler
        .include_imports(true)
        .include_source_info(true)
        .open_files(FILES)?;

    // encode_file_descriptor_set keeps custom options, which the decoded set would drop.
    let encoded = compiler.encode_file_descriptor_set();
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("statuscheck.binpb"), &encoded)?;

    let mut config = tonic_prost_build::Config::new();
    // The messages carry people: without Debug they cannot reach a log by accident.
    config.skip_debug(["."]);
    let descriptors = prost_types::FileDescriptorSet::decode(encoded.as_slice())?;
    tonic_prost_build::configure().compile_fds_with_config(descriptors, config)?;
    Ok(())
}
