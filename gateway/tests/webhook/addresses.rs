//! Where a notice goes is judged by the address that is connected to.

use std::env;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use statuscheck::webhook::{DeliveryError, Failure, NotAllowed};
use tokio::process::Command;

use crate::receiver::{Receiver, status};
use crate::site::{HOST, Names, Site, letter, webhook};

/// The address at which an attempt was refused.
fn refused_at(told: Result<(), DeliveryError>) -> String {
    match told {
        Err(DeliveryError::NotAllowed(NotAllowed::Network { address })) => address.to_string(),
        other => panic!("it has to be refused, not {other:?}"),
    }
}

#[tokio::test]
async fn an_allowed_name_that_leads_inside_is_refused_and_parked() {
    let mut site = Site::new();
    site.settings.allow_networks.clear();
    let mut receiver = Receiver::start(|| Some(status(200))).await;
    for (answer, address) in [
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("::ffff:127.0.0.1", "127.0.0.1"),
        ("64:ff9b::7f00:1", "127.0.0.1"),
        ("10.1.2.3", "10.1.2.3"),
        ("169.254.169.254", "169.254.169.254"),
        ("100.64.0.1", "100.64.0.1"),
        ("fd00::1", "fd00::1"),
        ("fe80::1", "fe80::1"),
        ("ff02::1", "ff02::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("2002:7f00:1::", "2002:7f00:1::"),
    ] {
        site.names = Names::leading_to(&[&[answer]]);
        let told = site.tell(&receiver).await;
        assert!(told.as_ref().is_err_and(DeliveryError::parks));
        assert_eq!(refused_at(told), address);
    }
    assert!(receiver.take().is_empty());
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_the_next_time_gains_nothing() {
    let mut site = Site::new();
    site.names = Names::leading_to(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let closing = || {
        let mut response = status(200);
        response
            .headers_mut()
            .insert("connection", "close".parse().unwrap());
        Some(response)
    };
    let mut receiver = Receiver::start(closing).await;
    let (courier, destination) = (site.courier(), site.destination(&receiver, &["old"]));
    courier.deliver(&destination, &letter()).await.unwrap();
    let again = courier.deliver(&destination, &letter()).await;
    assert_eq!(refused_at(again), "127.0.0.2");
    assert_eq!(receiver.take().len(), 1);
    assert_eq!(
        site.names.asked(),
        [HOST, HOST],
        "each connection is to what was judged"
    );
}

#[tokio::test]
async fn of_several_addresses_only_the_allowed_are_connected_to() {
    let mut site = Site::new();
    let mut receiver = Receiver::start(|| Some(status(200))).await;
    // On the refused address another receiver listens, at the same port.
    let inside = SocketAddr::from((Ipv4Addr::new(127, 0, 0, 3), receiver.address.port()));
    let inside = TcpListener::bind(inside).unwrap();
    inside.set_nonblocking(true).unwrap();
    site.names = Names::leading_to(&[&["127.0.0.3", "::1", "127.0.0.1"]]);
    site.tell(&receiver).await.unwrap();
    assert_eq!(receiver.take().len(), 1);
    let knocked = inside.accept();
    assert!(knocked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock));
}

#[tokio::test]
async fn an_address_in_the_place_of_a_name_is_judged_without_looking_it_up() {
    let mut site = Site::new();
    let mut receiver = Receiver::start(|| Some(status(200))).await;
    let port = receiver.address.port();
    let hosts = ["127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.2"];
    site.settings.allow_hosts = hosts.map(|host| host.parse().unwrap()).into();
    let courier = site.courier();
    for host in [
        "127.0.0.2",
        "2130706434",
        "[::1]",
        "[::ffff:127.0.0.2]",
        "[::ffff:7f00:2]",
    ] {
        let refused = courier.destination(&webhook(&format!("http://{host}:{port}/"), &["old"]));
        assert!(matches!(refused, Err(NotAllowed::Network { .. })), "{host}");
    }
    let allowed = webhook(&format!("http://127.0.0.1:{port}/"), &["old"]);
    courier
        .deliver(&courier.destination(&allowed).unwrap(), &letter())
        .await
        .unwrap();
    assert_eq!(receiver.take().len(), 1);
    assert!(site.names.asked().is_empty());
}

#[tokio::test]
async fn a_host_on_no_list_is_not_even_looked_up() {
    let site = Site::new();
    let refused = site
        .courier()
        .destination(&webhook("https://evil.example/", &["old"]));
    let host = "evil.example".to_owned();
    assert_eq!(refused.err(), Some(NotAllowed::Host { host }));
    assert!(site.names.asked().is_empty());
}

#[tokio::test]
async fn a_name_without_an_address_may_get_one() {
    let mut site = Site::new();
    site.names = Names::leading_to(&[]);
    let receiver = Receiver::start(|| Some(status(200))).await;
    let told = site.tell(&receiver).await;
    let no_address = matches!(
        told,
        Err(DeliveryError::Again {
            failure: Failure::NoAddress,
            ..
        })
    );
    assert!(no_address, "{told:?}");
}

#[tokio::test]
async fn a_proxy_in_the_environment_is_not_asked() {
    // A port that was free a moment ago: where a proxy is asked, nobody is told.
    let closed = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let at = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    // The environment of a process cannot be changed safely, so another one tells a receiver.
    let mut told = Command::new(env::current_exe().unwrap());
    told.args([
        "--exact",
        "signed::a_receiver_gets_the_letter_with_a_signature_that_it_can_check",
    ]);
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        told.env(name, &at);
    }
    let told = told.output().await.unwrap();
    let said = String::from_utf8_lossy(&told.stdout);
    assert!(told.status.success() && said.contains("1 passed"), "{said}");
}
