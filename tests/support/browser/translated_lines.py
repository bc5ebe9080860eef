"""Lines of a Spanish translation as events, shared by tests of the pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId, SegmentId, SpeakerId
from moothall.core.translation.lines import line_of
from support.halls.stage import Stage, stage

SPANISH = ChannelId("mt-es")
ARABIC = ChannelId("mt-ar")
FRENCH = ChannelId("fr")
TRANSLATOR = Actor(Role.TRANSLATOR, "mt")
ROUTE = "bergamot 0.2.0 en>pt, apertium-es-pt 1.2.1 pt>es"


def name(source: str, channel: ChannelId = SPANISH) -> SegmentId:
    """Return the id of the translation of a line."""
    return line_of(SegmentId(source), channel)


def made_from(source: str, *, revision: int = 0, route: str = ROUTE, rough: bool = False) -> le.MadeFrom:
    return le.MadeFrom(sources=(le.SourceSegment(SegmentId(source), revision),), route=route, rough=rough)


def made(
    source: str,
    t0: int,
    text: str,
    *,
    channel: ChannelId = SPANISH,
    language: str = "es",
    speaker: str = "",
    route: str = ROUTE,
    rough: bool = False,
    origin: le.Origin = le.Origin.TRANSLATED,
) -> Sequence[ev.AnyEvent]:
    """Return the events of a translated line, which is complete at once."""
    segment = name(source, channel)
    return (
        le.SegmentOpened(
            channel=channel,
            segment=segment,
            t0=t0,
            language=language,
            origin=origin,
            speaker=SpeakerId(speaker) if speaker else None,
            made_from=made_from(source, route=route, rough=rough),
        ),
        le.SegmentEnded(channel=channel, segment=segment, t1=t0 + 900, reason=le.EndReason.SENTENCE, text=text),
    )


def made_again(
    source: str, text: str, revision: int = 1, *, channel: ChannelId = SPANISH, route: str = ROUTE
) -> le.SegmentCorrected:
    """Return the correction of a translated line after its source was corrected."""
    return le.SegmentCorrected(
        channel=channel,
        segment=name(source, channel),
        base_revision=revision - 1,
        base_words=0,
        text=text,
        tail="",
        machine=True,
        made_from=made_from(source, revision=revision, route=route),
    )


TEXTS: Sequence[ev.AnyEvent] = (
    ev.ChannelAdded(channel=FRENCH, kind=ev.ChannelKind.INTERPRETATION, languages=("fr",)),
    ev.ChannelAdded(channel=SPANISH, kind=ev.ChannelKind.TRANSLATION, languages=("es",), of_record=True),
    ev.ChannelAdded(channel=ARABIC, kind=ev.ChannelKind.TRANSLATION, languages=("ar",), requested=1_764_000_000_000),
)
"""Channels: an interpreter into French, Spanish of record, and Arabic on request."""

IN_SPANISH = "?channel=mt-es"


@asynccontextmanager
async def translated(count: int = 3) -> AsyncIterator[Stage]:
    """Run a meeting of `count` lines, 4 s apart, each with its Spanish translation."""
    async with stage(*TEXTS, ev.SpeakerIntroduced(speaker=SpeakerId("ana"), name="Ana")) as on:
        await on.lines(count)
        for number in range(count):
            await on.say(*made(f"s{number}", number * 4_000, f"Línea {number}."), by=TRANSLATOR)
        yield on
