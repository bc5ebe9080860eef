from __future__ import annotations

import asyncio

import pytest

from moothall.core.kernel.errors import StorageUnavailable
from moothall.services.hubs.pairing import VALID_MS, WORDS, WRONG, PairingRefusal
from moothall.services.hubs.registry import Paired
from moothall.wire.hubs.pairing import secret_of, words_of
from support.hubs.registry import Registry, with_registry

NAME, NODE = "kisumu-library", "0123456789abcdef"


async def words(registry: Registry) -> str:
    given = await registry.pairing.words(NAME)
    assert given is not None
    return " ".join(given)


@with_registry
async def test_the_words_let_one_machine_in(registry: Registry) -> None:
    await registry.kisumu()
    typed = await words(registry)
    await registry.open()
    assert registry.pairing.until(NAME) is not None
    for word in typed.split():
        assert word.encode() not in b"".join((await registry.book.read(WORDS)).values())
    both = await asyncio.gather(
        *(registry.pairing.pair(f" {typed.upper()} ", node=NODE, machine="laptop") for _ in range(2))
    )
    assert both[1] is PairingRefusal.UNKNOWN
    assert isinstance(both[0], Paired)
    assert (both[0].hub, both[0].title) == (NAME, "Kisumu Library")
    await registry.open()
    assert registry.pairing.until(NAME) is None
    assert await registry.pairing.pair(typed, node=NODE, machine="") is PairingRefusal.UNKNOWN


@with_registry
async def test_new_words_end_the_old_ones_and_a_week_does(registry: Registry) -> None:
    await registry.kisumu()
    old = await words(registry)
    new = await words(registry)
    assert await registry.pairing.pair(old, node=NODE, machine="") is PairingRefusal.UNKNOWN
    await registry.clock.sleep(VALID_MS)
    assert registry.pairing.until(NAME) is None
    assert await registry.pairing.pair(new, node=NODE, machine="") is PairingRefusal.UNKNOWN
    assert await registry.pairing.words("nobody") is None


@with_registry
async def test_the_words_let_one_browser_in(registry: Registry) -> None:
    hub = await registry.kisumu()
    typed = await words(registry)
    entered = await registry.pairing.admit(typed, "")
    assert not isinstance(entered, PairingRefusal)
    staff, key = entered
    assert staff.link == hub.link
    assert registry.links.of_visitor(key) == (staff,)
    assert await registry.pairing.admit(typed, "") is PairingRefusal.UNKNOWN
    await registry.open()
    assert registry.pairing.until(NAME) is None


@with_registry
async def test_where_nothing_can_be_written_the_words_hold(registry: Registry) -> None:
    await registry.kisumu()
    typed = await words(registry)
    registry.book.full = True
    with pytest.raises(StorageUnavailable):
        await registry.pairing.pair(typed, node=NODE, machine="")
    with pytest.raises(StorageUnavailable):
        await registry.pairing.admit(typed, "")
    registry.book.full = False
    assert isinstance(await registry.pairing.pair(typed, node=NODE, machine=""), Paired)


@with_registry
async def test_of_a_hub_that_is_gone_words_are_nothing(registry: Registry) -> None:
    await registry.kisumu()
    for act in ("pair", "admit"):
        typed = await words(registry)
        await registry.hubs.remove(NAME)
        if act == "pair":
            assert await registry.pairing.pair(typed, node=NODE, machine="") is PairingRefusal.UNKNOWN
        else:
            assert await registry.pairing.admit(typed, "") is PairingRefusal.UNKNOWN
        await registry.kisumu()
    await words(registry)
    await registry.pairing.forget(NAME)
    await registry.pairing.forget(NAME)
    assert registry.pairing.until(NAME) is None


@with_registry
async def test_who_guesses_has_to_wait_and_keeps_no_others_out(registry: Registry) -> None:
    await registry.kisumu()
    secret = secret_of(await words(registry))
    assert secret is not None
    typed, like, unlike = (" ".join(words_of(each)) for each in (secret, secret[:1] + bytes(5), bytes(6)))
    assert secret[0]
    for wrong, others in ((like, unlike), (unlike, like)):
        for _ in range(WRONG.burst):
            assert await registry.pairing.pair(wrong, node=NODE, machine="") is PairingRefusal.UNKNOWN
        assert await registry.pairing.pair(wrong, node=NODE, machine="") is PairingRefusal.OFTEN
        assert await registry.pairing.pair("six words", node=NODE, machine="") is PairingRefusal.WORDS
        if wrong == like:
            assert await registry.pairing.admit(typed, "") is PairingRefusal.OFTEN
            assert await registry.pairing.pair(others, node=NODE, machine="") is PairingRefusal.UNKNOWN
            await registry.clock.sleep(61_000)
    assert isinstance(await registry.pairing.pair(typed, node=NODE, machine=""), Paired)
