from __future__ import annotations

import base64
import hashlib

import pytest

from moothall.core.kernel.actors import Role
from moothall.services.sessions.role_links import RoleLinks
from moothall.services.sessions.sign_in import ATTEMPT_MS, MOST_ATTEMPTS, SignIns, roles_of
from moothall.services.sessions.staff import HALL
from moothall.testing.book import MemoryBook
from moothall.testing.clock import ManualClock, SeededRandomness

ISSUER = "https://login.example"
ROLES = {"office": [Role.CAPTIONER, Role.SECRETARIAT], "text": [Role.CAPTIONER]}


class SignedIn:
    """Sign-ins, and what they stand on."""

    def __init__(self, seed: int = 0, book: MemoryBook | None = None) -> None:
        self.book = book or MemoryBook()
        self.clock = ManualClock()
        randomness = SeededRandomness(seed)
        self.links = RoleLinks(book=self.book, clock=self.clock, randomness=randomness)
        self.sign_ins = SignIns(
            self.links, book=self.book, clock=self.clock, randomness=randomness, roles=ROLES, lifetime_ms=1000
        )

    async def pseudonym(self, subject: str, issuer: str = ISSUER, group: str = "text") -> str:
        admitted = await self.sign_ins.admit(issuer, subject, [group], "")
        assert admitted is not None
        return admitted[0].link


def test_an_attempt_is_taken_once_by_the_browser_that_began_it() -> None:
    sign_ins = SignedIn().sign_ins
    attempt = sign_ins.begin("/admin")
    digest = base64.urlsafe_b64encode(hashlib.sha256(attempt.verifier.encode()).digest()).decode().rstrip("=")
    assert attempt.challenge == digest
    parts = (attempt.state, attempt.nonce, attempt.verifier, attempt.browser)
    assert len(set(parts)) == 4
    assert {len(part) for part in parts} == {43}
    assert sign_ins.take(attempt.state, "") is None
    assert sign_ins.take(attempt.state, "\udcff") is None
    assert sign_ins.take("other", attempt.browser) is None
    assert sign_ins.take(attempt.state, attempt.browser) == attempt
    assert sign_ins.take(attempt.state, attempt.browser) is None


async def test_an_attempt_ends_after_its_time() -> None:
    house = SignedIn()
    one, two = house.sign_ins.begin(""), house.sign_ins.begin("")
    await house.clock.advance(ATTEMPT_MS - 1)
    assert house.sign_ins.take(one.state, one.browser) == one
    await house.clock.advance(1)
    assert house.sign_ins.take(two.state, two.browser) is None


def test_the_oldest_attempt_makes_room() -> None:
    sign_ins = SignedIn().sign_ins
    first, second, *_ = [sign_ins.begin("") for _ in range(MOST_ATTEMPTS + 1)]
    assert sign_ins.take(first.state, first.browser) is None
    assert sign_ins.take(second.state, second.browser) == second


async def test_an_account_keeps_its_pseudonym_and_has_another_one_elsewhere() -> None:
    house = SignedIn()
    await house.sign_ins.load()
    ana = await house.pseudonym("ana")
    assert len(ana) == 16
    assert await house.pseudonym("ana") == ana
    assert await house.pseudonym("bo") != ana
    assert await house.pseudonym("ana", "https://other.example") != ana
    assert await house.pseudonym("ana", group="office") != ana
    later = SignedIn(1, house.book)
    await later.sign_ins.load()
    assert await later.pseudonym("ana") == ana
    other = SignedIn(2)
    await other.sign_ins.load()
    assert await other.pseudonym("ana") != ana


async def test_groups_give_jobs_for_a_time_and_the_secretariats_comes_first() -> None:
    house = SignedIn()
    await house.sign_ins.load()
    assert await house.sign_ins.admit(ISSUER, "ana", ["cleaning", "Office", ""], "") is None
    admitted = await house.sign_ins.admit(ISSUER, "ana", ["text", "office", "office"], "")
    assert admitted is not None
    staff, key = admitted
    assert (staff.role, staff.scope, staff.label) == (Role.SECRETARIAT, HALL, "")
    assert [each.role for each in house.links.of_visitor(key)] == [Role.SECRETARIAT, Role.CAPTIONER]
    await house.clock.advance(1000)
    assert house.links.of_visitor(key) == ()


def test_a_line_is_a_role_and_a_group() -> None:
    lines = ["captioner=a group = of text", "chair = x", "captioner=x"]
    assert roles_of(lines) == {"a group = of text": [Role.CAPTIONER], "x": [Role.CHAIR, Role.CAPTIONER]}


@pytest.mark.parametrize("line", ["boss=x", "captioner=", "captioner", "hub=x", "system=x", "reader=x", "=x"])
def test_other_lines_are_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"^.*$"):
        roles_of([line])
