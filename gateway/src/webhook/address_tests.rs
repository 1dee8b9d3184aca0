use super::*;

fn allowed(hosts: &[&str], networks: &[&str]) -> Allowed {
    Allowed {
        hosts: hosts.iter().map(|host| host.parse().unwrap()).collect(),
        networks: networks.iter().map(|network| network.parse().unwrap()).collect(),
        http: false,
    }
}

fn network(address: &str) -> NotAllowed {
    NotAllowed::Network {
        address: address.parse().unwrap(),
    }
}

#[test]
fn a_host_is_allowed_by_its_name_or_by_what_it_lies_below() {
    let allowed = allowed(&["hooks.example.org", "*.council.example"], &[]);
    for host in [
        "hooks.example.org",
        "HOOKS.Example.org",
        "hooks.example.org:8443",
        "a.council.example",
        "a.b.council.example",
    ] {
        assert!(
            allowed.url(&format!("https://{host}/notices?to=1")).is_ok(),
            "{host}"
        );
    }
    for host in [
        "example.org",
        "a.hooks.example.org",
        "hooks.example.org.",
        "hooks.example.org.evil.example",
        "council.example",
        "evilcouncil.example",
        "1.1.1.1",
        "hooks.example.org%2eevil.example",
    ] {
        let refused = allowed.url(&format!("https://{host}/"));
        assert!(
            matches!(refused, Err(NotAllowed::Host { .. })),
            "{host}: {refused:?}"
        );
    }
}

#[test]
fn an_address_says_neither_who_asks_nor_speaks_readable() {
    let strict = allowed(&["hooks.example.org"], &[]);
    let lenient = Allowed {
        http: true,
        ..strict.clone()
    };
    assert_eq!(
        strict.url("http://hooks.example.org/"),
        Err(NotAllowed::PlainHttp)
    );
    assert!(lenient.url("http://hooks.example.org/").is_ok());
    for (text, fault) in [
        ("https://me@hooks.example.org/", NotAllowed::Credentials),
        ("https://:secret@hooks.example.org/", NotAllowed::Credentials),
        ("https://hooks.example.org@evil.example/", NotAllowed::Credentials),
        ("ftp://hooks.example.org/", NotAllowed::NoUrl),
        ("file:///etc/passwd", NotAllowed::NoUrl),
        ("hooks.example.org", NotAllowed::NoUrl),
        ("https://", NotAllowed::NoUrl),
        ("", NotAllowed::NoUrl),
    ] {
        assert_eq!(lenient.url(text), Err(fault), "{text}");
    }
}

#[test]
fn an_address_in_the_place_of_a_name_is_judged_however_it_is_written() {
    let hosts = [
        "127.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "1.1.1.1",
    ];
    let strict = allowed(&hosts, &[]);
    for (host, address) in [
        ("127.0.0.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("[::1]", "::1"),
        ("[0:0:0:0:0:0:0:1]", "::1"),
        ("[::ffff:127.0.0.1]", "127.0.0.1"),
        ("[::ffff:7f00:1]", "127.0.0.1"),
        ("[64:ff9b::127.0.0.1]", "127.0.0.1"),
    ] {
        assert_eq!(
            strict.url(&format!("https://{host}/")),
            Err(network(address)),
            "{host}"
        );
    }
    assert!(strict.url("https://1.1.1.1/").is_ok());
    let open = allowed(&hosts, &["127.0.0.0/8"]);
    assert!(open.url("https://127.0.0.1/").is_ok());
    assert!(open.url("https://[::ffff:127.0.0.1]/").is_ok());
    assert_eq!(open.url("https://[::1]/"), Err(network("::1")));
}

#[test]
fn a_pattern_that_would_let_in_a_whole_country_is_refused() {
    for text in [
        "",
        "*",
        "*.",
        "*.example",
        "a.*.example",
        "*a.example",
        "Hooks.example",
        "a..example",
        "-a.example",
        "a b",
    ] {
        assert_eq!(text.parse::<HostPattern>(), Err(HostPatternError), "{text}");
    }
    for text in [
        "localhost",
        "hooks.example.org",
        "*.gov.example",
        "10.0.0.1",
        "[::1]",
        "::1",
    ] {
        assert!(text.parse::<HostPattern>().is_ok(), "{text}");
    }
}
