//! The command line as an operator: through a running gateway, or on a file that no gateway holds.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use statuscheck_domain::agreement::Register;
use statuscheck_domain::clock::SystemClock;
use statuscheck_proto::ops::v1::ops_service_client::OpsServiceClient;
use tonic::transport::Channel;
use tonic::{Response, Status};

use super::client::Connection;
use crate::audit::Subject;
use crate::error::Error;
use crate::register::{self, ServedRegister};
use crate::rpc::ops::Operations;
use crate::store::Store as _;
use crate::store::embedded::{EmbeddedStore, Settings};
use crate::store::seal::Kek;
use crate::upkeep::Housekeeping;

/// Who acts on a file, as the ledger names them: whoever may read its key file.
pub(crate) const AT_THE_FILE: &str = "console";

/// Where the store is: behind a gateway, or in a file that none holds.
#[derive(Args)]
pub(crate) struct Operator {
    #[command(flatten)]
    connection: Connection,
    /// The database file, where no gateway is running.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["demo", "server"], requires = "key_file", help_heading = "Offline")]
    store: Option<PathBuf>,
    /// The file of its key-encryption key.
    #[arg(long, value_name = "FILE", requires = "store", help_heading = "Offline")]
    key_file: Option<PathBuf>,
    /// Folder of the agreements, which say how long cases are kept and what they are for. Where a version of the register
    /// was ever applied, that counts, and not the folder.
    #[arg(long, value_name = "DIR", requires = "store", help_heading = "Offline")]
    register: Option<PathBuf>,
}

impl Operator {
    /// Asks the gateway, or does the same on the file.
    pub(crate) async fn ask<Q, A>(
        &self,
        request: Q,
        gateway: impl AsyncFnOnce(OpsServiceClient<Channel>, Q) -> Result<Response<A>, Status>,
        file: impl AsyncFnOnce(Operations, String, Q) -> Result<A, Error>,
    ) -> anyhow::Result<Result<A, Status>> {
        let (Some(path), Some(key_file)) = (&self.store, &self.key_file) else {
            let client = self.connection.operate()?;
            return Ok(gateway(client, request).await.map(Response::into_inner));
        };
        // Opening makes what is missing, and a slip of the path should not.
        anyhow::ensure!(path.exists(), "{}: there is no such file", path.display());
        let register = match &self.register {
            Some(folder) => register::load(folder).context("register")?,
            None => Register::default(),
        };
        let store = EmbeddedStore::open(Settings::at(path), Kek::load(key_file)?).await?;
        let store = Arc::new(store);
        let served = ServedRegister::load(store.as_ref(), register).await?;
        let clock = SystemClock::shared();
        let operations = Operations {
            housekeeping: Arc::new(Housekeeping::new(
                store.clone(),
                Arc::new(served),
                Arc::default(),
                clock.clone(),
            )),
            audited: Arc::new(Subject {
                store: path.clone().into(),
                ..Subject::default()
            }),
            clock,
            live: None,
        };
        let answer = file(operations, AT_THE_FILE.to_owned(), request).await;
        store.close().await;
        Ok(answer.map_err(Status::from))
    }
}
