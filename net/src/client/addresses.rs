//! Addresses that a client does not connect to, whatever name or redirect leads it there.
//!
//! Behind link-local addresses stand the clouds' metadata services, which give credentials to whoever asks from this machine.
//! An address is judged when a connection to it is about to be opened, after the name was looked up: neither a name nor a
//! number in an odd notation hides it. A proxy looks names up by itself; there only what is written as an address is judged.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::error::DialError;

/// Link-local addresses, and those of metadata services that are not link-local.
const METADATA: [Network; 7] = [
    // RFC 3927: among them 169.254.169.254 of nearly all clouds.
    Network::v4(Ipv4Addr::new(169, 254, 0, 0), 16),
    // RFC 4291, 2.5.6.
    Network::v6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
    // Amazon, over IPv6.
    Network::v6(Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254), 128),
    // Google, over IPv6.
    Network::v6(Ipv6Addr::new(0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254), 128),
    // Alibaba.
    Network::v4(Ipv4Addr::new(100, 100, 100, 200), 32),
    // Oracle.
    Network::v4(Ipv4Addr::new(192, 0, 0, 192), 32),
    // Azure's wire server.
    Network::v4(Ipv4Addr::new(168, 63, 129, 16), 32),
];

/// Under which IPv4 addresses are reached through a translator: RFC 6052, 2.1.
const TRANSLATED: Network = Network::v6(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// All addresses that begin alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    ip: IpAddr,
    n_bits: u32,
}

/// What is not `ADDRESS` or `ADDRESS/BITS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address or a network like 169.254.0.0/16")]
pub struct NetworkError;

/// Which addresses are connected to.
#[derive(Clone, Debug, Default)]
pub struct Addresses {
    refused: Vec<Network>,
    allowed: Vec<Network>,
    /// The setting that `allowed` comes from.
    setting: &'static str,
}

impl Network {
    const fn v4(ip: Ipv4Addr, n_bits: u32) -> Network {
        Network { ip: IpAddr::V4(ip), n_bits }
    }

    const fn v6(ip: Ipv6Addr, n_bits: u32) -> Network {
        Network { ip: IpAddr::V6(ip), n_bits }
    }

    /// Whether an address is one of them.
    pub fn covers(self, ip: IpAddr) -> bool {
        let same = |ip: u128, network: u128, width: u32| {
            self.n_bits == 0 || ip >> (width - self.n_bits) == network >> (width - self.n_bits)
        };
        match (ip, self.ip) {
            (IpAddr::V4(ip), IpAddr::V4(network)) => same(u32::from(ip).into(), u32::from(network).into(), 32),
            (IpAddr::V6(ip), IpAddr::V6(network)) => same(ip.into(), network.into(), 128),
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Network, NetworkError> {
        let (ip, n_bits) = match text.split_once('/') {
            Some((ip, n_bits)) => (ip, Some(n_bits.parse().map_err(|_| NetworkError)?)),
            None => (text, None),
        };
        let ip: IpAddr = ip.parse().map_err(|_| NetworkError)?;
        let width = if ip.is_ipv4() { 32 } else { 128 };
        let n_bits = n_bits.unwrap_or(width);
        if n_bits <= width { Ok(Network { ip, n_bits }) } else { Err(NetworkError) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.ip, self.n_bits)
    }
}

impl Addresses {
    /// All but link-local ones and those of metadata services; of these, those that a setting allows.
    pub fn without_metadata(allowed: Vec<Network>, setting: &'static str) -> Addresses {
        Addresses { refused: METADATA.to_vec(), allowed, setting }
    }

    #[cfg(test)]
    pub(super) fn without(refused: &[&str], allowed: &[&str]) -> Addresses {
        let networks = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        Addresses { refused: networks(refused), allowed: networks(allowed), setting: "the test" }
    }

    /// Whether an address may be connected to.
    ///
    /// # Errors
    /// When it may not.
    pub(super) fn check(&self, ip: IpAddr) -> Result<(), DialError> {
        let is_in = |networks: &[Network]| {
            let real = real(ip);
            networks.iter().any(|network| network.covers(ip) || network.covers(real))
        };
        if is_in(&self.refused) && !is_in(&self.allowed) {
            return Err(DialError::Refused { address: ip.to_string(), setting: self.setting });
        }
        Ok(())
    }
}

/// The IPv4 address that an IPv6 address stands for, where it does.
fn real(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) if TRANSLATED.covers(ip) => {
            let [.., a, b, c, d] = v6.octets();
            IpAddr::V4(Ipv4Addr::new(a, b, c, d))
        }
        canonical => canonical,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused() {
        let check = |allowed: &str, ip: &str, want: bool| {
            let allowed = allowed.split_whitespace().map(|network| network.parse().unwrap()).collect();
            let addresses = Addresses::without_metadata(allowed, "narthex.setting");
            assert_eq!(addresses.check(ip.parse().unwrap()).is_ok(), want, "{ip}");
        };
        check("", "10.1.2.3", true);
        check("", "127.0.0.1", true);
        check("", "::1", true);
        check("", "169.253.255.255", true);
        check("", "169.254.169.254", false);
        check("", "169.254.0.23", false);
        check("", "fe80::1", false);
        check("", "febf::1", false);
        check("", "fec0::1", true);
        check("", "fd00:ec2::254", false);
        check("", "fd00:ec2::253", true);
        check("", "fd20:ce::254", false);
        check("", "100.100.100.200", false);
        check("", "168.63.129.16", false);
        check("", "192.0.0.192", false);
        check("", "::ffff:169.254.169.254", false);
        check("", "64:ff9b::a9fe:a9fe", false);
        check("", "64:ff9b::a01:203", true);
        check("169.254.10.0/24", "169.254.10.7", true);
        check("169.254.10.0/24", "::ffff:169.254.10.7", true);
        check("169.254.10.0/24", "169.254.11.7", false);
        check("fe80::/10 169.254.10.7", "169.254.10.7", true);
        check("::/0", "169.254.169.254", false);
        check("0.0.0.0/0", "169.254.169.254", true);
        let refusal = Addresses::without_metadata(Vec::new(), "s").check("169.254.169.254".parse().unwrap());
        assert_eq!(
            refusal.unwrap_err().to_string(),
            "dial tcp 169.254.169.254: link-local and metadata addresses are refused, unless s lists them"
        );
    }

    #[test]
    fn networks_as_they_are_written() {
        let check = |text: &str, want: Option<&str>| {
            let got = text.parse::<Network>().ok().map(|network| network.to_string());
            assert_eq!(got.as_deref(), want, "{text}");
        };
        check("10.0.0.1", Some("10.0.0.1/32"));
        check("10.0.0.0/8", Some("10.0.0.0/8"));
        check("fe80::/10", Some("fe80::/10"));
        check("::1", Some("::1/128"));
        check("10.0.0.0/33", None);
        check("10.0.0.0/x", None);
        check("10.0.0", None);
        check("example.com", None);
        check("", None);
    }
}
