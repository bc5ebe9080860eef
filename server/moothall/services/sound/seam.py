"""Where a microphone goes on at a server that lacks its sound: as the log says, since no spool can.

So it is where another machine takes over, or where the spool's folder was deleted. The log knows when each source of
the take began and how far the words have come; the microphone knows what it was told is done, which counts silence, and
what it still has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from moothall.core.kernel.ids import ChannelId
from moothall.core.session.keeping import Span, kept_from
from moothall.core.session.parts import Channel
from moothall.core.session.state import State
from moothall.services.sound.live_audio import CONTEXT_MS, to_ms, to_samples


class Seam(NamedTuple):
    """Where a take goes on. Positions count the take's samples from its first."""

    at: int
    """The position from which its microphone is to send."""
    t: int
    """Media ms of that position: what it was before."""
    missing_from: int
    """Media ms; what lies between this and `t` the microphone no longer has, though its words never came."""


def wanted_from(unkept: Iterable[Span], decided: int) -> int:
    """Media ms from which sound is needed to go on at `decided`, up to which all words are decided.

    An engine finds the seam by a little of what comes before, and by nothing of what is not kept.
    """
    wanted = max(0, decided - CONTEXT_MS)
    for t0, t1 in unkept:
        if t0 <= decided:
            wanted = max(wanted, decided if t1 is None else min(t1, decided))
    return wanted


def seam_of(
    bases: Mapping[int, int], state: State, channel: ChannelId, first: int, done: int, *, respoken: bool = False
) -> Seam:
    """Where a take goes on whose sound isn't here.

    `bases`: the sources of the take that are not over, by the position at which each begins, with its media ms; at
    least one. `first`: what its microphone still has; `done`: what it was told is done. `respoken`: whether it is a
    respeaker's; while they are on air the words that have come are theirs.
    """
    now = state.channels[channel]
    through = now.committed_through
    if now.air.respoken and not respoken:
        through = min(through, now.air.away[-1][0])
    decided = kept_from(state.unkept, through)
    decided = through if decided is None else decided
    wanted = wanted_from(state.unkept, decided)
    base = _base(sorted(bases), bases, wanted)
    at = max(first, done, base + to_samples(max(0, wanted - bases[base])))
    told = bases[base] + to_ms(done - base) if done > base else 0
    since, until = state.set_back
    if since <= told <= until:  # Told in a break whose end was then set back.
        told = since
    if _struck(state, now):
        told = 0
    return Seam(at, bases[base] + to_ms(at - base), max(decided, told, bases[base]))


def _struck(state: State, now: Channel) -> bool:
    """Whether lines were struck to be recognised once more, and that hasn't come to all of them."""
    if not now.rewound:
        return False
    lines = (line for _, line in state.segments.items() if line.channel == now.id and line.struck == now.rewound)
    return any(line.t0 >= now.committed_through for line in lines)


def _base(positions: Sequence[int], bases: Mapping[int, int], wanted: int) -> int:
    """The newest source that had begun at media ms `wanted`, or the first one."""
    begun = [base for base in positions if bases[base] <= wanted]
    return begun[-1] if begun else positions[0]
