from __future__ import annotations

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from moothall.adapters.forwarded import trusted_networks, visitor_address
from moothall.core.errors import ConfigurationError

PROXY, STRANGER = "10.0.0.1", "203.0.113.7"


def address(remote: str, *headers: tuple[str, str], trusted: tuple[str, ...] = (PROXY, "fd00::/8")) -> str:
    request = make_mocked_request("GET", "/", headers=CIMultiDict(headers)).clone(remote=remote)
    return visitor_address(trusted_networks(trusted))(request)


def test_nobody_is_believed_who_is_not_trusted() -> None:
    assert address(STRANGER, ("X-Forwarded-For", "198.51.100.1")) == STRANGER
    assert address(PROXY, ("X-Forwarded-For", "198.51.100.1"), trusted=()) == PROXY


@pytest.mark.parametrize(
    ("header", "value", "visitor"),
    [
        ("X-Forwarded-For", "198.51.100.1", "198.51.100.1"),
        ("X-Forwarded-For", "1.2.3.4, 198.51.100.1", "198.51.100.1"),
        ("X-Forwarded-For", "1.2.3.4, 198.51.100.1, fd00::5", "198.51.100.1"),
        ("X-Forwarded-For", "198.51.100.1:4711", "198.51.100.1"),
        ("X-Forwarded-For", "[2001:db8::1]:4711", "2001:db8::1"),
        ("X-Forwarded-For", "2001:db8::1", "2001:db8::1"),
        ("X-Forwarded-For", "fd00::5", "fd00::5"),
        ("X-Forwarded-For", "1.2.3.4, unknown", PROXY),
        ("X-Forwarded-For", "", PROXY),
        ("Forwarded", "for=198.51.100.1;proto=https", "198.51.100.1"),
        ("Forwarded", 'proto=https; For="[2001:db8::1]:80"', "2001:db8::1"),
        ("Forwarded", "for=1.2.3.4, for=198.51.100.1", "198.51.100.1"),
        ("Forwarded", "for=_hidden", PROXY),
        ("Forwarded", "proto=https", PROXY),
    ],
)
def test_a_trusted_proxy_says_who_stands_behind_it(header: str, value: str, visitor: str) -> None:
    assert address(PROXY, (header, value)) == visitor


def test_headers_that_come_twice_are_one_list_and_the_visitors_own_line_counts_least() -> None:
    assert address(PROXY, ("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-For", "198.51.100.1")) == "198.51.100.1"
    assert address(PROXY, ("Forwarded", "for=1.2.3.4"), ("X-Forwarded-For", "198.51.100.1")) == "198.51.100.1"


def test_a_proxy_on_a_mapped_address_is_the_same_proxy() -> None:
    assert address("::ffff:10.0.0.1", ("X-Forwarded-For", "198.51.100.1")) == "198.51.100.1"


def test_a_long_list_costs_no_more() -> None:
    assert address(PROXY, ("X-Forwarded-For", ", ".join([STRANGER] + ["fd00::5"] * 50))) == "fd00::5"


@pytest.mark.parametrize("name", ["proxy.example", "10.0.0.0/40", "10.0.0.1/8"])
def test_what_is_no_network_is_named(name: str) -> None:
    with pytest.raises(ConfigurationError, match="trusted_proxies"):
        trusted_networks([name])
