from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from moothall.adapters.store.signing import Ed25519Signer
from moothall.testing.book import MemoryBook
from moothall.testing.clock import SeededRandomness
from moothall_hub.pairing.pairing import CentreKeys, Pairing, PairingFailure, Pairings, address_of, pair

WORDS = "acorn actor agree album amber anchor"
ANSWER = {"hub": "kisumu", "title": "Kisumu", "key": "k", "keys": {"keys": []}, "address": "https://text.example.org"}
Handler = Callable[[web.Request], Awaitable[web.Response]]


@asynccontextmanager
async def centre(handler: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.add_routes([web.post("/hub/pair", handler)])
    server = TestServer(app)
    await server.start_server()
    yield str(server.make_url("")).rstrip("/")
    await server.close()


@pytest.mark.parametrize(
    ("typed", "dialled"),
    [
        ("text.example.org", "https://text.example.org"),
        (" https://text.example.org/ ", "https://text.example.org"),
        ("HTTP://Text.example.org:8080/hub/pair#acorn", "http://text.example.org:8080"),
        ("10.0.0.7:8080", "http://10.0.0.7:8080"),
        ("localhost:8080", "http://localhost:8080"),
        ("http://[fe80::1]:8080", "http://[fe80::1]:8080"),
        ("ftp://text.example.org", None),
        ("http://somebody@text.example.org", None),
        ("http://text example.org", None),
        ("http://text.example.org:many", None),
        ("", None),
    ],
)
def test_an_address_is_read_as_people_type_it(typed: str, dialled: str | None) -> None:
    assert address_of(typed) == dialled


async def test_six_words_are_exchanged_for_a_key() -> None:
    asked: list[object] = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(await request.json())
        return web.json_response(ANSWER)

    async with centre(handler) as address:
        found = await pair(address, "1. Acorn, 2. Actor; agre-album AMBER\tanch.", "0123456789abcdef")
    assert asked == [{"words": WORDS, "node": "0123456789abcdef"}]
    assert found == Pairing(
        address=address, hub="kisumu", title="Kisumu", key="k", keys={"keys": []}, public="https://text.example.org"
    )
    assert isinstance(found, Pairing)
    assert found.link == f"ws{address[4:]}/hub/link"
    assert found.people == "https://text.example.org"
    assert "'k'" not in repr(found)


@pytest.mark.parametrize(
    ("response", "why"),
    [
        (web.json_response({"error": "no"}, status=403), PairingFailure.UNKNOWN),
        (web.json_response({"error": "often"}, status=429), PairingFailure.OFTEN),
        (web.Response(status=404, text="nothing here"), PairingFailure.STRANGE),
        (web.Response(text="<html>"), PairingFailure.STRANGE),
        (web.json_response({**ANSWER, "keys": {"keys": [{"id": "k", "alg": "Ed25519"}]}}), PairingFailure.STRANGE),
        (web.Response(body=b"\xff\xfe", status=404), PairingFailure.STRANGE),
    ],
)
async def test_whoever_is_not_paired_learns_why(response: web.Response, why: PairingFailure) -> None:
    async def handler(_: web.Request) -> web.Response:
        return response

    async with centre(handler) as address:
        assert await pair(address, WORDS, "n") is why


async def test_where_nobody_answers_or_nothing_was_typed_nothing_happens() -> None:
    assert await pair("127.0.0.1:1", WORDS, "n") is PairingFailure.NOBODY
    assert await pair("127.0.0.1:1", "acorn actor", "n") is PairingFailure.WORDS
    assert await pair("no address", WORDS, "n") is PairingFailure.ADDRESS


async def test_a_pairing_outlives_the_process_and_the_next_one_counts_on() -> None:
    book, randomness = MemoryBook(), SeededRandomness(7)
    first = await Pairings.load(book, randomness)
    assert first.now is None
    made = Pairing(address="https://a.example", hub="kisumu", title="Kisumu", key="k", keys={})
    assert made.link == "wss://a.example/hub/link"
    assert made.people == "https://a.example"
    await first.keep(made)
    again = await Pairings.load(book, randomness)
    assert (again.node, again.now) == (first.node, made)
    await again.keep(made)
    assert again.now is not None
    assert again.now.generation == 2


ONE, TWO = (Ed25519Signer(Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32)) for n in (1, 2))
DOCUMENT = msgspec.json.encode(TWO.public_document())


async def paired(address: str, **keys: object) -> tuple[CentreKeys, Pairings]:
    pairings = await Pairings.load(MemoryBook(), SeededRandomness(1))
    made = keys or ONE.public_document()
    await pairings.keep(Pairing(address=address, hub="kisumu", title="Kisumu", key="k", keys=dict(made)))
    return CentreKeys(pairings), pairings


def signed(keys: CentreKeys, by: Ed25519Signer) -> bool:
    return keys.signed(by.key_id, b"heads", by.sign(b"heads"))


async def test_what_is_signed_by_a_key_of_the_pairing_is() -> None:
    keys, _ = await paired("https://a.example")
    assert signed(keys, ONE)
    assert signed(keys, ONE)
    assert not signed(keys, TWO)
    assert not keys.signed(ONE.key_id, b"other", ONE.sign(b"heads"))


async def test_other_keys_are_believed_over_https_alone() -> None:
    for address, believed in (("https://a.example", True), ("http://10.0.0.7:8080", False)):
        keys, pairings = await paired(address)
        await keys.announced(DOCUMENT)
        assert (signed(keys, TWO), signed(keys, ONE)) == (believed, not believed)
        assert pairings.now is not None
        assert pairings.now.generation == 1


@pytest.mark.parametrize("document", [b"", b"\xff", b"[]", b'{"keys": []}', b'{"keys": [{"id": 1}]}'])
async def test_what_is_no_key_changes_nothing(document: bytes) -> None:
    keys, _ = await paired("https://a.example")
    await keys.announced(document)
    assert signed(keys, ONE)


async def test_without_a_pairing_or_with_a_broken_one_nothing_is_signed() -> None:
    pairings = await Pairings.load(MemoryBook(), SeededRandomness(1))
    keys = CentreKeys(pairings)
    await keys.announced(DOCUMENT)
    assert not signed(keys, ONE)
    broken, _ = await paired("https://a.example", keys="none")
    assert not signed(broken, ONE)
