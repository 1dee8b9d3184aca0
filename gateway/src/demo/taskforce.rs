//! The demo's taskforce: the secret that it shares with the gateway, and where each finds the other.

use std::fs;
use std::path::{Path, PathBuf};

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use statuscheck_mocks::settings::{ServerTls, TaskforceSettings};
use statuscheck_mocks::taskforce::Gateway;
use zeroize::Zeroizing;

use super::DemoError;
use super::authority::{Identity, write_secret};

/// The identity under which it resolves referrals.
pub(super) const IDENTITY: &str = "taskforce/windrush";

/// The file of its secret, in [`secrets`].
pub(super) const SECRET: &str = "taskforce";

/// The folder of receivers' secrets.
pub(super) fn secrets(folder: &Path) -> PathBuf {
    folder.join("secrets")
}

/// A taskforce that takes hooks over TLS. Its secret is made where it is missing.
pub(super) fn settings(folder: &Path, server: &Identity) -> Result<TaskforceSettings, DemoError> {
    let secrets = secrets(folder);
    fs::create_dir_all(&secrets).map_err(|source| DemoError::Folder {
        path: secrets.clone(),
        source,
    })?;
    let secret = secrets.join(SECRET);
    if !secret.exists() {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        rand::fill(bytes.as_mut_slice()).map_err(|_no_randomness| DemoError::NoRandomness)?;
        let text = Zeroizing::new(format!("whsec_{}\n", STANDARD.encode(bytes.as_slice())));
        write_secret(&secret, &text)?;
    }
    Ok(TaskforceSettings {
        tls: Some(ServerTls {
            certificate: server.cert.clone(),
            key: server.key.clone(),
        }),
        ..TaskforceSettings::new(vec![secret])
    })
}

/// Where the taskforce finds the gateway.
pub(super) fn gateway(address: String, ca: &Path, identity: &Identity) -> Gateway {
    Gateway {
        address,
        ca: ca.to_owned(),
        certificate: identity.cert.clone(),
        key: identity.key.clone(),
    }
}
