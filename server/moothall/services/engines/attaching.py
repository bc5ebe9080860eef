"""What an engine is told when a channel is attached to it: where to begin, and what stands before that."""

from __future__ import annotations

import logging
from collections.abc import Callable

import msgspec

from moothall.core.commands import EndSegment, NoteGap
from moothall.core.events.types import EndReason, GapReason
from moothall.core.glossary.merging import NOTHING, Preferred
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId
from moothall.core.session.parts import Channel
from moothall.core.session.state import State
from moothall.services.engines.job import Job
from moothall.services.engines.stretches import Stretch
from moothall.services.log.session_writer import SessionWriter
from moothall.services.sound.live_audio import LiveAudio
from moothall.services.supervision.pulses import Fate
from moothall.wire import engine as wire

logger = logging.getLogger(__name__)

CONTEXT_MS = 2_000
"""Audio before the last committed word that an engine gets to find the seam."""
CATCH_UP_MS = 10_000
"""How much of what is not recorded an engine hears that comes late: it is for reading along, and is kept nowhere."""


def expected(channel: Channel) -> tuple[str, ...]:
    """The languages in which a channel is recognised, the likeliest first."""
    return channel.languages if channel.forced is None else (channel.forced,)


def first_sample(stretch: Stretch, audio: LiveAudio, place: wire.Place | None, heard: int | None) -> int:
    """The sample from which an engine gets `stretch`.

    `heard`: media ms up to which another one has heard it, where it isn't kept; None for the first one.
    """
    if not stretch.kept:
        return audio.position(max(stretch.start, audio.end_ms - CATCH_UP_MS if heard is None else heard))
    back_to = stretch.start - CONTEXT_MS if place is None else place.audio_from
    return audio.position(max(back_to, stretch.floor))


async def behind_deadly_sound(job: Job, fate: Callable[[str], Fate | None], model: str) -> Stretch | None:
    """What an engine hears next of a channel. Sound at which one engine after another ended becomes a gap before that.

    `fate` tells how a process ended, by its life. None in a break, when all that came before it was heard.
    """
    writer = job.writer
    stretch = job.stretch
    if stretch is None:
        return None
    missing = job.audio.unheard(writer.state, job.channel) if stretch.kept else None
    deadly = None if missing is None else job.deaths.deadly(missing[0], fate)
    if missing is not None and deadly is not None:
        t0, t1 = deadly[0], min(deadly[1], missing[1], missing[1] if stretch.stop is None else stretch.stop)
        job.deaths.forget()
        job.floor = t1
        await end_line_before(writer, msgspec.structs.replace(stretch, start=t1, floor=t1), job.channel, model)
        gap = NoteGap(channel=job.channel, t0=t0, t1=t1, reason=GapReason.UNHEARD)
        cause = CommandId(f"deadly:{job.channel}:{writer.state.channels[job.channel].generation}")
        await writer.insist(SYSTEM, cause, gap)
        logger.error(
            "session %s channel %s: engines ended at the sound from %d to %d ms; it is stepped over",
            writer.session,
            job.channel,
            t0,
            t1,
        )
        stretch = job.stretch
    if stretch is None or stretch.start < job.floor:  # It was rewound.
        return stretch
    return msgspec.structs.replace(stretch, floor=max(stretch.floor, job.floor))


async def end_line_before(writer: SessionWriter, stretch: Stretch, channel: ChannelId, model: str) -> None:
    """No line goes on over a span that is not recorded. Its engine has ended it, unless it died."""
    now = writer.state.channels[channel]
    if now.open_segment is None or (stretch.kept and stretch.floor <= now.committed_through):
        return
    ended = EndSegment(
        channel=channel,
        generation=now.generation,
        segment=now.open_segment,
        t1=now.committed_through,
        reason=EndReason.PAUSE,
    )
    await writer.insist(Actor(Role.ENGINE, model), CommandId(f"end:{channel}:{now.generation}"), ended)


def attachment(
    stream: int,
    state: State,
    channel: Channel,
    stretch: Stretch,
    *,
    audio_from: int,
    place: wire.Place | None,
    preferred: Preferred = NOTHING,
    engine: str = "",
) -> wire.Attach:
    """The message that attaches a stretch of `channel`; of an unrecorded one nothing else is told.

    `engine`: its name, for the log.
    """
    logger.info(
        "session %s channel %s: generation %d on engine %s from %d ms, %s",
        state.id,
        channel.id,
        channel.generation,
        engine,
        stretch.start,
        "recorded" if stretch.kept else "not recorded",
    )
    segment = state.segments.get(channel.open_segment) if channel.open_segment is not None else None
    opened = None
    if segment is not None and stretch.kept:
        opened = wire.OpenSegment(segment=segment.id, language=segment.language, t0=segment.t0, words=segment.words)
    return wire.Attach(
        stream=stream,
        session=state.id,
        channel=channel.id,
        generation=channel.generation,
        languages=expected(channel),
        committed_through=max(channel.committed_through, stretch.floor) if stretch.kept else audio_from,
        last_words=channel.last_words if stretch.kept else (),
        open_segment=opened,
        audio_from=audio_from,
        glossary=preferred.terms,
        near=preferred.near,
        place=place,
        tell_language=True,
        cut=stretch.floor if stretch.kept else 0,
    )


def known_place(note: bytes, channel: Channel, state: State) -> wire.Place | None:
    """Of the places in `note` the one that goes with what stands in the log."""
    segment = state.segments.get(channel.open_segment) if channel.open_segment is not None else None
    words = 0 if segment is None else len(segment.words)
    for place in wire.decode_places(note):
        if (place.committed_through, place.segment, place.words) == (
            channel.committed_through,
            channel.open_segment,
            words,
        ):
            return place
    return None
