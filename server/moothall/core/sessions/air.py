"""Who is on air in a channel, folded from the log: the machine, a person, a respeaker, or an outside tool."""

from __future__ import annotations

import msgspec

from moothall.core.events import lines as le
from moothall.core.kernel.ids import SegmentId


class Air(msgspec.Struct, frozen=True, kw_only=True):
    """Who is on air in a channel. At first it is the machine, and desks may add lines."""

    source: le.AirSource = le.AirSource.MACHINE
    holder: str = ""
    """Pseudonym of the person, respeaker or tool; empty for the machine, and where the fold lacks the staff's lane."""
    token: int = 0
    """The control token; whoever asks with a higher one goes on air next."""
    tool: str = ""
    """The tool's public name; empty unless a tool is on air."""
    since: int = 0
    """Media ms since when the present source is on air."""
    unheard: int | None = None
    """Media ms since when no engine hears the channel, since a person or a tool is on air; None while one does."""
    away: tuple[tuple[int, int | None], ...] = ()
    """Spans of media ms in which no engine hears the channel's own sound, since somebody else is on air; the end of the
    last span is None while that lasts."""
    before: tuple[int, int] | None = None
    """Media ms from which somebody else was on air before the machine, and from which the machine hears again. The two
    are equal where the other was on air for a few seconds only. None before the first change, and while somebody else
    is on air."""
    behind: int = 0
    """The newest engine attachment (generation) at the last change of source. Words of this or an older one come from
    another sound, and are stale.
    """
    removed: int = 0
    """Media ms before which words were removed while the machine was not on air: the machine must not hear that sound
    later.
    """
    tools: dict[str, str] = {}
    """The public names of the tools that were on air or offered a line, by their pseudonyms."""
    offered: tuple[SegmentId, ...] = ()
    """Lines that were offered since the machine was last on air and that nobody has taken, oldest first. Bound:
    `MOST_OFFERED` of `core/rules/lines.py`."""

    @property
    def machine(self) -> bool:
        """Whether the machine is on air, and hears the channel's own sound."""
        return self.source is le.AirSource.MACHINE

    @property
    def respoken(self) -> bool:
        """Whether a respeaker is on air, whom the machine hears."""
        return self.source is le.AirSource.RESPEAKER

    @property
    def recognised(self) -> bool:
        """Whether the text comes from an engine, from the channel's own sound or a respeaker's."""
        return self.machine or self.respoken

    def writes(self, actor: str) -> bool:
        """Whether lines written under this pseudonym become public."""
        return self.machine or self.holder == actor


def air_after(air: Air, event: le.AirFact, generation: int = 0) -> Air:
    """Return who is on air after an event of the channel.

    `generation`: number of the channel's newest engine attachment.
    """
    replace = msgspec.structs.replace
    match event:
        case le.AirChanged():
            lasts = bool(air.away) and air.away[-1][1] is None
            away, before = air.away, air.before
            if event.source is not le.AirSource.MACHINE:
                away, before = away if lasts else (*away, (event.t0, None)), None
            elif lasts:
                before = began, _ = away[-1][0], event.t0
                away = (*away[:-1], before) if began < event.t0 else away[:-1]
            changed = replace(air, source=event.source, tool=event.tool, since=event.t, holder="")
            if event.source is le.AirSource.MACHINE:
                changed = replace(changed, offered=())
            unheard = None if changed.recognised else event.t if air.recognised else air.unheard
            return replace(changed, away=away, unheard=unheard, before=before, behind=generation)
        case le.AirHeld():
            tools = {**air.tools, event.holder: air.tool} if air.tool else air.tools
            return replace(air, holder=event.holder, token=event.token, tools=tools)
        case _:
            tools = {**air.tools, event.by: event.tool} if event.tool else air.tools
            return replace(air, tools=tools, offered=(*air.offered, event.segment))


def air_without(air: Air, taken: SegmentId) -> Air:
    """Return the state of the air after the offered line `taken` was taken."""
    return msgspec.structs.replace(air, offered=tuple(each for each in air.offered if each != taken))
