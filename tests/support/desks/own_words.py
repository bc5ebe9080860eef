"""Speakers' links in tests, where lines are as old at once as they have to be."""

from __future__ import annotations

from moothall.app.hall import RunningServer
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import SegmentId, SessionId, SpeakerId
from moothall.core.proposals.own_words import DAY_MS, SETTLED_MS, OwnProposal, SpeakerLink
from moothall.services.proposals.own_words import OwnWords
from support.halls.due import LaterClock

CHECKER = Actor(Role.CAPTIONER, "c1")


def with_old_lines(own: OwnWords) -> OwnWords:
    """Have all lines that there are count as old enough."""
    own.clock = LaterClock(own.clock, SETTLED_MS)
    return own


async def every_proposal(running: RunningServer, session: SessionId, speaker: SpeakerId) -> SpeakerLink:
    """Make a speaker's link, and propose something for each of their first three lines: it waits, is declined, and is
    accepted.
    """
    own = with_old_lines(running.backend.own_words)
    state = (await running.backend.sessions.open(session)).state
    assert isinstance(await own.make(state, speaker, own.clock.wall() + 7 * DAY_MS), str)
    for number, line in enumerate(SegmentId(f"line-{n}") for n in range(3)):
        known = state.segments.get(line)
        assert known is not None
        assert await own.propose(own.of(session)[0], line, known.revision, f"{known.whole} <so>") is None
        link = own.of(session)[0]
        made = link.newest(line)
        assert made is not None
        if number == 1:
            declined = await own.decline(session, CHECKER, link.id, made.id, "It wasn't <said>.")
            assert isinstance(declined, OwnProposal)
        if number == 2:
            assert isinstance(await own.accept(session, CHECKER, link.id, made.id, known.revision), OwnProposal)
    return own.of(session)[0]
