from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from moothall.adapters.http.forwarded import CARRIED, came_by_https, own_origins, trusted_networks, visitor_address
from moothall.core.kernel.errors import ConfigurationError
from moothall.wire.cluster.node_proof import Carried

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
    assert address(PROXY, ("Forwarded", "for=1.2.3.4"), ("Forwarded", "for=198.51.100.1")) == "198.51.100.1"


@pytest.mark.parametrize(
    ("forwarded", "older", "visitor"),
    [
        ("for=198.51.100.1", "198.51.100.1", "198.51.100.1"),
        ('for="198.51.100.1:4711"', "1.2.3.4, 198.51.100.1", "198.51.100.1"),
        ('for="[2001:db8::1]"', "2001:DB8:0::1", "2001:db8::1"),
        # Both name the last proxy, and go apart behind it: Forwarded is the standard.
        ('for=198.51.100.1, for="[fd00::5]"', "1.2.3.4, fd00::5", "198.51.100.1"),
        # One is what the visitor sent. Neither is believed, and nobody gets an allowance of another's.
        ("for=1.2.3.4", "198.51.100.1", PROXY),
        ("for=198.51.100.1", "1.2.3.4", PROXY),
        ("for=1.2.3.4", "198.51.100.1, fd00::5", PROXY),
        ("for=_hidden", "198.51.100.1", PROXY),
        ("proto=https", "198.51.100.1", PROXY),
        ("", "198.51.100.1", PROXY),
        # What was made up stands before what the proxy wrote, and counts for nothing.
        ("for=1.2.3.4, for=198.51.100.1", "198.51.100.1", "198.51.100.1"),
    ],
)
def test_of_both_headers_the_standard_one_counts_unless_one_was_made_up(
    forwarded: str, older: str, visitor: str
) -> None:
    assert address(PROXY, ("Forwarded", forwarded), ("X-Forwarded-For", older)) == visitor


@pytest.mark.parametrize(
    ("headers", "https"),
    [
        ([("X-Forwarded-Proto", "https")], True),
        ([("X-Forwarded-Proto", "http")], False),
        ([("X-Forwarded-Proto", "https, http")], False),
        ([("Forwarded", 'for=192.0.2.1;proto="HTTPS"')], True),
        ([("Forwarded", "proto=https, proto=http")], False),
        ([("Forwarded", "for=192.0.2.1")], False),
        ([("Forwarded", "proto=https"), ("X-Forwarded-Proto", "http")], False),
        ([], False),
    ],
)
def test_a_trusted_proxy_says_whether_it_was_https(headers: list[tuple[str, str]], https: bool) -> None:
    over_https = came_by_https(trusted_networks((PROXY,)))
    request = make_mocked_request("GET", "/", headers=CIMultiDict(headers))
    assert over_https(request.clone(remote=PROXY)) is https
    assert not over_https(request.clone(remote=STRANGER))
    assert over_https(request.clone(remote=STRANGER, scheme="https"))


def test_a_proxy_on_a_mapped_address_is_the_same_proxy() -> None:
    assert address("::ffff:10.0.0.1", ("X-Forwarded-For", "198.51.100.1")) == "198.51.100.1"


def test_a_long_list_costs_no_more() -> None:
    assert address(PROXY, ("X-Forwarded-For", ", ".join([STRANGER] + ["fd00::5"] * 50))) == "fd00::5"


@pytest.mark.parametrize("name", ["proxy.example", "10.0.0.0/40", "10.0.0.1/8"])
def test_what_is_no_network_is_named(name: str) -> None:
    with pytest.raises(ConfigurationError, match="trusted_proxies"):
        trusted_networks([name])


def by_node(host: str, scheme: str = "https") -> web.Request:
    """What a node has carried here, as a stranger has sent it."""
    headers = CIMultiDict({"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "https"})
    request = make_mocked_request("GET", "/", headers=headers)
    said = Carried(node="b", method="GET", target="/", address="198.51.100.1", scheme=scheme, host=host)
    request[CARRIED] = said
    return request


def test_a_node_says_whose_a_request_is_how_it_came_and_to_which_of_its_names() -> None:
    trusted = trusted_networks((PROXY,))
    request = by_node("b.example")
    assert visitor_address(trusted)(request) == "198.51.100.1"
    assert came_by_https(trusted)(request)
    assert not came_by_https(trusted)(by_node("b.example", "http"))
    assert own_origins(request, frozenset({"https://a"})) == {"https://a", "https://b.example"}
    assert own_origins(by_node(""), frozenset({"https://a"})) == {"https://a"}
    assert own_origins(make_mocked_request("GET", "/"), frozenset({"https://a"})) == {"https://a"}
