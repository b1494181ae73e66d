//! Whose address a request came from, when proxies stand before the server.
//!
//! Only `X-Forwarded-For` is read, and only as far as trusted proxies wrote it: anybody can send
//! the header, and each proxy adds the address that it saw at the end.

use actix_web::HttpRequest;
use ipnet::IpNet;
use std::net::IpAddr;

/// The header that proxies write.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The sender's address; `None` when the connection has none.
pub fn remote_addr(request: &HttpRequest, trusted: &[IpNet]) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    let headers: Vec<&str> =
        request.headers().get_all(FORWARDED_FOR).filter_map(|value| value.to_str().ok()).collect();
    Some(find_sender(peer, &headers, trusted))
}

/// Walks from the connection towards the sender and stops at the first address that is not a
/// trusted proxy's; what stands before it may be made up.
fn find_sender(peer: IpAddr, headers: &[&str], trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |addr: &IpAddr| trusted.iter().any(|network| network.contains(addr));
    let mut sender = peer;
    let mut hops = headers.iter().flat_map(|header| header.split(',')).map(str::trim).rev();
    while is_trusted(&sender) {
        // What is no address was not written by a proxy that we know: it ends the walk.
        let Some(hop) = hops.next().and_then(parse_hop) else { break };
        sender = hop;
    }
    sender
}

/// An address, with a port on it as some proxies write it.
fn parse_hop(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let addr = bare
        .parse::<IpAddr>()
        .ok()
        .or_else(|| text.parse::<std::net::SocketAddr>().ok().map(|addr| addr.ip()));
    addr.map(|addr| addr.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(peer: &str, headers: &[&str], trusted: &[&str]) -> String {
        let trusted: Vec<IpNet> = trusted.iter().map(|text| text.parse().unwrap()).collect();
        find_sender(peer.parse().unwrap(), headers, &trusted).to_string()
    }

    #[test]
    fn a_sender_that_is_no_proxy_is_not_believed() {
        assert_eq!(sender("203.0.113.9", &["1.2.3.4"], &[]), "203.0.113.9");
        assert_eq!(sender("203.0.113.9", &["1.2.3.4"], &["10.0.0.0/8"]), "203.0.113.9");
    }

    #[test]
    fn a_trusted_proxy_names_the_sender_and_what_the_sender_made_up_is_ignored() {
        let trusted = ["10.0.0.0/8"];
        assert_eq!(sender("10.0.0.1", &["6.6.6.6, 203.0.113.9"], &trusted), "203.0.113.9");
        assert_eq!(sender("10.0.0.1", &["6.6.6.6", "203.0.113.9"], &trusted), "203.0.113.9");
        assert_eq!(sender("10.0.0.1", &["203.0.113.9, 10.0.0.2"], &trusted), "203.0.113.9");
    }

    #[test]
    fn a_proxy_that_says_nothing_or_nonsense_is_the_sender() {
        assert_eq!(sender("10.0.0.1", &[], &["10.0.0.0/8"]), "10.0.0.1");
        assert_eq!(sender("10.0.0.1", &["unknown"], &["10.0.0.0/8"]), "10.0.0.1");
        assert_eq!(sender("10.0.0.1", &["1.1.1.1, unknown"], &["10.0.0.0/8"]), "10.0.0.1");
    }

    #[test]
    fn ports_and_both_families_are_read() {
        let trusted = ["::1/128", "127.0.0.1/32"];
        assert_eq!(sender("::1", &["[2001:db8::7]:4711"], &trusted), "2001:db8::7");
        assert_eq!(sender("::1", &["2001:db8::7"], &trusted), "2001:db8::7");
        assert_eq!(sender("127.0.0.1", &["203.0.113.9:80"], &trusted), "203.0.113.9");
        assert_eq!(sender("127.0.0.1", &["::ffff:203.0.113.9"], &trusted), "203.0.113.9");
    }
}
