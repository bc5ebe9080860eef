"""Links of those who gave commitments: what opens one, for how long, and what the book has of it."""

from __future__ import annotations

from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import MessageId, SessionId
from moothall.services.outcomes.commitment_links import MOST_LINKS, NAMESPACE, VALID_MS, CommitmentLinks
from moothall.testing.book import MemoryBook
from moothall.testing.clock import ManualClock, SeededRandomness

WATER, LAND = SessionId("water"), SessionId("land")
FIRST, SECOND = MessageId("m1"), MessageId("m2")


def links(book: MemoryBook, clock: ManualClock, most: int = MOST_LINKS) -> CommitmentLinks:
    return CommitmentLinks(book=book, clock=clock, randomness=SeededRandomness(7), most=most)


async def made(of: CommitmentLinks, session: SessionId, message: MessageId) -> str:
    secret = await of.make(session, message)
    assert isinstance(secret, str)
    return secret


async def test_a_link_opens_its_own_commitment_until_it_is_replaced_or_taken_away() -> None:
    book, clock = MemoryBook(), ManualClock()
    of = links(book, clock)
    secret = await made(of, WATER, FIRST)
    proof = of.opened(WATER, FIRST, secret)
    assert proof is not None
    assert secret not in proof
    assert of.opened(WATER, SECOND, secret) is of.opened(LAND, FIRST, secret) is of.opened(WATER, FIRST, "x") is None
    again = links(book, clock)
    await again.load()
    link = again.of_proof(WATER, FIRST, proof)
    assert link is not None
    assert link == again.of(WATER, FIRST)
    assert again.of_proof(WATER, FIRST, "é") is None
    (body,) = (await book.read(NAMESPACE)).values()
    assert secret.encode() not in body
    assert proof.encode() not in body
    other = await made(of, WATER, FIRST)
    assert of.of_proof(WATER, FIRST, proof) is None
    assert of.opened(WATER, FIRST, other) is not None
    await of.revoke(WATER, FIRST)
    await of.revoke(WATER, FIRST)
    assert of.opened(WATER, FIRST, other) is None
    assert await book.read(NAMESPACE) == {}


async def test_links_end_and_go_with_their_session() -> None:
    book, clock = MemoryBook(), ManualClock()
    of = links(book, clock)
    secret = await made(of, WATER, FIRST)
    clock.set_wall(clock.wall() + VALID_MS - 1)
    assert of.opened(WATER, FIRST, secret) is not None
    clock.set_wall(clock.wall() + 1)
    assert of.opened(WATER, FIRST, secret) is None
    await made(of, WATER, SECOND)
    await made(of, LAND, FIRST)
    assert set(await book.read(NAMESPACE)) == {"water/m2", "land/m1"}, "what has ended goes with the next change"
    await of.forget(WATER)
    assert set(await book.read(NAMESPACE)) == {"land/m1"}


async def test_there_are_only_so_many() -> None:
    of = links(MemoryBook(), ManualClock(), most=1)
    await made(of, WATER, FIRST)
    await made(of, WATER, FIRST)
    assert isinstance(await of.make(WATER, SECOND), Refusal)
