"""Who goes on air next (the rule of control tokens), and where the machine continues after somebody else.

The rule is that of the handover manager of EBU-TT Live (EBU Tech 3370, "Handover"): each source has a control token,
and the source with the highest token is on air. Whoever is on air may lower their token after taking over, so that
tokens need not grow for ever.
"""

from __future__ import annotations

from typing import NamedTuple

from moothall.core.events.lines import Origin
from moothall.core.kernel.actors import Role
from moothall.core.sessions.parts import Channel, Segment
from moothall.core.sessions.state import State

MACHINE = ""
"""The holder's name for the machine."""
MOST_TOKEN = 1_000_000
"""The highest token of the technician and the secretariat, who can always take over, from each other too."""
MOST_OTHERS = 999_999
"""The highest token of captioners and interpreters."""
MOST_TOOLS = 999_998
"""The highest token of outside tools."""
BACK_MS = 9_000
"""How long before a person's last line the machine begins to hear again, in ms. This covers what was said in that line
and some of what was said before, so that the words of both can be aligned."""
USUAL_LAG_MS = 4_000
"""How long after its last word a line is usually sent, in ms; used where the words don't show it."""
RESPOKEN_LAG_MS = 2_000
"""How long after a word a respeaker usually repeats it, in ms."""
MOST_LAG_MS = 6_000
"""How long after a word a respeaker repeats it at most, in ms."""
KEPT_MS = 30_000
"""How much sound is kept while somebody else is on air, in ms, so that the machine can continue."""


class Hold(NamedTuple):
    """Who is on air or asks to be, with their control token."""

    holder: str
    """A pseudonym, or `MACHINE`."""
    token: int


def handed(now: Hold, asked: Hold, *, last: bool = False) -> Hold:
    """Return who is on air after `asked`: that one if it is the holder already or has a higher token, else `now`.

    `last`: the sender may use the highest token of all. Since no token exceeds it, an equal token is enough for them.
    """
    beyond = last and asked.token == now.token == MOST_TOKEN
    return asked if asked.holder == now.holder or asked.token > now.token or beyond else now


def most_token(role: Role) -> int:
    """The highest token that a role may use."""
    if role is Role.TOOL:
        return MOST_TOOLS
    return MOST_OTHERS if role in (Role.CAPTIONER, Role.INTERPRETER) else MOST_TOKEN


def written(state: State, channel: Channel, since: int) -> list[Segment]:
    """The lines from media ms `since` on that people wrote or respoke, in the order in which they were complete."""
    by_hand = (Origin.PERSON, Origin.INTERPRETER)
    lines = (line for _, line in state.segments.items() if line.channel == channel.id and not line.gone)
    found = (line for line in lines if line.t0 >= since and (line.origin in by_hand or line.respoken))
    return sorted(found, key=lambda line: (came(line), line.id))


def came(line: Segment) -> int:
    """Media ms at which a line was complete: when it was sent, or when its last word was respoken."""
    return line.words[-1].t1 if line.respoken and line.words else line.t0


def heard_from(state: State, channel: Channel, now: int) -> int:
    """Media ms from which the machine hears a channel again if it goes on air at media ms `now`, after
    somebody else.
    """
    began = channel.air.away[-1][0]
    lines = written(state, channel, began)
    back = max(came(lines[-1]) - BACK_MS, now - KEPT_MS) if lines else now - KEPT_MS
    return min(max(began, back, channel.air.removed), now)


def heard_behind(channel: Channel, line: Segment) -> int:
    """Media ms from which engines heard the channel's own sound after the respoken line `line`, which has ended."""
    ends = [t1 for t0, t1 in channel.air.away if t1 is not None and t0 <= line.t0]
    return ends[-1] if ends else line.t1


def joined_from(channel: Channel) -> int:
    """Media ms from which the machine's words were joined to those of a person who was on air for a few seconds only;
    else 0.

    The machine hears all of that time, so rewinding goes no further back: the person's words would appear twice.
    """
    before = channel.air.before
    return before[0] if before is not None and before[0] == before[1] else 0


class Join(NamedTuple):
    """The text after which the machine's words continue when it goes on air after a person."""

    typed: str
    """The end of what the person wrote or respoke."""
    t: int
    """Media ms at which the last line of that was complete."""
    lag: int = USUAL_LAG_MS
    """How long after it was said that line is assumed to have been complete, in ms, where the words don't show it."""

    @property
    def said(self) -> int:
        """Media ms before which that line is assumed to have been said, where the words don't show it."""
        return self.t - self.lag


TAIL = 300
"""How many characters of the end of a person's text are compared."""


def to_join(state: State, channel: Channel, start: int) -> Join | None:
    """The text to which the machine's next words are joined, which it hears from media ms `start` on.

    None when these words are not the first ones after a person's. Nor are they joined when sound from before the person
    went on air is recognised again.
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
