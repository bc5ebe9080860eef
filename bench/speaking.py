"""Speech without an engine: the commands that an engine would send of a reference text, at its times.

Commits follow the timing of this project's engines: a look each 0.7 s, and the words that ended at least 0.5 s before
it. Lines end with the utterance, or after 12 s. Text, word times and pauses are those of the reference, again and
again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from moothall.core import commands as do
from moothall.core.events.lines import EndReason, Word
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId
from moothall.core.ports import Clock
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from recordings import SAMPLE, utterances

FLOOR = ChannelId("floor")
ENGINE = Actor(Role.ENGINE, "bench")
LOOK_MS, BEHIND_MS = 700, 500
LONGEST_MS = 12_000
MINUTE_MS = 60_000
PAUSE_MS = 1_500
"""The pause between the reference's end and its next beginning, in ms."""


class Said(NamedTuple):
    """The commands that are sent at one moment."""

    at: int
    """Media ms."""
    commands: Sequence[do.AnyCommand]


class ShiftedClock:
    """A clock that differs from another one by a settable shift, and runs at the same rate."""

    def __init__(self, clock: Clock, shift: int = 0) -> None:
        self._clock = clock
        self.shift = shift
        """ms that are added to the other clock's wall time."""

    def wall(self) -> int:
        """Return the Unix time in ms, shifted."""
        return self._clock.wall() + self.shift

    def monotonic(self) -> int:
        """Return the other clock's monotonic time in ms, which has no shift."""
        return self._clock.monotonic()

    async def sleep(self, ms: int) -> None:
        """Sleep by the other clock."""
        await self._clock.sleep(ms)


def speech(
    since: int = 0, generation: int = 1, channel: ChannelId = FLOOR, reference: Path = SAMPLE / "session.jsonl"
) -> Iterator[Said]:
    """Yield what an engine sends from media ms `since` on, without end."""
    said, number = utterances(reference), 0
    length = round(float(said[-1]["end"]) * 1_000) + PAUSE_MS
    while True:
        for utterance in said:
            words = [
                Word(f" {text}" if n else str(text), since + round(t0 * 1_000), since + round(t1 * 1_000))
                for n, (text, t0, t1) in enumerate(utterance["words"])
            ]
            for line in _lines(words):
                number += 1
                segment = SegmentId(f"{channel}-{generation}-{number}")
                yield from _line(line, segment, utterance["lang"], generation, channel)
        since += length


def _lines(words: Sequence[Word]) -> Iterator[Sequence[Word]]:
    line: list[Word] = []
    for word in words:
        if line and word.t1 - line[0].t0 > LONGEST_MS:
            yield line
            line = []
        line.append(word)
    yield line


def _line(
    words: Sequence[Word], segment: SegmentId, language: str, generation: int, channel: ChannelId
) -> Iterator[Said]:
    first, at = 0, words[0].t1 + BEHIND_MS
    while first < len(words):
        ended = sum(word.t1 + BEHIND_MS <= at for word in words)
        if ended > first:
            commit = do.CommitWords(
                channel=channel,
                generation=generation,
                segment=segment,
                first=first,
                words=tuple(words[first:ended]),
                start=None if first else do.SegmentStart(t0=words[0].t0, language=language),
            )
            first = ended
            end = do.EndSegment(
                channel=channel, generation=generation, segment=segment, t1=words[-1].t1, reason=EndReason.SENTENCE
            )
            yield Said(at, [commit, end] if first == len(words) else [commit])
        at += LOOK_MS


async def begin(live: LiveSession, life: str = "1", channels: Sequence[ChannelId] = (FLOOR,)) -> None:
    """Let an engine write into a session, which is made and opened if need be. `life`: an id of
    this run of the server.
    """
    commands: list[do.AnyCommand] = []
    if not live.state.channels:
        commands.append(do.CreateSession(title="Open hall", languages=("en",)))
        for channel in channels:
            kind = ChannelKind.INTERPRETATION if commands[1:] else ChannelKind.FLOOR
            commands.append(do.AddChannel(channel=channel, kind=kind, languages=("en",)))
        commands.append(do.OpenSession())
    for channel in channels:
        commands.append(do.AttachEngine(channel=channel, model="bench"))
        now = live.state.channels.get(channel)
        if now is not None and now.open_segment is not None:  # Left open by the previous run of the server.
            commands.append(
                do.EndSegment(
                    channel=channel,
                    generation=now.generation + 1,
                    segment=now.open_segment,
                    t1=now.committed_through,
                    reason=EndReason.PAUSE,
                )
            )
    for n, command in enumerate(commands):
        by = ENGINE if isinstance(command, do.EndSegment) else SYSTEM
        answer = await live.writer.send(by, CommandId(f"begin:{life}:{n}"), command)
        assert isinstance(answer, Receipt), answer


class Speaker:
    """Speaks the reference in a session that was begun with `begin`, at its pace or at once."""

    def __init__(self, live: LiveSession, clock: ShiftedClock, life: str = "1") -> None:
        """`life`: an id of this run of the server."""
        self._live = live
        self._clock = clock
        self._life = life
        while live.state.media_now(clock.wall()) < live.state.channels[FLOOR].committed_through:
            clock.shift += LOOK_MS  # The clock ran ahead before the server was killed; continue from there.
        self._speech = speech(live.state.media_now(clock.wall()), live.state.channels[FLOOR].generation)
        self._next = next(self._speech)
        self._minute = 0
        self._sent = self._signed = 0

    async def at_once(self, ms: int) -> None:
        """Say `ms` of speech at once, on a clock that runs ahead as if that time had passed, with
        a checkpoint each minute.
        """
        until = self._media() + ms
        while self._next.at <= until:
            self._clock.shift += max(0, self._next.at - self._media())
            await self._say()
            if self._media() // MINUTE_MS > self._minute:
                self._minute = self._media() // MINUTE_MS
                await self._send(SYSTEM, f"minute:{self._life}:{self._minute}", [do.MapClock(t=self._media())])
                await self._send(SYSTEM, f"checkpoint:{self._life}:{self._minute}", [])
        self._clock.shift += max(0, until - self._media())

    async def sign(self) -> None:
        """Sign a checkpoint now."""
        self._signed += 1
        await self._send(SYSTEM, f"checkpoint:{self._life}:asked:{self._signed}", [])

    async def as_live(self) -> None:
        """Speak at the reference's pace, until cancelled; the writer makes the checkpoints."""
        while True:
            await self._clock.sleep(self._next.at - self._media())
            await self._say()

    async def _say(self) -> None:
        self._sent += 1
        await self._send(ENGINE, f"say:{self._life}:{self._sent}", self._next.commands)
        self._next = next(self._speech)

    async def _send(self, by: Actor, cause: str, commands: Sequence[do.AnyCommand]) -> None:
        answer = await self._live.writer.send(by, CommandId(cause), commands)
        assert isinstance(answer, Receipt), answer

    def _media(self) -> int:
        return self._live.state.media_now(self._clock.wall())
