from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import NoLink, StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.services.sessions.browsers import VISIT_MS, SignedIn
from moothall.services.sessions.link_terms import HOUR_MS, LinkTerms
from moothall.services.sessions.role_links import Entered, RoleLinks, Unentered
from moothall.services.sessions.staff import HALL, Staff, session_scope
from moothall.testing.book import MemoryBook
from moothall.testing.clock import ManualClock, SeededRandomness

A = SessionId("a")
ONE = LinkTerms(one_browser=True)


class Desk:
    """Links, and what they stand on."""

    def __init__(self, *, demands_sign_in: bool = False) -> None:
        self.book = MemoryBook()
        self.clock = ManualClock()
        self.closed: dict[SessionId, int] = {}
        self.demands = demands_sign_in
        self.links = self.again()
        self.gone: list[str] = []
        self.links.when_gone(self.gone.append)

    def again(self, seed: int = 0) -> RoleLinks:
        links = RoleLinks(
            book=self.book, clock=self.clock, randomness=SeededRandomness(seed), demands_sign_in=self.demands
        )
        links.end_with(self.closed.get)
        return links

    async def enter(self, token: str, key: str = "", mark: str = "") -> Entered:
        entered = await self.links.enter(token, key, mark)
        assert isinstance(entered, Entered)
        return entered


