from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest

from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import NoLink, StorageUnavailable
from moothall.core.ports import BookEntry
from moothall.core.tokens.scopes import TokenScope
from moothall.services.sessions.role_links import RoleLinks
from moothall.services.sessions.staff import HALL
from moothall.services.tokens.program_tokens import (
    DAY_MS,
    MOST_DAYS,
    MOST_TOKENS,
    MOST_USES,
    PREFIX,
    TOKENS,
    ProgramTokens,
)
from moothall.testing.book import MemoryBook
from moothall.testing.clock import ManualClock, SeededRandomness


class Desk:
    """Tokens, and what they stand on."""

    def __init__(self) -> None:
        self.book = MemoryBook()
        self.clock = ManualClock()
        self.tokens = ProgramTokens(book=self.book, clock=self.clock, randomness=SeededRandomness(0))

    async def again(self) -> ProgramTokens:
        """What a restarted server, or the next keeper of a house, has."""
        tokens = ProgramTokens(book=self.book, clock=self.clock, randomness=SeededRandomness(1))
        await tokens.load()
        return tokens


def story(act: Callable[[Desk], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    def test() -> None:
        asyncio.run(act(Desk()))

    return test


@story
async def test_a_token_opens_its_scopes_until_it_expires(desk: Desk) -> None:
    token, secret = await desk.tokens.create("  Plan\u202e \n sync ", {TokenScope.LINKS, TokenScope.SESSIONS}, 2)
    assert secret.startswith(PREFIX)
    assert (token.label, token.scopes) == ("Plan sync", ("sessions", "links"))
    assert {scope for scope in TokenScope if token.opens(scope)} == {TokenScope.LINKS, TokenScope.SESSIONS}
    assert desk.tokens.of_secret(secret) == token
    for wrong in ("", secret[:-1], secret + "a", secret.removeprefix(PREFIX), token.id):
        assert desk.tokens.of_secret(wrong) is None
    await desk.clock.advance(2 * DAY_MS - 1)
    assert not desk.tokens.expired(token)
    await desk.clock.advance(1)
    assert desk.tokens.expired(token)
    assert desk.tokens.of_secret(secret) is None
    assert desk.tokens.list() == (token,)


@story
async def test_neither_a_token_is_a_role_link_nor_a_role_link_a_token(desk: Desk) -> None:
    links = RoleLinks(book=desk.book, clock=desk.clock, randomness=SeededRandomness(2))
    _, of_link = await links.create(Role.SECRETARIAT, HALL, "")
    _, secret = await desk.tokens.create("sync", tuple(TokenScope), 1)
    assert links.of_token(secret) is None
    assert desk.tokens.of_secret(of_link) is None
    await links.load()
    assert len(links.list()) == 1
    assert links.of_token(secret) is None


@story
async def test_the_book_has_no_secret_and_a_restart_knows_all(desk: Desk) -> None:
    token, secret = await desk.tokens.create("sync", [TokenScope.RECORD], 1)
    await desk.tokens.use(token.id, "sealRecord")
    stored = await desk.book.read(TOKENS)
    assert secret.removeprefix(PREFIX).encode() not in b"".join(stored.values())
    again = await desk.again()
    assert again.list() == desk.tokens.list()
    assert again.of_secret(secret) == desk.tokens.list()[0]


@story
async def test_uses_are_counted_and_the_newest_are_kept(desk: Desk) -> None:
    token, _ = await desk.tokens.create("sync", [TokenScope.RECORD], 1)
    for n in range(MOST_USES + 3):
        await desk.clock.advance(10)
        await desk.tokens.use(token.id, f"act{n}")
    (now,) = (await desk.again()).list()
    assert now.uses == MOST_USES + 3
    assert [use.act for use in now.last] == [f"act{n}" for n in range(3, MOST_USES + 3)]
    assert now.last[-1].at == desk.clock.wall()


@story
async def test_a_revoked_token_opens_nothing_and_stays_away(desk: Desk) -> None:
    token, secret = await desk.tokens.create("sync", [TokenScope.RECORD], 1)
    await desk.tokens.revoke(token.id)
    assert desk.tokens.of_secret(secret) is None
    for act in (desk.tokens.revoke(token.id), desk.tokens.use(token.id, "x")):
        with pytest.raises(NoLink):
            await act
    assert (await desk.again()).list() == ()


@story
async def test_what_can_be_no_token_is_refused(desk: Desk) -> None:
    for label, scopes, days in (
        (" \u202e", [TokenScope.RECORD], 1),
        ("sync", [], 1),
        ("sync", [TokenScope.RECORD], 0),
        ("sync", [TokenScope.RECORD], MOST_DAYS + 1),
    ):
        with pytest.raises(NoLink):
            await desk.tokens.create(label, scopes, days)
    for _ in range(MOST_TOKENS):
        await desk.tokens.create("sync", [TokenScope.RECORD], MOST_DAYS)
    with pytest.raises(NoLink, match="200 tokens"):
        await desk.tokens.create("sync", [TokenScope.RECORD], 1)


class Full(MemoryBook):
    """A book that refuses once it is `full`."""

    full = False

    async def write(self, entries: Sequence[BookEntry]) -> None:
        if self.full:
            raise StorageUnavailable("The disk is full.")
        await super().write(entries)


def test_what_is_not_stored_was_not_done() -> None:
    async def told() -> None:
        book = Full()
        tokens = ProgramTokens(book=book, clock=ManualClock(), randomness=SeededRandomness(0))
        token, secret = await tokens.create("sync", [TokenScope.RECORD], 1)
        book.full = True
        for act in (
            tokens.create("other", [TokenScope.RECORD], 1),
            tokens.revoke(token.id),
            tokens.use(token.id, "x"),
        ):
            with pytest.raises(StorageUnavailable):
                await act
        assert [each.id for each in tokens.list()] == [token.id]
        assert tokens.of_secret(secret) is not None

    asyncio.run(told())
