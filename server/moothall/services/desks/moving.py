"""Moves lines that went to the wrong session to the right one, and back, as events in both logs.

The lines are first added to the new session and then struck in the old one. A crash in between leaves them in both, and
the same command continues from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from moothall.core import commands as do
from moothall.core.events.lines import EndReason
from moothall.core.events.types import Access
from moothall.core.kernel.actors import Actor
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.errors import PASSING, Refusal, RefusalCode, not_allowed, refuse
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId, SpeakerId
from moothall.core.ports import Clock
from moothall.core.removal.moves import arrived, commands_of, digest, returned
from moothall.core.rules.authority import may_send
from moothall.core.rules.decide import decide
from moothall.core.sessions.parts import Segment
from moothall.core.sessions.state import State, Status
from moothall.services.log.act_queue import Receipt
from moothall.services.log.session_writer import SessionWriter


async def move_lines(
    from_writer: SessionWriter,
    to_writer: SessionWriter,
    actor: Actor,
    command_id: CommandId,
    *,
    channel: ChannelId,
    segments: Sequence[SegmentId],
    to_channel: ChannelId,
    clock: Clock,
) -> Receipt | Refusal:
    """Move finished lines of `channel` to `to_channel` of another session. The receipt is of the log that they leave.

    Times are mapped by the wall clock, which both sessions share. What was said before the other session began is put
    at its beginning. Speakers are found by name, and introduced where no speaker has that name. A refusal changes
    nothing. May be sent again with the same id.
    """
    here, away, back = commands_of(command_id)
    if (known := from_writer.receipt(away)) is not None:
        return known
    leaving = do.MoveSegmentsAway(channel=channel, segments=tuple(segments), session=_public(to_writer.state))
    refusal = _objection(from_writer.state, to_writer.state, leaving, actor, clock.wall())
    if refusal is not None:
        return refusal
    lines = [line for name in segments if (line := from_writer.state.segments.get(name)) is not None]
    arriving = _arriving(from_writer.state, to_writer.state, lines, to_channel, here)
    came = await to_writer.send(actor, here, arriving)
    if isinstance(came, Refusal):
        return came
    left = await from_writer.send(actor, away, leaving)
    if isinstance(left, Refusal) and left.code not in PASSING:
        # Somebody else moved or removed the lines first: they are no longer in this session, so take them out of the
        # other one again.
        names = tuple(arrived(here, line.id) for line in lines)
        again = do.MoveSegmentsAway(channel=to_channel, segments=names, session=_public(from_writer.state))
        await to_writer.send(actor, back, again)
    return left


async def move_back(
    from_writer: SessionWriter,
    to_writer: SessionWriter,
    actor: Actor,
    command_id: CommandId,
    *,
    moved: CommandId,
    channel: ChannelId,
    segments: Sequence[SegmentId],
    to_channel: ChannelId,
    clock: Clock,
) -> Receipt | Refusal:
    """Undo the move `moved`, which moved these lines of `channel` to `to_channel`. The receipt is of the log to which
    they return.

    They return to where they were, with their words and times, and are struck in the other session. Refused as `stale`,
    without a change, where somebody has changed or removed a line since. May be sent again with the same id.
    """
    here, away, back = commands_of(command_id)
    if (known := from_writer.receipt(here)) is not None and to_writer.receipt(away) is not None:
        return known
    moved_here, _, _ = commands_of(moved)
    there = tuple(arrived(moved_here, segment) for segment in segments)
    leaving = do.MoveSegmentsAway(channel=to_channel, segments=there, session=_public(from_writer.state))
    pairs = list(zip(segments, there, strict=True))
    if not all(_unchanged(from_writer.state, to_writer.state, *pair) for pair in pairs):
        message = (
            "The lines were changed in the other session since they were moved. Move them back from there by hand."
        )
        return refuse(RefusalCode.STALE, message)
    refusal = _objection(to_writer.state, from_writer.state, leaving, actor, clock.wall())
    if refusal is not None:
        return refusal
    arriving = do.BringSegmentsBack(channel=channel, segments=tuple(segments), session=_public(to_writer.state))
    came = await from_writer.send(actor, here, arriving)
    if isinstance(came, Refusal):
        return came
    left = await to_writer.send(actor, away, leaving)
    if isinstance(left, Receipt):
        return came
    if left.code not in PASSING:
        # Somebody else moved or removed the lines first: they are no longer in the other session.
        again = tuple(returned(segment) for segment in segments)
        struck = do.MoveSegmentsAway(channel=channel, segments=again, session=_public(to_writer.state))
        await from_writer.send(actor, back, struck)
    return left


def _unchanged(home: State, away: State, segment: SegmentId, there: SegmentId) -> bool:
    """Whether a line that was moved away is in the other session as it left its own."""
    left, stands = home.segments.get(segment), away.segments.get(there)
    if left is None or stands is None or stands.gone:
        return False
    same_name = left.speaker == stands.speaker or (
        left.speaker is not None
        and stands.speaker is not None
        and home.speakers.get(left.speaker) == away.speakers.get(stands.speaker)
    )
    return same_name and (stands.revision, stands.whole) == (int(left.mended), left.whole)


def _objection(leaves: State, enters: State, leaving: do.MoveSegmentsAway, actor: Actor, wall: int) -> Refusal | None:
    if not may_send(actor.role, leaving):
        return not_allowed(actor.role)
    if enters.status in (Status.ABSENT, Status.CREATED):
        return refuse(RefusalCode.CONFLICT, "The other session has not begun.")
    decision = decide(leaves, leaving, actor, wall)
    return decision if isinstance(decision, Refusal) else None


def _arriving(
    leaves: State, enters: State, lines: Sequence[Segment], channel: ChannelId, here: CommandId
) -> list[do.AnyCommand]:
    speakers = _speakers(leaves, enters, (line.speaker for line in lines))
    (t, wall), (to_t, to_wall) = leaves.clock[:2], enters.clock[:2]
    shift = to_t - t + wall - to_wall
    moved = tuple(
        made_of(
            do.MovedSegment,
            line,
            segment=arrived(here, line.id),
            t0=max(0, line.t0 + shift),
            t1=max(0, line.t1 + shift),
            text=line.whole,
            speaker=None if line.speaker is None else speakers.get(line.speaker),
            voice_changes=line.reason is EndReason.SPEAKER,
        )
        for line in sorted(lines, key=lambda line: line.t0)
    )
    introduced: list[do.AnyCommand] = [
        do.IntroduceSpeaker(speaker=speaker, name=leaves.speakers[known])
        for known, speaker in speakers.items()
        if speaker not in enters.speakers
    ]
    return [*introduced, do.MoveSegmentsHere(channel=channel, session=_public(leaves), lines=moved)]


def _speakers(leaves: State, enters: State, wanted: Iterable[SpeakerId | None]) -> dict[SpeakerId, SpeakerId]:
    """The ids of speakers in the other session, by their ids in this one. A speaker who isn't there yet gets an id that
    is free.
    """
    by_name = {name: speaker for speaker, name in enters.speakers.items()}
    found: dict[SpeakerId, SpeakerId] = {}
    for speaker in wanted:
        if speaker is None or speaker in found or speaker not in leaves.speakers:
            continue
        name = leaves.speakers[speaker]
        same = by_name.get(name)
        if same is None:
            same = speaker if speaker not in enters.speakers else SpeakerId(f"p-{digest(leaves.id, speaker, name)}")
            by_name[name] = same
        found[speaker] = same
    return found


def _public(state: State) -> SessionId | None:
    """The session's id as readers of another session may see it: None where it isn't public, since they may not know of
    it.
    """
    return state.id if state.access is Access.PUBLIC else None
