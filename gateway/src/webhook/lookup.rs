//! From a host's name to the addresses that may be connected to. What is judged here is what is connected to, so a name that
//! leads elsewhere from one moment to the next gains nothing.

use std::error::Error;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::Allowed;

/// Looks names up.
#[async_trait]
pub trait Lookup: Send + Sync + 'static {
    /// The addresses of `host`, in the order in which to try them.
    ///
    /// # Errors
    /// As the resolver has it.
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// As the machine looks names up.
pub(super) struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((host, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

/// Gives the client only addresses that are allowed.
pub(super) struct Guard {
    pub(super) lookup: Arc<dyn Lookup>,
    pub(super) allowed: Arc<Allowed>,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (lookup, allowed) = (self.lookup.clone(), self.allowed.clone());
        Box::pin(async move { addresses(&*lookup, &allowed, name.as_str()).await })
    }
}

async fn addresses(
    lookup: &dyn Lookup,
    allowed: &Allowed,
    host: &str,
) -> Result<Addrs, Box<dyn Error + Send + Sync>> {
    let (mut good, mut refused) = (Vec::new(), None);
    for address in lookup.addresses(host).await? {
        match allowed.address(address) {
            Ok(()) => good.push(SocketAddr::new(address, 0)),
            Err(fault) => refused = Some(fault),
        }
    }
    match refused {
        Some(fault) if good.is_empty() => Err(fault.into()),
        _ => Ok(Box::new(good.into_iter())),
    }
}
