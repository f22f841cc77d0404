"""A webhook goes to the public internet, or to a host that the operator has allowed; to nothing else."""

import ipaddress

import pytest

from slider import webhook
from slider.webhook import target


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "url_scheme"),
        ("hooks.example.com", "url_scheme"),
        ("ftp://example.com/", "url_scheme"),
        ("file:///etc/passwd", "url_scheme"),
        ("javascript:alert(1)", "url_scheme"),
        ("http://example.com/", "url_scheme"),
        ("https://", "url_host"),
        ("https:///path", "url_host"),
        ("https://user@example.com/", "url_user"),
        ("https://user:pass@example.com/", "url_user"),
        ("https://@example.com/", "url_user"),
        ("https://example.com/#part", "url_fragment"),
        ("https://example.com/#", "url_fragment"),
        ("https://example.com\\@127.0.0.1/", "url_character"),
        ("https://example.com/a b", "url_character"),
        ("https://example.com/\tb", "url_character"),
        ("https://example.com/\r\nX-Injected: 1", "url_character"),
        ("https://example.com/\x00", "url_character"),
        ("https://bücher.example/", "url_character"),
        ("https://exa\u200bmple.com/", "url_character"),
        ("https://example.com/" + "a" * 2000, "url_length"),
        ("https://example.com:22/", "url_port"),
        ("https://example.com:25/", "url_port"),
        ("https://example.com:99999/", "url_syntax"),
        ("https://example.com:x/", "url_syntax"),
        ("https://[::1/", "url_syntax"),
        ("https://exa%6dple.com/", "url_host"),
        ("https://-x!.com/", "url_host"),
        ("https://localhost/", "url_private"),
        ("https://LOCALHOST./", "url_private"),
        ("https://db.internal/", "url_private"),
        ("https://printer.local/", "url_private"),
        ("https://127.0.0.1/", "url_private"),
        ("https://169.254.169.254/latest/meta-data", "url_private"),
        ("https://[::1]/", "url_private"),
        ("https://[::ffff:10.0.0.1]/", "url_private"),
        ("https://0.0.0.0/", "url_private"),
    ],
)
def test_it_refuses_an_address(url: str, code: str) -> None:
    with pytest.raises(webhook.UrlError) as caught:
        webhook.check_url(url)
    assert caught.value.code == code
    assert caught.value.message


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://Example.COM", ("https", "example.com", 443, "/")),
        ("https://example.com:8443/a/b?c=d&e", ("https", "example.com", 8443, "/a/b?c=d&e")),
        ("https://xn--bcher-kva.example./x", ("https", "xn--bcher-kva.example", 443, "/x")),
        ("https://[2606:4700::1111]/", ("https", "2606:4700::1111", 443, "/")),
    ],
)
def test_it_takes_an_address_apart(url: str, parts: tuple[str, str, int, str]) -> None:
    made = webhook.check_url(url)
    assert (made.scheme, made.host, made.port, made.path) == parts


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://127.0.0.1:22/", "127.0.0.1"),
        ("http://localhost:8000/x", "LOCALHOST"),
        ("https://[::1]:99/", "[::1]"),
        ("http://crm.internal/", "crm.internal."),
    ],
)
def test_the_operator_may_allow_a_host_by_name(url: str, allowed: str) -> None:
    assert webhook.check_url(url, allow_hosts=[allowed]).path.startswith("/")
    with pytest.raises(webhook.UrlError):
        webhook.check_url(url, allow_hosts=["other.internal"])


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.9.9.9", "169.254.169.254",
        "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.51.100.1",
        "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
        "168.63.129.16", "192.88.99.1", "100.100.100.200", "3fff::1", "64:ff9b:1::1", "64:ff9b::a00:1",
        "::", "::1", "fe80::1",
        "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::", "2002:a00:1::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "::127.0.0.1",
    ],
)  # fmt: skip
def test_an_address_off_the_public_internet_is_known(address: str) -> None:
    assert not target.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"],
)
def test_an_address_of_the_public_internet_is_known(address: str) -> None:
    assert target.is_public(ipaddress.ip_address(address))


def test_one_private_address_among_many_refuses_all() -> None:
    checked = webhook.check_url("https://two.example/")
    with pytest.raises(webhook.UrlError, match="not on the public internet"):
        target.vetted(checked, allow_hosts=(), resolve=lambda _host, _port: ["1.1.1.1", "10.0.0.1"])


@pytest.mark.parametrize("spelling", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1"])
def test_loopback_in_another_spelling_is_refused_when_it_is_resolved(spelling: str) -> None:
    checked = webhook.check_url(f"https://{spelling}/")
    with pytest.raises(webhook.UrlError, match="not on the public internet"):
        target.vetted(checked, allow_hosts=(), resolve=target.resolve)


def test_a_name_that_no_resolver_takes_is_an_os_error() -> None:
    with pytest.raises(OSError, match="longer than 63"):
        target.resolve("a" * 64 + ".example", 443)