def story(act: Callable[[Desk], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    def test() -> None:
        asyncio.run(act(Desk()))

    return test


@story
async def test_a_link_opens_nothing_from_the_moment_on_at_which_it_expires(desk: Desk) -> None:
    expires = desk.clock.wall() + HOUR_MS
    staff, token = await desk.links.create(Role.CHAIR, HALL, "", LinkTerms(expires=expires))
    reader, other = await desk.links.create(Role.READER, session_scope(A), "", LinkTerms(expires=expires))
    entered, proof = await desk.enter(token), desk.links.reader_proof(other)
    assert proof is not None
    assert desk.links.ends(staff.link) == expires
    await desk.clock.advance(HOUR_MS - 1)
    assert desk.links.of_visitor(entered.key) == (staff,)
    assert desk.links.of_reader_proof(proof[1]) == reader
    await desk.links.end_expired()
    assert desk.gone == []
    await desk.clock.advance(1)
    assert desk.links.expired(staff.link)
    assert desk.links.of_token(token) is None
    assert desk.links.of_visitor(entered.key) == ()
    assert desk.links.of_reader_proof(proof[1]) is None
    assert await desk.links.enter(token, "") is Unentered.WRONG
    await desk.links.end_expired()
    await desk.links.end_expired()
    assert sorted(desk.gone) == sorted([staff.link, reader.link])
    assert desk.links.get(staff.link) == staff  # It stays on the list until somebody takes it off.
    with pytest.raises(NoLink):
        await desk.links.replace(staff.link)
    await desk.links.replace(staff.link, LinkTerms())
    assert not desk.links.expired(staff.link)


@story
async def test_a_link_that_ends_with_its_session_is_good_again_when_it_is_reopened(desk: Desk) -> None:
    assert not desk.links.any_with_session()
    staff, token = await desk.links.create(Role.CHAIR, session_scope(A), "", LinkTerms(with_session=True))
    assert desk.links.any_with_session()
    assert desk.links.ends(staff.link) is None
    desk.closed[A] = desk.clock.wall()
    assert desk.links.of_token(token) == staff
    await desk.clock.advance(24 * HOUR_MS)
    assert desk.links.of_token(token) is None
    await desk.links.end_expired()
    assert desk.gone == [staff.link]
    del desk.closed[A]
    assert desk.links.of_token(token) == staff
    await desk.links.end_expired()
    desk.closed[A] = desk.clock.wall() - 25 * HOUR_MS
    await desk.links.end_expired()
    assert desk.gone == [staff.link, staff.link]


def test_the_earlier_of_two_ends_counts() -> None:
    assert LinkTerms().ends(5, 10) is None
    assert LinkTerms(expires=7).ends(None, 10) == 7
    assert LinkTerms(with_session=True).ends(None, 10) is None
    assert LinkTerms(expires=7, with_session=True).ends(5, 10) == 7
    assert LinkTerms(expires=20, with_session=True).ends(5, 10) == 15


@story
async def test_a_link_for_one_browser_lets_no_second_one_in_until_it_is_freed(desk: Desk) -> None:
    staff, token = await desk.links.create(Role.CHAIR, HALL, "", ONE)
    assert not desk.links.taken(staff.link)
    first = await desk.enter(token)
    assert first.mark
    assert desk.links.taken(staff.link)
    for mark in ("", "x", first.key):
        assert await desk.links.enter(token, "", mark) is Unentered.TAKEN
    await desk.links.leave(first.key)
    again = await desk.enter(token, "", first.mark)
    assert again.mark == first.mark
    await desk.links.free(staff.link)
    assert desk.gone == [staff.link]
    assert desk.links.of_visitor(again.key) == ()
    second = await desk.enter(token)
    assert second.mark != first.mark
    assert await desk.links.enter(token, "", first.mark) is Unentered.TAKEN
    later = desk.again(1)
    await later.load()
    assert await later.enter(token, "") is Unentered.TAKEN
    shelf = await desk.book.read("link")
    assert not any(second.mark.encode() in body for body in shelf.values())
    await desk.links.replace(staff.link)
    assert not desk.links.taken(staff.link)


@story
async def test_of_two_browsers_at_once_one_comes_in(desk: Desk) -> None:
    _, token = await desk.links.create(Role.CHAIR, HALL, "", ONE)
    both = await asyncio.gather(desk.links.enter(token, ""), desk.links.enter(token, ""))
    assert sorted(isinstance(each, Entered) for each in both) == [False, True]


@story
async def test_what_cannot_be_stored_takes_no_link(desk: Desk) -> None:
    staff, token = await desk.links.create(Role.CHAIR, HALL, "", ONE)
    desk.book.full = True
    with pytest.raises(StorageUnavailable):
        await desk.links.enter(token, "")
    assert not desk.links.taken(staff.link)
    assert desk.links.use(staff.link).uses == 0
    desk.book.full = False
    await desk.enter(token)


@story
async def test_it_is_counted_how_often_and_from_how_many_browsers_a_link_is_opened(desk: Desk) -> None:
    staff, token = await desk.links.create(Role.CHAIR, HALL, "")
    assert desk.links.use(staff.link).last == 0
    one = await desk.enter(token)
    await desk.clock.advance(5)
    one = await desk.enter(token, one.key)
    await desk.enter(token)
    later = desk.again(1)
    await later.load()
    for links in (desk.links, later):
        use = links.use(staff.link)
        assert (use.uses, use.browsers, use.last) == (3, 2, desk.clock.wall())
    await desk.links.replace(staff.link)
    assert desk.links.use(staff.link).uses == 0
    assert desk.links.use("gone").uses == 0


@story
async def test_terms_that_no_link_can_have_are_refused(desk: Desk) -> None:
    for role, scope, terms in (
        (Role.READER, session_scope(A), ONE),
        (Role.CHAIR, HALL, LinkTerms(with_session=True)),
    ):
        with pytest.raises(NoLink):
            await desk.links.create(role, scope, "", terms)
    with pytest.raises(NoLink):
        await desk.links.free("gone")
    assert desk.links.ends("gone") is None
    assert not desk.links.expired("gone")
    assert not desk.links.taken("gone")


async def test_an_admin_link_leads_to_the_sign_in_where_that_is_demanded() -> None:
    before = Desk()
    office, token = await before.links.create(Role.SECRETARIAT, HALL, "")
    session, other = await before.links.create(Role.SECRETARIAT, session_scope(A), "")
    entered = await before.enter(token)
    desk = Desk(demands_sign_in=True)
    desk.book = before.book
    desk.links = desk.again(1)
    await desk.links.load()
    assert await desk.links.enter(token, "") is Unentered.SIGN_IN
    assert desk.links.of_visitor(entered.key) == ()
    assert (await desk.enter(other)).staff == session
    passing, third = await desk.links.create(Role.SECRETARIAT, HALL, "", LinkTerms(without_sign_in=True, expires=1))
    await desk.links.end_expired()
    assert desk.links.get(passing.link) is None  # Nobody has to tidy up operators' links.
    assert desk.links.of_token(third) is None
    terms = LinkTerms(without_sign_in=True, expires=desk.clock.wall() + HOUR_MS)
    passing, third = await desk.links.create(Role.SECRETARIAT, HALL, "", terms)
    let_in = await desk.enter(third)
    assert desk.links.of_visitor(let_in.key) == (passing,)
    assert desk.links.get(office.link) == office


@story
async def test_a_sign_in_holds_for_its_time_beside_the_links_of_its_browser(desk: Desk) -> None:
    staff, token = await desk.links.create(Role.CHAIR, HALL, "")
    entered = await desk.enter(token)
    now = desk.clock.wall()
    office = Staff(link="f" * 16, role=Role.SECRETARIAT, scope=HALL, label="")
    job = SignedIn(staff=office, since=now, until=now + HOUR_MS)
    key = await desk.links.sign_in((job,), entered.key)
    assert desk.links.of_visitor(entered.key) == ()
    assert desk.links.of_visitor(key) == (staff, office)
    assert desk.links.signed_in() == (job,)
    other, more = await desk.links.create(Role.MODERATOR, HALL, "")
    key = (await desk.enter(more, key)).key
    assert desk.links.of_visitor(key) == (staff, other, office)
    later = desk.again(1)
    await later.load()
    assert later.of_visitor(key) == (staff, other, office)
    await desk.links.revoke(staff.link)
    await desk.links.revoke(other.link)
    assert desk.links.of_visitor(key) == (office,)
    desk.gone.clear()
    await desk.clock.advance(HOUR_MS)
    assert desk.links.of_visitor(key) == ()
    assert desk.links.signed_in() == ()
    await desk.links.end_expired()
    await desk.links.end_expired()
    assert desk.gone == [office.link]
    assert await desk.book.read("visitor") == {}


@story
async def test_a_browser_whose_time_is_over_leaves_the_book(desk: Desk) -> None:
    staff, token = await desk.links.create(Role.CHAIR, HALL, "")
    entered = await desk.enter(token)
    await desk.clock.advance(VISIT_MS)
    await desk.links.end_expired()
    assert desk.links.of_visitor(entered.key) == (staff,)
    await desk.clock.advance(1)
    await desk.links.end_expired()
    assert await desk.book.read("visitor") == {}


@story
async def test_whoever_runs_the_house_can_sign_others_out(desk: Desk) -> None:
    now = desk.clock.wall()
    office = Staff(link="f" * 16, role=Role.SECRETARIAT, scope=HALL, label="")
    job = SignedIn(staff=office, since=now, until=now + HOUR_MS)
    keys = [await desk.links.sign_in((job,), "") for _ in range(2)]
    assert await desk.links.sign_out(office.link)
    assert not await desk.links.sign_out(office.link)
    assert [desk.links.of_visitor(key) for key in keys] == [(), ()]
    assert desk.gone == [office.link]
