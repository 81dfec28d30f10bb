//! Addresses and proxies that would show what is asked, or who asks.

use sandyk::sync;

use crate::office::Office;

#[tokio::test]
async fn no_address_in_the_clear_and_no_leaking_proxy_is_used() {
    let office = Office::open().await;
    let with = |desk: &str, proxy: Option<&str>| sync::Settings {
        desk: Some(desk.to_owned()),
        proxy: proxy.map(str::to_owned),
        ..office.settings(0)
    };
    let tor = Some("socks5h://127.0.0.1:9");
    for (desk, proxy, expected) in [
        ("http://desk.example", None, "in the clear"),
        ("http://desk.example", tor, "in the clear"),
        ("http://abc.onion", None, "needs Tor"),
        ("http://abc.onion", Some("socks5://127.0.0.1:9"), "socks5h"),
        ("http://abc.onion", Some("http://127.0.0.1:9"), "socks5h"),
        ("https://abc.onion", tor, "not an address"),
        ("http://abc.onion/x", tor, "not an address"),
        ("abc", None, "not an address"),
        ("http://abc.onion", tor, "could not be reached"),
    ] {
        let told = office.sync_with(&with(desk, proxy)).await.unwrap_err().to_string();
        assert!(told.contains(expected), "{desk}: {told}");
    }
    assert!(office.seen.lock().unwrap().is_empty());
}
