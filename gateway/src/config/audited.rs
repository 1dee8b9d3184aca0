//! What an auditor looks at, as the configuration has it.

use super::{ConfigError, StoreSection};
use crate::audit::{self, Address, StoreAt, Subject};
use crate::store::signing::SigningKey;

impl StoreSection {
    /// The store, its checkpoints, and the files of the keys that signed them.
    pub fn audited(&self) -> Subject {
        let table = &self.table;
        let public_key = SigningKey::public_path(&table.signing_key_file);
        let former = table.former_public_keys.iter().cloned();
        let store = match &table.url {
            Some(url) => StoreAt::Postgres(Address {
                url: url.clone(),
                ca_file: table.ca_file.clone(),
                password_file: table.password_file.clone(),
                pass_file: None,
            }),
            None => table.path.clone().unwrap_or_default().into(),
        };
        Subject {
            store,
            checkpoints: table.checkpoint_file.iter().cloned().collect(),
            public_keys: former.chain([public_key]).collect(),
            anchor: table.anchor.clone(),
            ..Subject::default()
        }
    }

    /// The files of the former keys are there and hold keys.
    pub(super) fn check_former_keys(&self) -> Result<(), ConfigError> {
        let mut files = self.table.former_public_keys.iter();
        files
            .try_for_each(|file| audit::check_public_key(file))
            .map_err(ConfigError::FormerKey)
    }

    /// The same for the gateway itself, which has the signing key; its public key cannot always be written beside it.
    pub(super) fn audited_with(&self, key: &SigningKey) -> Subject {
        Subject {
            public_keys: self.table.former_public_keys.clone(),
            known_keys: vec![key.public()],
            ..self.audited()
        }
    }
}
