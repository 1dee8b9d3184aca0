//! Who is inside: the caps on connections, and how each connection ended.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How a connection ended; every accepted socket ends in one of these ways.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// Turned away: as many connections as there may be.
    Full,
    /// Turned away: as many connections from its address as there may be.
    AddressFull,
    /// No valid handshake: not TLS 1.3 with HTTP/2, or no valid client certificate.
    HandshakeFailed,
    /// No handshake in time.
    HandshakeLate,
    /// No request in time.
    Silent,
    /// After a reload its client certificate is no longer accepted.
    Revoked,
    /// As old as a connection may become.
    Aged,
    /// The gateway shut down.
    ShutDown,
    /// The client went.
    Closed,
    /// The client broke the protocol, or no longer answered.
    Broken,
}

impl Ending {
    /// All endings, for a metric with one series each.
    pub const ALL: [Self; 10] = [
        Self::Full,
        Self::AddressFull,
        Self::HandshakeFailed,
        Self::HandshakeLate,
        Self::Silent,
        Self::Revoked,
        Self::Aged,
        Self::ShutDown,
        Self::Closed,
        Self::Broken,
    ];

    /// A stable name, for a metric's label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::AddressFull => "address_full",
            Self::HandshakeFailed => "handshake_failed",
            Self::HandshakeLate => "handshake_late",
            Self::Silent => "silent",
            Self::Revoked => "revoked",
            Self::Aged => "aged",
            Self::ShutDown => "shut_down",
            Self::Closed => "closed",
            Self::Broken => "broken",
        }
    }
}

/// Counts of connections, now and since the start.
#[derive(Debug)]
pub struct Census {
    connections_max: usize,
    connections_per_address_max: usize,
    inside: Mutex<Inside>,
    endings: [AtomicU64; Ending::ALL.len()],
}

#[derive(Debug, Default)]
struct Inside {
    open: usize,
    by_address: HashMap<IpAddr, usize>,
}

impl Census {
    pub(super) fn new(connections_max: usize, connections_per_address_max: usize) -> Arc<Self> {
        Arc::new(Self {
            connections_max,
            connections_per_address_max,
            inside: Mutex::default(),
            endings: Default::default(),
        })
    }

    /// Connections open now, those in their handshake included.
    pub fn open(&self) -> usize {
        self.inside().open
    }

    /// Connections that ended in this way since the start.
    pub fn ended(&self, ending: Ending) -> u64 {
        self.endings[ending as usize].load(Ordering::Relaxed)
    }

    /// A place for a connection from `address`, held until it is dropped. None where a cap is reached, which is counted.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let address = network(address);
        let mut inside = self.inside();
        let from_address = inside.by_address.get(&address).copied().unwrap_or(0);
        if inside.open >= self.connections_max {
            self.count(Ending::Full);
            return None;
        }
        if from_address >= self.connections_per_address_max {
            self.count(Ending::AddressFull);
            return None;
        }
        inside.open += 1;
        inside.by_address.insert(address, from_address + 1);
        Some(Place {
            census: self.clone(),
            address,
        })
    }

    fn count(&self, ending: Ending) {
        self.endings[ending as usize].fetch_add(1, Ordering::Relaxed);
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection's place among those inside.
pub(super) struct Place {
    census: Arc<Census>,
    address: IpAddr,
}

impl Place {
    pub(super) fn leave(self, ending: Ending) {
        self.census.count(ending);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inside = self.census.inside();
        inside.open -= 1;
        if let Some(from_address) = inside.by_address.get_mut(&self.address) {
            *from_address -= 1;
            if *from_address == 0 {
                inside.by_address.remove(&self.address);
            }
        }
    }
}

/// What counts as one address: a subscriber of IPv6 has a whole /64, and an IPv4 caller may come mapped into IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_ipv6_and_a_mapped_ipv4_count_as_one_address() {
        let census = Census::new(10, 1);
        let _first = census.enter("2001:db8:1:2::1".parse().unwrap()).unwrap();
        let _other = census.enter("2001:db8:1:3::1".parse().unwrap()).unwrap();
        assert!(census.enter("2001:db8:1:2:ffff::9".parse().unwrap()).is_none());
        let _v4 = census.enter("192.0.2.1".parse().unwrap()).unwrap();
        assert!(census.enter("::ffff:192.0.2.1".parse().unwrap()).is_none());
        assert_eq!(census.open(), 3);
        assert_eq!(census.ended(Ending::AddressFull), 2);
    }

    #[test]
    fn an_address_that_nobody_holds_takes_no_memory() {
        let census = Census::new(10, 2);
        let places: Vec<_> = (1..=5)
            .map(|host| census.enter(IpAddr::from([192, 0, 2, host])))
            .collect();
        drop(places);
        assert_eq!(census.open(), 0);
        assert!(census.inside().by_address.is_empty());
    }

    #[test]
    fn every_ending_has_a_count_and_a_name_of_its_own() {
        let census = Census::new(10, 10);
        for (place, ending) in Ending::ALL.into_iter().enumerate() {
            census.enter(IpAddr::from([192, 0, 2, 1])).unwrap().leave(ending);
            assert_eq!(ending as usize, place);
            assert_eq!(census.ended(ending), 1);
        }
        let names: std::collections::HashSet<_> = Ending::ALL.map(Ending::as_str).into();
        assert_eq!(names.len(), Ending::ALL.len());
    }
}
