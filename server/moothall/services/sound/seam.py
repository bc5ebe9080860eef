"""Where a microphone resumes at a server that lacks its sound, found from the log instead of the spool.

This is needed where another machine takes over, or where the spool's folder was deleted. The log knows when each source
of the take began and how far the words have got; the microphone knows the position that it was told is done, which
includes silence, and what it still has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from moothall.core.kernel.ids import ChannelId
from moothall.core.sessions.keeping import Span, kept_from
from moothall.core.sessions.parts import Channel
from moothall.core.sessions.state import State
from moothall.services.sound.live_audio import CONTEXT_MS, to_ms, to_samples


class Seam(NamedTuple):
    """Where a take resumes. Positions count the take's samples from its first."""

    at: int
    """The position from which its microphone has to send."""
    t: int
    """Media ms of that position, as before the interruption."""
    missing_from: int
    """Media ms: the microphone has lost the sound between this and `t`, whose words are not in the log."""


def wanted_from(unkept: Iterable[Span], decided: int) -> int:
    """Media ms from which sound is needed to resume at `decided`, up to which all words are decided.

    An engine needs a little audio before that to find the seam (`CONTEXT_MS`), but none that must not be kept.
    """
    wanted = max(0, decided - CONTEXT_MS)
    for t0, t1 in unkept:
        if t0 <= decided:
            wanted = max(wanted, decided if t1 is None else min(t1, decided))
    return wanted


def seam_of(
    bases: Mapping[int, int], state: State, channel: ChannelId, first: int, done: int, *, respoken: bool = False
) -> Seam:
    """Find where a take resumes whose sound isn't on this server.

    `bases`: media ms of each source of the take that hasn't ended, by the position where it begins; at least one.
    `first`: the first position that the microphone still has; `done`: the position that it was told is done.
    `respoken`: whether the take is a respeaker's; while one is on air, words in the log are theirs.
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
    if since <= told <= until:  # The microphone was told this in a break whose end was later set back.
        told = since
    if _struck(state, now):
        told = 0
    return Seam(at, bases[base] + to_ms(at - base), max(decided, told, bases[base]))


def _struck(state: State, now: Channel) -> bool:
    """Whether struck lines of the channel still wait to be recognised again."""
    if not now.rewound:
        return False
    lines = (line for _, line in state.segments.items() if line.channel == now.id and line.struck == now.rewound)
    return any(line.t0 >= now.committed_through for line in lines)


def _base(positions: Sequence[int], bases: Mapping[int, int], wanted: int) -> int:
    """The newest source that had begun at media ms `wanted`, else the first."""
    begun = [base for base in positions if bases[base] <= wanted]
    return begun[-1] if begun else positions[0]
