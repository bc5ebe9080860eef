"""Who is on air next: the rule of control tokens.

It is that of the handover manager of EBU-TT Live (EBU Tech 3370, "Handover"): each source has a control token, and the
source with the highest is on air. Whoever is on air may lower their token after taking over, so that tokens need not
grow for ever.
"""

from __future__ import annotations

from typing import NamedTuple

from moothall.core.events.types import Origin
from moothall.core.kernel.actors import Role
from moothall.core.session.parts import Channel, Segment
from moothall.core.session.state import State

MACHINE = ""
"""The holder that stands for the machine."""
MOST_TOKEN = 1_000_000
"""The highest token of the technician and the secretariat, who can always take over, from one another too;"""
MOST_OTHERS = 999_999
"""that of captioners and interpreters;"""
MOST_TOOLS = 999_998
"""and that of outside tools."""
BACK_MS = 9_000
"""How long before a person's last line the machine begins to hear again: what was said in that line, and some of what
was said before it, so that the words of both can be laid beside one another."""
USUAL_LAG_MS = 4_000
"""How long after its last word a line is usually sent, where the words don't tell."""
RESPOKEN_LAG_MS = 2_000
"""How long after a word a respeaker usually says it;"""
MOST_LAG_MS = 6_000
"""and at most."""
KEPT_MS = 30_000
"""How much of the sound is kept while somebody else is on air, so that the machine can go on."""


class Hold(NamedTuple):
    """Who is on air, or wants to be."""

    holder: str
    """Pseudonym, or `MACHINE`."""
    token: int


def handed(now: Hold, asked: Hold, *, last: bool = False) -> Hold:
    """Who is on air once `asked` has been asked for: that, if it is theirs already or its token is higher.

    `last`: whether somebody asks whose tokens end at the highest: behind it none is higher, and an equal one is enough.
    """
    beyond = last and asked.token == now.token == MOST_TOKEN
    return asked if asked.holder == now.holder or asked.token > now.token or beyond else now


def most_token(role: Role) -> int:
    """The highest token that a role may ask with."""
    if role is Role.TOOL:
        return MOST_TOOLS
    return MOST_OTHERS if role in (Role.CAPTIONER, Role.INTERPRETER) else MOST_TOKEN


def written(state: State, channel: Channel, since: int) -> list[Segment]:
    """The lines that were written by hand or respoken from media ms `since` on, as they came."""
    by_hand = (Origin.PERSON, Origin.INTERPRETER)
    lines = (line for _, line in state.segments.items() if line.channel == channel.id and not line.gone)
    found = (line for line in lines if line.t0 >= since and (line.origin in by_hand or line.respoken))
    return sorted(found, key=lambda line: (came(line), line.id))


def came(line: Segment) -> int:
    """Media ms at which all of a line had come: it was sent, or its last word was respoken."""
    return line.words[-1].t1 if line.respoken and line.words else line.t0


def heard_from(state: State, channel: Channel, now: int) -> int:
    """Media ms from which the machine hears a channel again, on which somebody else is on air, at media ms `now`."""
    began = channel.air.away[-1][0]
    lines = written(state, channel, began)
    back = max(came(lines[-1]) - BACK_MS, now - KEPT_MS) if lines else now - KEPT_MS
    return min(max(began, back, channel.air.removed), now)


def heard_behind(channel: Channel, line: Segment) -> int:
    """Media ms from which on engines heard the channel's own sound behind a respoken line that has ended."""
    ends = [t1 for t0, t1 in channel.air.away if t1 is not None and t0 <= line.t0]
    return ends[-1] if ends else line.t1


def joined_from(channel: Channel) -> int:
    """Media ms from which the machine's words were joined to those of a person who was on air for seconds only. It
    hears all of that time, so no rewinding goes further back: their words would stand twice. 0 where there is none.
    """
    before = channel.air.before
    return before[0] if before is not None and before[0] == before[1] else 0


class Join(NamedTuple):
    """Behind what the machine's words are to go on that follow a person's."""

    typed: str
    """The end of what the person wrote or respoke."""
    t: int
    """When the last line of it had come, media ms."""
    lag: int = USUAL_LAG_MS
    """How long after it was said, where the words don't tell, ms."""

    @property
    def said(self) -> int:
        """Media ms before which the words of that line were said, where the words don't tell."""
        return self.t - self.lag


TAIL = 300
"""Characters of what a person wrote that are looked at."""


def to_join(state: State, channel: Channel, start: int) -> Join | None:
    """What the machine's next words are to be joined to, which it hears from media ms `start` on; None where they are
    not the first after a person's. Recognised again, what was said before a person was on air is not behind theirs.
    """
    if channel.air.before is None:
        return None
    began, since = channel.air.before
    if start < since:
        return None
    lines = (line for _, line in state.segments.items() if line.channel == channel.id and not line.gone)
    if any(line.origin is Origin.MACHINE and not line.respoken and line.t0 >= since for line in lines):
        return None
    before = [line for line in written(state, channel, began) if line.t0 <= channel.air.since]
    if not before:
        return None
    lag = RESPOKEN_LAG_MS if before[-1].respoken else USUAL_LAG_MS
    return Join(" ".join(line.whole.strip() for line in before)[-TAIL:], came(before[-1]), lag)
