"""Checks status updates of hubs. An update is absolute, so a repeated one changes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.hubs.standing import is_or_is_below, way_to, with_hub
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import is_name
from moothall.core.session.state import State

MAX_TITLE = 120
"""Characters of a hub's title."""
MOST_PEOPLE = 100_000
"""In a hub's room."""
MOST_HUBS = 300
"""Of a session."""
MOST_BELOW = 64
"""Of these, one with those below it."""


def state_hub(state: State, command: do.StateHub, wall: int) -> Sequence[ev.AnyEvent] | Refusal:
    """The event of a hub's status, or a refusal."""
    title = " ".join(command.title.split())
    if not is_name(command.hub) or not 0 < len(title) <= MAX_TITLE:
        return refuse(RefusalCode.INVALID, f"A hub needs an id and a title of 1 to {MAX_TITLE} characters.")
    if not 0 <= (command.people or 0) <= MOST_PEOPLE or min(command.since, command.counted or 0) < 0:
        return refuse(
            RefusalCode.INVALID, f"A hub's head count is from 0 to {MOST_PEOPLE}, and its times are not negative."
        )
    known = state.hubs.get(command.hub)
    if known is None and len(state.hubs) >= MOST_HUBS:
        return refuse(RefusalCode.CONFLICT, f"Too many hubs have taken part in this session (limit {MOST_HUBS}).")
    top = way_to(command.hub)[0]
    if known is None and sum(is_or_is_below(hub, top) for hub in state.hubs) >= MOST_BELOW:
        return refuse(RefusalCode.CONFLICT, f"Too many hubs are connected through this one (limit {MOST_BELOW}).")
    stands = made_of(ev.HubStands, command, title=title, t=max(0, state.media_now(wall)))
    if known is not None and with_hub(state.hubs, stands)[command.hub] == known:
        return refuse(RefusalCode.CONFLICT, "The hub already has this status.")
    return [stands]
