from __future__ import annotations

import ipaddress

import pytest

from moothall.core.streams.addresses import LONGEST_ADDRESS, Fetching, may_reach, read_address

HOUSE = [ipaddress.ip_network("10.1.0.0/16"), ipaddress.ip_network("fd00:1::/32")]


def test_an_address_in_its_parts() -> None:
    found = read_address("RTSPS://me:p%40ss@Camera.example.org/room?x=1")
    assert found is not None
    assert (found.scheme, found.host, found.port, found.who) == ("rtsps", "camera.example.org", 322, "me:p%40ss")
    assert (found.fetching, found.tls, found.rest) == (Fetching.RTSP, True, "/room?x=1")
    assert found.at(4000) == "rtsp://me:p%40ss@127.0.0.1:4000/room?x=1"


def test_what_is_shown_holds_nothing_that_may_be_secret() -> None:
    found = read_address("https://me:secret@[2001:db8::1]:8443?key=secret")
    assert found is not None
    assert (found.shown, found.rest) == ("https://[2001:db8::1]:8443", "/?key=secret")
    plain = read_address("rtmp://example.org")
    assert plain is not None
    assert (plain.shown, plain.at(9)) == ("rtmp://example.org", "rtmp://127.0.0.1:9/")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.org/live",
        "file:///etc/passwd",
        "concat:http://a|http://b",
        "http://",
        "http://a b/",
        "http://example.org/\nHost: other",
        "http://example.org:0/",
        "http://example.org:70000/",
        "http://example.org/#part",
        "http://example.org\\@other/",
        "http://one@two@three/",
        "http://[1.2]/",
        "http://[:::]/",
        "http://[1:2:3]/",
        "http://example.org/" + "x" * LONGEST_ADDRESS,
    ],
)
def test_what_is_no_address_of_a_stream(text: str) -> None:
    assert read_address(text) is None


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"]
)
def test_the_open_internet_may_be_reached(address: str) -> None:
    assert may_reach(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.1",
        "0.0.0.0",  # noqa: S104
        "10.0.0.1",
        "172.16.3.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::7f00:1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2002:7f00:1::1",
        "2002:c0a8:101::1",
        "2001:0:7f00:1::",
        "not an address",
        "",
    ],
)
def test_what_is_not_open_to_all_may_not(address: str) -> None:
    assert not may_reach(address)


def test_an_allowed_network_may_be_reached_in_whatever_form_its_address_is_written() -> None:
    assert may_reach("10.1.2.3", HOUSE)
    assert may_reach("::ffff:10.1.2.3", HOUSE)
    assert may_reach("64:ff9b::a01:203", HOUSE)
    assert may_reach("fd00:1::5", HOUSE)
    assert not may_reach("10.2.0.1", HOUSE)
    assert not may_reach("127.0.0.1", HOUSE)


def test_what_an_address_stands_for_has_to_be_open_as_well() -> None:
    tunnels = [ipaddress.ip_network("2001::/32"), ipaddress.ip_network("2002::/16")]
    assert not may_reach("2001:0:7f00:1::", tunnels)
    assert not may_reach("2002:7f00:1::1", tunnels)
    assert may_reach("2002:5db8:d822::1", tunnels)
