//! Networks of the internet protocol, and which addresses are anybody's on the public internet.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::Deserialize;

/// A network such as `10.0.0.0/8` or `fd00::/8`, or a sole address.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq, Debug)]
#[serde(try_from = "String")]
pub struct Network {
    address: IpAddr,
    length: u8,
}

/// Not a network.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "must be a network such as 10.0.0.0/8 or fd00::/8, with nothing set behind its length, or an address"
)]
pub struct NetworkError;

const fn v4(a: u8, b: u8, c: u8, length: u8) -> Network {
    Network {
        address: IpAddr::V4(Ipv4Addr::new(a, b, c, 0)),
        length,
    }
}

const fn v6(a: u16, b: u16, length: u8) -> Network {
    Network {
        address: IpAddr::V6(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0)),
        length,
    }
}

/// What is not public of IPv4, by IANA's registry of special-purpose addresses (RFC 6890).
const NOT_PUBLIC_V4: [Network; 15] = [
    v4(0, 0, 0, 8),       // this network
    v4(10, 0, 0, 8),      // private
    v4(100, 64, 0, 10),   // behind a carrier's translation
    v4(127, 0, 0, 8),     // loopback
    v4(169, 254, 0, 16),  // link-local, clouds' metadata among it
    v4(172, 16, 0, 12),   // private
    v4(192, 0, 0, 24),    // protocol assignments
    v4(192, 0, 2, 24),    // documentation
    v4(192, 88, 99, 24),  // relays of 6to4, given up
    v4(192, 168, 0, 16),  // private
    v4(198, 18, 0, 15),   // benchmarks
    v4(198, 51, 100, 24), // documentation
    v4(203, 0, 113, 24),  // documentation
    v4(224, 0, 0, 4),     // multicast
    v4(240, 0, 0, 4),     // reserved, broadcast among it
];

/// All that is given out of IPv6 so far (RFC 4291, 2.4). Outside are loopback, unique-local, link-local, multicast, and
/// translation prefixes of local use.
const GLOBAL_V6: Network = v6(0x2000, 0, 3);

/// What is not public of that, by the same registry.
const NOT_PUBLIC_V6: [Network; 4] = [
    v6(0x2001, 0, 23),     // protocol assignments, Teredo and benchmarks among them
    v6(0x2001, 0xdb8, 32), // documentation
    v6(0x2002, 0, 16),     // 6to4, which carries any IPv4 address
    v6(0x3fff, 0, 20),     // documentation
];

/// The well-known prefix of NAT64 (RFC 6052, 2.1): its last 32 bits are the IPv4 address that is reached.
const NAT64: Network = v6(0x64, 0xff9b, 96);

/// The address that is reached by `address`: an IPv4 address that is written as IPv6 is what it stands for.
pub(super) fn reached(address: IpAddr) -> IpAddr {
    let IpAddr::V6(six) = address else {
        return address;
    };
    if let Some(four) = six.to_ipv4_mapped() {
        return four.into();
    }
    if NAT64.contains(address) {
        let [.., a, b, c, d] = six.octets();
        return Ipv4Addr::new(a, b, c, d).into();
    }
    address
}

/// Whether a [`reached`] address is anybody's on the public internet.
pub(super) fn is_public(address: IpAddr) -> bool {
    let is_in = |networks: &[Network]| networks.iter().any(|network| network.contains(address));
    match address {
        IpAddr::V4(_) => !is_in(&NOT_PUBLIC_V4),
        IpAddr::V6(_) => GLOBAL_V6.contains(address) && !is_in(&NOT_PUBLIC_V6),
    }
}

impl Network {
    /// Whether `address` is in it. The two versions of the protocol have no address in common.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differ = own.to_bits() ^ other.to_bits();
                differ.leading_zeros() >= self.length.into()
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differ = own.to_bits() ^ other.to_bits();
                differ.leading_zeros() >= self.length.into()
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }

    fn has_nothing_behind_its_length(&self) -> bool {
        match self.address {
            IpAddr::V4(own) => own.to_bits().trailing_zeros() + u32::from(self.length) >= Ipv4Addr::BITS,
            IpAddr::V6(own) => own.to_bits().trailing_zeros() + u32::from(self.length) >= Ipv6Addr::BITS,
        }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_no_address| NetworkError)?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            Some(length) => length.parse().map_err(|_no_number| NetworkError)?,
            None => longest,
        };
        let network = Self { address, length };
        let fits = length <= longest && network.has_nothing_behind_its_length();
        fits.then_some(network).ok_or(NetworkError)
    }
}

impl TryFrom<String> for Network {
    type Error = NetworkError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.address, self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn only_what_is_anybodys_on_the_internet_is_public() {
        for text in [
            "0.0.0.0",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:10::1",
            "2001:1ff::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "3fff:fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(reached(address(text))), "{text}");
        }
        for text in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.0.0.1",
            "128.0.0.1",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "223.255.255.255",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
            "2001:200::1",
            "2606:4700::1111",
            "2a00:1450::1",
            "3ffe::1",
        ] {
            assert!(is_public(reached(address(text))), "{text}");
        }
    }

    #[test]
    fn a_network_is_read_with_its_length_or_as_one_address() {
        for (text, inside, outside) in [
            ("127.0.0.0/8", "127.255.0.1", "128.0.0.1"),
            ("10.1.2.3", "10.1.2.3", "10.1.2.2"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("fd00::/8", "fdff::1", "fc00::1"),
            ("::1", "::1", "::"),
            ("::/0", "ffff::", "1.1.1.1"),
        ] {
            let network: Network = text.parse().unwrap();
            assert!(network.contains(address(inside)), "{text}");
            assert!(!network.contains(address(outside)), "{text}");
        }
        for text in [
            "",
            "10.0.0.0/33",
            "10.0.0.1/8",
            "fd00::1/8",
            "::/129",
            "10.0.0.0/",
            "10.0.0.0/-1",
            "localhost",
        ] {
            assert_eq!(text.parse::<Network>(), Err(NetworkError), "{text}");
        }
    }
}
