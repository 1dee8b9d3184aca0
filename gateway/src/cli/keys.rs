//! `statuscheck keys`

use std::process::ExitCode;

use clap::Subcommand;
use statuscheck_proto::ops::v1::RotateKeysRequest;

use super::operator::Operator;
use super::output::{Output, print_json, say, waiting};
use crate::rpc::ops::Operations;

/// Changes the keys of a store.
#[derive(Subcommand)]
pub(crate) enum Keys {
    /// Makes a new key-encryption key, wraps every key anew under it, and takes the old one out of the key file.
    ///
    /// A running gateway goes on answering meanwhile. Where it is interrupted, run it again: it goes on. Keep the old key
    /// with the backups that were made under it.
    #[command(after_help = "Examples:\n  \
            statuscheck keys rotate --demo DIR\n  \
            statuscheck keys rotate --store statuscheck.db --key-file store.key")]
    Rotate {
        /// Prints the contract's message as JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        operator: Operator,
    },
}

impl Keys {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        let Self::Rotate { json, operator } = self;
        let rotation = operator.ask(
            RotateKeysRequest {},
            async |mut client, request| client.rotate_keys(request).await,
            Operations::rotate_keys,
        );
        let rotated = match waiting("rotating keys", rotation).await? {
            Ok(rotated) => rotated,
            Err(status) => return Output::of(json).error(&status),
        };
        if json {
            print_json("statuscheck.ops.v1.RotateKeysResponse", &rotated)?;
        } else {
            say!(
                "key {} wraps now; {} keys of cases were wrapped anew",
                rotated.generation,
                rotated.cases
            )?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
