from __future__ import annotations

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from moothall.adapters.cluster.heads import answer_head, asks_for_websocket, request_head, target

HANDSHAKE = [("Connection", "keep-alive, Upgrade"), ("Upgrade", "WebSocket"), ("Sec-WebSocket-Key", "k")]


def head(*fields: tuple[str, str], websocket: bool = False) -> list[tuple[str, str]]:
    request = make_mocked_request("GET", "/", headers=CIMultiDict(fields))
    return list(request_head(request, websocket=websocket).items())


@pytest.mark.parametrize(
    "name",
    [
        "Keep-Alive",
        "TE",
        "Trailer",
        "transfer-encoding",
        "Upgrade",
        "Expect",
        "Proxy-Authorization",
        "Proxy-Connection",
    ],
)
def test_what_is_said_of_a_connection_stays_on_it(name: str) -> None:
    assert head((name, "x"), ("A", "1")) == [("A", "1")]
    assert list(answer_head(CIMultiDict([(name, "x"), ("A", "1")])).items()) == [("A", "1")]


def test_what_the_connection_field_names_stays_on_it_however_it_is_written() -> None:
    fields = [("Connection", "close, x-one ,, X-TWO"), ("connection", "x-three"), ("X-One", "1"), ("x-two", "2")]
    assert head(*fields, ("X-Three", "3"), ("X-Four", "4")) == [("X-Four", "4")]


def test_fields_that_come_several_times_go_on_in_their_order() -> None:
    fields = [("Set-Cookie", "a=1"), ("X", "é"), ("Set-Cookie", "b=2")]
    assert list(answer_head(CIMultiDict(fields)).items()) == fields


@pytest.mark.parametrize(
    "name",
    [
        "X-Forwarded-For",
        "x-forwarded-anything",
        "Forwarded",
        "X-Real-IP",
        "Moothall-Node",
        "moothall-node-proof",
        "Host",
    ],
)
def test_what_nodes_and_proxies_say_is_taken_from_no_visitor(name: str) -> None:
    assert head((name, "x"), ("A", "1"), (name.lower(), "y")) == [("A", "1")]


def test_the_keeper_says_to_the_node_alone_that_it_refuses_it() -> None:
    assert list(answer_head(CIMultiDict({"Moothall-Node-Refused": "clock"})).items()) == []


def test_bytes_that_are_no_text_are_replaced() -> None:
    said = CIMultiDict({"A": b"\xe9".decode("utf-8", "surrogateescape")})
    assert list(answer_head(said).items()) == [("A", "\ufffd")]


def test_a_handshake_goes_on_as_one() -> None:
    request = make_mocked_request("GET", "/", headers=CIMultiDict(HANDSHAKE))
    assert asks_for_websocket(request)
    assert not asks_for_websocket(make_mocked_request("POST", "/", headers=CIMultiDict(HANDSHAKE)))
    assert not asks_for_websocket(make_mocked_request("GET", "/", headers=CIMultiDict(HANDSHAKE[1:])))
    assert not asks_for_websocket(make_mocked_request("GET", "/", headers=CIMultiDict(HANDSHAKE[::2])))
    fields = [("Sec-WebSocket-Key", "k"), ("Connection", "Upgrade"), ("Upgrade", "websocket")]
    assert head(*HANDSHAKE, websocket=True) == fields
    assert list(answer_head(CIMultiDict(HANDSHAKE), websocket=True).items()) == fields


@pytest.mark.parametrize(
    ("path", "goes"),
    [
        ("/", "/"),
        ("/a%2Fb?x=1&y=%20", "/a%2Fb?x=1&y=%20"),
        ("/a/../b/./c", "/a/../b/./c"),
        ("http://evil.example/x?y", "/x?y"),
        ("/é?é", "/%C3%A9?%C3%A9"),
        ("*", None),
        ("", None),
    ],
)
def test_a_target_goes_on_as_it_is_and_leads_to_no_other_machine(path: str, goes: str | None) -> None:
    assert target(make_mocked_request("GET", path)) == goes
