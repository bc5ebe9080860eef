"""What becomes of seals that wait for a time stamp, and of answers that are of no use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from moothall.adapters.proof.stamp_check import signer_of
from moothall.core.events import types as ev
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import SessionId
from moothall.core.ports import BookEntry
from moothall.core.proof.time_stamps import stamp_request
from moothall.core.proof.tlog_proofs import InclusionProof
from moothall.services.log.publication import Publication
from moothall.services.proof.quoting import NoProof
from moothall.services.proof.seal_stamps import MISSED_MS, NEWEST, WANTED, SealStamps, stamps_of
from moothall.testing.book import MemoryBook
from moothall.testing.clock import ManualClock, SeededRandomness
from support.proof.authority import LocalAuthority
from support.proof.logged import event, line, proved
from support.sessions.recorder import SESSION, Recorder

PROOF = proved(event(line()))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> LocalAuthority:
    return LocalAuthority(tmp_path_factory.mktemp("tsa") / "one")


class Waiting:
    """Seals that wait; `answer` says what the authority answers."""

    def __init__(self, answer: Callable[[bytes], bytes], proof: InclusionProof | NoProof = PROOF) -> None:
        self.answer, self.proof, self.book, self.clock = answer, proof, MemoryBook(), ManualClock()
        self.stamps = SealStamps(
            self.prove,
            self.book,
            self,
            clock=self.clock,
            randomness=SeededRandomness(),
            signer_of=lambda stamp: signer_of(stamp, ()),
            sealed_since=self.sealed_since,
        )
        self.sealed: dict[SessionId, int] = {}
        events = (ev.SessionClosed(t=9), ev.RecordSealed(version=ev.SealVersion.RAW, n=1))
        records = tuple(map(Recorder().record, events))
        self.stamps.take(Publication(session=SESSION, records=records, events=events))

    async def step(self) -> bool:
        await self.stamps.note()
        return await self.stamps.step()

    async def sealed_since(self, moment: int) -> dict[SessionId, int]:
        assert moment == self.clock.wall() - MISSED_MS
        return self.sealed

    async def prove(self, session: SessionId, offset: int) -> InclusionProof | NoProof:
        assert (session, offset) == (SESSION, 2)
        return self.proof

    async def ask(self, request: bytes) -> bytes:
        return self.answer(request)


async def test_a_seal_that_is_stamped_waits_no_more(authority: LocalAuthority) -> None:
    waiting = Waiting(authority.answer)
    assert await waiting.step()
    found = await waiting.stamps.find(SESSION)
    assert found is not None
    assert (found.offset, found.proof) == (2, bytes(PROOF))
    assert await waiting.book.read(WANTED) == {}
    assert await waiting.stamps.find(SessionId("other")) is None


async def test_for_one_session_no_others_stamp_is_read(authority: LocalAuthority) -> None:
    waiting = Waiting(authority.answer)
    assert await waiting.step()
    [namespace] = await waiting.book.namespaces()
    assert namespace == stamps_of(SESSION)
    assert namespace != stamps_of(SessionId("other"))


async def test_answers_of_no_use_are_not_kept(authority: LocalAuthority) -> None:
    other = authority.answer(stamp_request(bytes(32), 1))
    for answer in (b"", b"<html>", other, other[:-1] + b"\x00"):
        waiting = Waiting(lambda _, answer=answer: answer)  # type: ignore[misc]
        assert not await waiting.step()
        assert await waiting.stamps.find(SESSION) is None
        assert await waiting.book.read(WANTED) == {SESSION: b"2"}
        waiting.answer = authority.answer
        assert await waiting.step()
        assert await waiting.stamps.find(SESSION) is not None


async def test_a_seal_that_is_not_in_the_tree_yet_waits_and_a_rehearsal_does_not(authority: LocalAuthority) -> None:
    waiting = Waiting(authority.answer, NoProof.LATER)
    assert await waiting.step()
    assert await waiting.book.read(WANTED) == {SESSION: b"2"}
    waiting.proof = NoProof.REHEARSAL
    assert await waiting.step()
    assert await waiting.book.read(WANTED) == {}
    assert await waiting.stamps.find(SESSION) is None


async def test_a_damaged_stamp_is_said() -> None:
    waiting = Waiting(lambda _: b"")
    await waiting.book.write([BookEntry(stamps_of(SESSION), NEWEST, b"x")])
    with pytest.raises(RecordBroken, match="plenary"):
        await waiting.stamps.find(SESSION)


async def test_a_failing_authority_is_asked_less_and_less_often(authority: LocalAuthority) -> None:
    asked: list[int] = []

    def fail(_: bytes) -> bytes:
        asked.append(waiting.clock.monotonic())
        return b""

    waiting = Waiting(fail)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(waiting.stamps.run())
        await waiting.clock.advance(600_000)
        assert [at - asked[0] for at in asked] == [0, 60_000, 180_000, 420_000]
        assert waiting.stamps.failures == 4
        assert await waiting.book.read(WANTED) == {SESSION: b"2"}
        waiting.answer = authority.answer
        await waiting.clock.advance(600_000)
        assert waiting.stamps.failures == 0
        assert await waiting.stamps.find(SESSION) is not None
        running.cancel()


async def test_while_no_stamp_can_be_stored_the_authority_is_asked_each_minute(authority: LocalAuthority) -> None:
    asked: list[int] = []

    def answer(request: bytes) -> bytes:
        asked.append(waiting.clock.monotonic())
        return authority.answer(request)

    waiting = Waiting(answer)
    await waiting.stamps.note()
    waiting.book.full = True
    async with asyncio.TaskGroup() as tasks:
        for _ in range(2):  # It is started again after any fault.
            running = tasks.create_task(waiting.stamps.run())
            await waiting.clock.advance(85_000)
            running.cancel()
        assert [at - asked[0] for at in asked] == [0, 60_000, 120_000]
        waiting.book.full = False
        running = tasks.create_task(waiting.stamps.run())
        await waiting.clock.advance(60_000)
        assert await waiting.stamps.find(SESSION) is not None
        running.cancel()


@pytest.mark.parametrize("kept", [None, b"x"], ids=["none", "a damaged one"])
async def test_a_seal_that_a_crash_kept_from_being_noted_is_stamped_once(
    authority: LocalAuthority, kept: bytes | None
) -> None:
    asked: list[bytes] = []

    def answer(request: bytes) -> bytes:
        asked.append(request)
        return authority.answer(request)

    waiting = Waiting(answer)
    waiting.stamps._sealed.clear()
    waiting.sealed = {SESSION: 2}
    await waiting.book.write([BookEntry(stamps_of(SESSION), NEWEST, kept)])
    for _ in range(2):
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(waiting.stamps.run())
            await waiting.clock.advance(60_000)
            running.cancel()
    assert len(asked) == 1
    found = await waiting.stamps.find(SESSION)
    assert found is not None
    assert found.offset == 2
