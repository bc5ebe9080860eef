"""The sound of a keeper that another node has succeeded."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from moothall.core.cluster.removals import NOTHING
from moothall.core.events import types as ev
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId, SourceId
from moothall.core.ports import LogHead
from moothall.services.cluster.former_sound import FormerSound
from moothall.services.cluster.removing import Removing
from moothall.services.cluster.two_copies import STEPS, keeper_of
from moothall.testing.log_shared import MemorySharedLog
from support.cluster.following import FollowingNodes
from support.sessions.recorder import EPOCH, SESSION

OTHER, MIC = SessionId("other"), SourceId("mic")
OWN, NEXT = 3_002 * STEPS + 4, 4_001 * STEPS
"""Terms of a session that this node, number 2, and then the next keeper acquired."""


class Spools:
    """Which spools the disk has, and whether it refuses."""

    def __init__(self, *sessions: SessionId) -> None:
        self.there = {(session, MIC) for session in sessions}
        self.refuses: set[SessionId] = set()
        self.unread = False

    async def kept(self) -> Sequence[tuple[SessionId, SourceId]]:
        if self.unread:
            raise StorageUnavailable("The disk is gone.")
        return sorted(self.there)

    async def delete(self, session: SessionId, source: SourceId) -> None:
        if session in self.refuses:
            raise StorageUnavailable("The disk is read-only.")
        self.there.discard((session, source))


def head(term: int) -> LogHead:
    return LogHead(epoch=EPOCH, term=term, offset=3, lanes={})


def test_a_term_names_its_keeper() -> None:
    assert [keeper_of(term) for term in (0, 7, OWN, NEXT, 1_999 * STEPS)] == [0, 0, 2, 1, 999]


@pytest.mark.parametrize(("now", "left"), [(head(OWN), True), (head(7), True), (head(NEXT), False), (None, False)])
async def test_sound_stays_until_another_node_has_taken_the_session_over_or_it_is_erased(
    now: LogHead | None, *, left: bool
) -> None:
    spools = Spools(SESSION)
    former = FormerSound(spools, 2)
    assert not former.settled(SESSION), "nobody has looked yet"
    await former.look({SESSION: head(OWN)})
    assert spools.there == {(SESSION, MIC)}
    assert former.settled(SESSION)
    await former.look({} if now is None else {SESSION: now})
    assert bool(spools.there) is left
    assert former.settled(SESSION)


async def test_what_the_disk_refuses_is_tried_again_named_once_and_holds_up_nothing_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    third = SessionId("third")
    spools = Spools(SESSION, OTHER, third)
    spools.refuses, spools.unread = {SESSION}, True
    former, copies = FormerSound(spools, 2), {SESSION: head(NEXT), OTHER: head(OWN), third: head(NEXT)}
    for _ in range(2):
        await former.look(copies)
        assert not former.settled(OTHER)
    spools.unread = False
    for _ in range(2):
        await former.look(copies)
        assert [former.settled(session) for session in (SESSION, OTHER, third)] == [False, True, True]
    assert spools.there == {(SESSION, MIC), (OTHER, MIC)}
    said = [each.getMessage().split(":")[0] for each in caplog.records if each.levelname == "ERROR"]
    assert said == ["session any", "session plenary"]
    spools.refuses = set()
    await former.look(copies)
    assert (spools.there, former.settled(SESSION)) == ({(OTHER, MIC)}, True)


async def test_a_removal_is_confirmed_once_the_sound_of_a_former_keeper_is_gone_too() -> None:
    house = FollowingNodes()
    await house.say(2)
    await house.following.catch_up()
    at = await house.store.head(SESSION)
    assert at is not None
    removal = house.recorder.record(ev.BodyRemoved(offsets=(1,), reason="request", by="staff-1"))
    await house.store.remove(SESSION, at.term, at.offset, [1], [removal])
    await house.following.catch_up()
    spools = Spools(SESSION)
    spools.refuses = {SESSION}
    former, removing = FormerSound(spools, 2), Removing(MemorySharedLog(house.store, "n2"), "n2")
    for refuses in ({SESSION}, set[SessionId]()):
        spools.refuses = refuses
        await former.look(house.following.copies)
        await removing.look(house.own, former.settled)
        assert (removing.applied == NOTHING) is bool(refuses)
