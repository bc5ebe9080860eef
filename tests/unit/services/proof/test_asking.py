from __future__ import annotations

import asyncio

from moothall.adapters.store.signing import ed25519
from moothall.core.proof.notes import SignedNote, read_head
from moothall.core.proof.witnessing import Cosignable, NotCosigned, judge, read_request
from moothall.services.proof.asking import ASK_MS, LOOK_MS, AskingWitnesses
from moothall.services.proof.witnesses import TreeWitness, Witnesses
from moothall.testing.clock import ManualClock
from support.proof.grown import Grown, grown
from support.proof.keys import log_key, witness_key

WITNESS = witness_key("other.example/witness")
OTHER = TreeWitness(name="other", key=str(WITNESS.key), own=False, url="https://other.example/log")


class Remote:
    """A witness as others see it: statuses and texts."""

    def __init__(self, known: SignedNote | None = None) -> None:
        self.known = known
        self.away = False
        self.asked: list[str] = []

    async def add_checkpoint(self, url: str, request: bytes) -> tuple[int, str]:
        self.asked.append(url)
        if self.away:
            return 0, ""
        found = judge(read_request(request), self.known, (log_key().key,), ed25519)
        if isinstance(found, Cosignable):
            self.known = found.note
            return 200, WITNESS.sign(found.note.text, 7).line
        assert isinstance(found, NotCosigned)
        return int(found.status), f"{found.size}\n" if found.status == 409 else found.sentence


def newest(made: Grown) -> SignedNote:
    assert made.tree.shown is not None
    return made.tree.shown.note


async def minute(made: Grown, remote: Remote, *witnesses: TreeWitness) -> Witnesses:
    """Have all be asked once."""
    of, clock = Witnesses(made.tree, witnesses), ManualClock()
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(AskingWitnesses(of, remote, clock).run())
        await clock.advance(ASK_MS - 1)
        running.cancel()
    return of


async def test_a_witness_is_asked_until_it_has_cosigned() -> None:
    async with grown("One.") as made:
        remote = Remote()
        await minute(made, remote, OTHER)
        assert made.tree.shown is not None
        assert made.tree.shown.note.signed_by(WITNESS.key, ed25519) == 7
        await minute(made, remote, OTHER)
        assert remote.asked == ["https://other.example/log"]


async def test_a_restarted_server_asks_again_from_the_size_that_it_is_told() -> None:
    async with grown("One.") as made:
        remote = Remote(newest(made))
        await made.say("Two.")
        await made.later()
        await minute(made, remote, OTHER)
        assert len(remote.asked) == 2
        assert remote.known is not None
        assert read_head(remote.known.text).size == 2


async def test_a_witness_that_has_seen_more_has_the_server_stand_still() -> None:
    remote = Remote(log_key().checkpoint(9, bytes(32)))
    async with grown("One.") as made:
        await minute(made, remote, OTHER)
        assert made.tree.standing.sentence == "A witness has cosigned size 9, and here the tree has 1 leaves."


async def test_a_witness_that_does_not_answer_is_asked_later() -> None:
    async with grown("One.") as made:
        remote = Remote()
        remote.away = True
        await minute(made, remote, OTHER)
        remote.away = False
        await minute(made, remote, OTHER)
        assert remote.known is not None


async def test_a_witness_that_knows_another_history_does_not_cosign() -> None:
    async with grown("One, otherwise.") as other:
        remote = Remote(newest(other))
    async with grown("One.") as made:
        await minute(made, remote, OTHER)
        assert made.tree.shown is not None
        assert len(made.tree.shown.note.signatures) == 1


async def test_a_new_checkpoint_is_soon_sent() -> None:
    async with grown() as made:
        remote, of, clock = Remote(), Witnesses(made.tree, [OTHER]), ManualClock()
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(AskingWitnesses(of, remote, clock).run())
            await clock.advance(10 * LOOK_MS)
            assert remote.asked == []
            await made.say("One.")
            await made.later()
            await clock.advance(LOOK_MS)
            assert len(remote.asked) == 1
            running.cancel()


async def test_hubs_are_not_asked_over_http() -> None:
    async with grown("One.") as made:
        remote = Remote()
        await minute(made, remote, TreeWitness(name="hub", key=str(WITNESS.key), own=True))
        assert remote.asked == []
