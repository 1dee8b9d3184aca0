//! The pages that a duty manager looks at: made here, served over TLS on a listener of their own, for operators alone.
//!
//! A page is whole without JavaScript, and then renews itself. With it, what changed is sent as it changes. No page carries
//! anything about a person; who looked at which one stands in the ledger before it is shown.

mod access;
mod actions;
mod assets;
mod bars;
mod charts;
mod door;
mod live;
mod page;
mod rendered;
mod routes;
mod sessions;
mod settings;
mod views;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use statuscheck_domain::clock::SharedClock;

use self::door::Door;
use self::rendered::Rendered;
use self::sessions::Sessions;
pub use self::settings::DashboardSettings;
use crate::ops::{Live, Promises};
use crate::quota::Quotas;
use crate::referrals::Taskforce;
use crate::register::ServedRegister;
use crate::store::notary::Notary;
use crate::telemetry::Figures;
use crate::tls::Tls;
use crate::upkeep::Housekeeping;

/// What the pages are made of.
#[derive(Clone)]
pub(crate) struct Sources {
    pub(crate) live: Live,
    pub(crate) housekeeping: Arc<Housekeeping>,
    pub(crate) register: Arc<ServedRegister>,
    pub(crate) quotas: Quotas,
    pub(crate) notary: Arc<Notary>,
    pub(crate) promises: Arc<Promises>,
    pub(crate) taskforce: Arc<Taskforce>,
    pub(crate) figures: Arc<Figures>,
    pub(crate) clock: SharedClock,
}

/// What every request of the dashboard sees.
struct Board {
    sources: Sources,
    sessions: Arc<Sessions>,
    rendered: Rendered,
    tls: Tls,
    settings: DashboardSettings,
}

/// A dashboard that is bound and not served yet.
pub(crate) struct Dashboard {
    door: Door,
    address: SocketAddr,
    board: Arc<Board>,
}

impl Dashboard {
    /// Binds the address of `settings`; none where it has none.
    pub(crate) async fn bind(
        settings: DashboardSettings,
        tls: Tls,
        sources: Sources,
    ) -> io::Result<Option<Self>> {
        let Some(listen) = settings.listen else {
            return Ok(None);
        };
        let door = Door::bind(listen, tls.clone(), settings.clone()).await?;
        let address = door.address()?;
        let board = Board {
            sessions: Arc::new(Sessions::new(&settings, sources.clock.clone())),
            rendered: Rendered::new(sources.clock.clone()),
            sources,
            tls,
            settings,
        };
        Ok(Some(Self {
            door,
            address,
            board: Arc::new(board),
        }))
    }

    /// Who may sign somebody in.
    pub(crate) fn usher(&self) -> Usher {
        Usher {
            address: self.address,
            sessions: Arc::clone(&self.board.sessions),
        }
    }

    /// Serves for ever; drop it to stop.
    pub(crate) async fn serve(self) -> Infallible {
        self.door.serve(routes::routes(self.board)).await
    }
}

/// Signs operators in who have no certificate in their browser.
#[derive(Clone)]
pub struct Usher {
    address: SocketAddr,
    sessions: Arc<Sessions>,
}

impl Usher {
    /// Where the dashboard is.
    pub fn url(&self) -> String {
        format!("https://{}/", self.address)
    }

    /// A link that signs one browser in as `actor`, such as `ops/duty-1`: once, and within minutes.
    pub fn link(&self, actor: &str) -> String {
        format!("{}sign-in/{}", self.url(), self.sessions.link(actor))
    }
}
