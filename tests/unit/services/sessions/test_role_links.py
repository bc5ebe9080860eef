from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest

from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import NoLink, StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.core.ports import BookEntry
from moothall.core.programme.plan import RoomId
from moothall.services.sessions.browsers import VISIT_MS
from moothall.services.sessions.role_links import Entered, RoleLinks, Unentered
from moothall.services.sessions.staff import (
    HALL,
    actor_of,
    room_scope,
    session_scope,
)
from moothall.testing.book import MemoryBook
from moothall.testing.clock import ManualClock, SeededRandomness

A = SessionId("a")


class Desk:
    """Links, and what they stand on."""

    def __init__(self) -> None:
        self.book = MemoryBook()
        self.clock = ManualClock()
        self.links = self.again()

    def again(self, seed: int = 0) -> RoleLinks:
        return RoleLinks(book=self.book, clock=self.clock, randomness=SeededRandomness(seed))


def story(act: Callable[[Desk], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    def test() -> None:
        asyncio.run(act(Desk()))

    return test


@story
async def test_a_token_stands_for_whom_its_link_was_made_for(desk: Desk) -> None:
    staff, token = await desk.links.create(Role.TECHNICIAN, HALL, "  Ana\u202e \n at the back ")
    other, second = await desk.links.create(Role.CAPTIONER, session_scope(A), "")
    assert (staff.role, staff.scope, staff.label) == (Role.TECHNICIAN, HALL, "Ana at the back")
    assert len(token) == 32
    assert desk.links.of_token(token.upper()) == staff
    assert token != second
    assert desk.links.of_token(token) == staff
    assert desk.links.of_token(second) == other
    assert desk.links.list() == (staff, other)
    assert desk.links.get(staff.link) == staff
    for wrong in ("", token[:-1], token + "a", "x" * 10_000, "\ud800"):
        assert desk.links.of_token(wrong) is None


@story
async def test_the_book_holds_no_token_and_no_key(desk: Desk) -> None:
    _, token = await desk.links.create(Role.TECHNICIAN, HALL, "")
    entered = await desk.links.enter(token, "")
    assert isinstance(entered, Entered)
    shelves = [await desk.book.read(namespace) for namespace in ("link", "visitor")]
    kept = b"".join(key.encode() + body for namespace in shelves for key, body in namespace.items())
    assert b"technician" in kept
    assert token.encode() not in kept
    assert entered.key.encode() not in kept


@pytest.mark.parametrize(
    ("role", "scope"),
    [(Role.SYSTEM, HALL), (Role.TECHNICIAN, "house"), (Role.TECHNICIAN, "room:../x"), (Role.TECHNICIAN, "session:")],
)
async def test_a_link_is_for_a_job_and_something_that_can_be(role: Role, scope: str) -> None:
    with pytest.raises(NoLink):
        await Desk().links.create(role, scope, "")


@story
async def test_a_link_for_a_tool_has_the_name_that_readers_see(desk: Desk) -> None:
    for nameless in ("", " ", "\u202e"):
        with pytest.raises(NoLink):
            await desk.links.create(Role.TOOL, session_scope(A), nameless)
    staff, token = await desk.links.create(Role.TOOL, session_scope(A), "StenoCo")
    assert desk.links.of_token(token) == staff
    assert actor_of(staff) == Actor(Role.TOOL, staff.link, tool="StenoCo")
    person, _ = await desk.links.create(Role.CAPTIONER, session_scope(A), "Ana")
    assert actor_of(person) == Actor(Role.CAPTIONER, person.link)


@story
async def test_links_for_tools_are_where_an_earlier_release_does_not_read_them(desk: Desk) -> None:
    staff, token = await desk.links.create(Role.TOOL, session_scope(A), "StenoCo")
    other, _ = await desk.links.create(Role.CHAIR, HALL, "")
    assert list(await desk.book.read("link")) == [other.link]
    again = desk.again(1)
    await again.load()
    assert again.of_token(token) == staff
    assert again.list() == (other, staff)
    await again.revoke(staff.link)
    assert await desk.book.read("tool-link") == {}


@story
async def test_a_browser_stands_for_all_links_that_it_opened(desk: Desk) -> None:
    first, token = await desk.links.create(Role.TECHNICIAN, room_scope(RoomId("hall")), "")
    second, more = await desk.links.create(Role.CHAIR, session_scope(A), "")
    assert await desk.links.enter("wrong", "") is Unentered.WRONG
    entered = await desk.links.enter(token, "slipped in by somebody")
    assert isinstance(entered, Entered)
    staff, key = entered.staff, entered.key
    assert staff == first
    assert desk.links.of_visitor(key) == (first,)
    assert desk.links.of_visitor("slipped in by somebody") == ()
    again = await desk.links.enter(more, key)
    assert isinstance(again, Entered)
    assert desk.links.of_visitor(again.key) == (first, second)
    assert desk.links.of_visitor(key) == ()
    twice = await desk.links.enter(more, again.key)
    assert isinstance(twice, Entered)
    assert desk.links.of_visitor(twice.key) == (first, second)
    await desk.links.leave(twice.key)
    await desk.links.leave("nobody")
    assert desk.links.of_visitor(twice.key) == ()


@story
async def test_a_replaced_link_opens_nothing_any_more_by_its_old_token_or_in_its_browsers(desk: Desk) -> None:
    gone: list[str] = []
    desk.links.when_gone(gone.append)
    staff, token = await desk.links.create(Role.TECHNICIAN, HALL, "")
    other, more = await desk.links.create(Role.CHAIR, HALL, "")
    entered = await desk.links.enter(token, "")
    assert isinstance(entered, Entered)
    both = await desk.links.enter(more, entered.key)
    assert isinstance(both, Entered)
    new = await desk.links.replace(staff.link)
    assert gone == [staff.link]
    assert desk.links.of_token(token) is None
    assert desk.links.of_token(new) == staff
    assert desk.links.of_visitor(both.key) == (other,)


@story
async def test_a_revoked_link_goes_alone(desk: Desk) -> None:
    staff, token = await desk.links.create(Role.TECHNICIAN, HALL, "")
    other, more = await desk.links.create(Role.CHAIR, HALL, "")
    entered = await desk.links.enter(token, "")
    assert isinstance(entered, Entered)
    await desk.links.revoke(staff.link)
    assert desk.links.of_token(token) is None
    assert desk.links.of_visitor(entered.key) == ()
    assert desk.links.of_token(more) == other
    assert desk.links.list() == (other,)
    assert desk.links.get(staff.link) is None
    for act in (desk.links.revoke(staff.link), desk.links.replace(staff.link)):
        with pytest.raises(NoLink):
            await act


class HeldBook(MemoryBook):
    """A book whose writes wait until it is `let`, and are then carried out in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.let = asyncio.Event()
        self.let.set()
        self._turn = asyncio.Lock()

    async def write(self, entries: Sequence[BookEntry]) -> None:
        async with self._turn:
            await self.let.wait()
            await super().write(entries)


@pytest.mark.parametrize("first", ["revoke", "other"])
@pytest.mark.parametrize("other", ["replace", "free", "enter", "revoke", "forget"])
async def test_a_link_that_is_revoked_while_something_else_happens_to_it_stays_revoked(first: str, other: str) -> None:
    desk = Desk()
    desk.book = book = HeldBook()
    desk.links = desk.again()
    staff, token = await desk.links.create(Role.CAPTIONER, session_scope(A), "")
    acts: dict[str, Callable[[], Coroutine[Any, Any, object]]] = {
        "replace": lambda: desk.links.replace(staff.link),
        "free": lambda: desk.links.free(staff.link),
        "enter": lambda: desk.links.enter(token, ""),
        "revoke": lambda: desk.links.revoke(staff.link),
        "forget": lambda: desk.links.forget(A),
    }
    book.let.clear()
    order = ("revoke", other) if first == "revoke" else (other, "revoke")
    begun = [asyncio.ensure_future(acts[each]()) for each in order]
    for _ in range(9):
        await asyncio.sleep(0)
    book.let.set()
    done = await asyncio.gather(*begun, return_exceptions=True)
    assert all(not isinstance(each, Exception) or isinstance(each, NoLink) for each in done), done
    for links in (desk.links, desk.again(1)):
        await links.load()
        assert links.list() == ()
        assert links.of_token(token) is None
        for each in done:
            if isinstance(each, str):
                assert links.of_token(each) is None


@story
async def test_the_links_of_a_session_go_with_it(desk: Desk) -> None:
    await desk.links.create(Role.TECHNICIAN, session_scope(A), "")
    kept, _ = await desk.links.create(Role.TECHNICIAN, session_scope(SessionId("b")), "")
    await desk.links.forget(A)
    assert desk.links.list() == (kept,)


@story
async def test_all_of_it_outlives_the_server(desk: Desk) -> None:
    staff, token = await desk.links.create(Role.TECHNICIAN, HALL, "Ana")
    reader, key = await desk.links.create(Role.READER, session_scope(A), "")
    entered, proof = await desk.links.enter(token, ""), desk.links.reader_proof(key)
    assert isinstance(entered, Entered)
    assert proof is not None
    later = desk.again(1)
    await later.load()
    assert later.list() == (staff, reader)
    assert later.of_token(token) == staff
    assert later.of_visitor(entered.key) == (staff,)
    assert later.of_reader_proof(proof[1]) == reader


@story
async def test_a_readers_link_needs_no_entry_and_ends_with_it(desk: Desk) -> None:
    reader, token = await desk.links.create(Role.READER, session_scope(A), "")
    _, other = await desk.links.create(Role.TECHNICIAN, session_scope(A), "")
    found = desk.links.reader_proof(token)
    assert found is not None
    assert found[0] == reader
    assert desk.links.of_reader_proof(found[1]) == reader
    assert desk.links.reader_proof(other) is None
    assert desk.links.reader_proof("wrong") is None
    for wrong in ("", reader.link, f"{reader.link}.", found[1] + "0", f"{reader.link}.\udcff"):
        assert desk.links.of_reader_proof(wrong) is None
    await desk.links.replace(reader.link)
    assert desk.links.of_reader_proof(found[1]) is None


@story
async def test_a_browser_is_forgotten_after_a_month(desk: Desk) -> None:
    staff, token = await desk.links.create(Role.TECHNICIAN, HALL, "")
    entered = await desk.links.enter(token, "")
    assert isinstance(entered, Entered)
    await desk.clock.advance(VISIT_MS)
    assert desk.links.of_visitor(entered.key) == (staff,)
    await desk.clock.advance(1)
    assert desk.links.of_visitor(entered.key) == ()


@story
async def test_what_cannot_be_stored_has_not_happened(desk: Desk) -> None:
    staff, token = await desk.links.create(Role.TECHNICIAN, HALL, "")
    desk.book.full = True
    for act in (
        desk.links.create(Role.CHAIR, HALL, ""),
        desk.links.replace(staff.link),
        desk.links.revoke(staff.link),
        desk.links.enter(token, ""),
    ):
        with pytest.raises(StorageUnavailable):
            await act
    assert desk.links.list() == (staff,)
    assert desk.links.of_token(token) == staff
