"""A session whose sound is recorded in memory, for tests of recordings."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager

from moothall.core import commands as do
from moothall.core.events.types import ChannelKind, SoundKept
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import CommandId, SessionId, SourceId
from moothall.core.sessions.state import State
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sound.consent import follow_consent
from moothall.services.sound.live_audio import RATE, LiveAudio
from moothall.services.sound.recording import RecordingPart, Recordings
from moothall.services.sound.sharing import Sharing
from moothall.testing.clock import LoopClock
from support.memory.hall import FLOOR, MIC, SESSION, MemoryHall, Sound, memory_hall

KEEP_DAYS = 30
MOST_S = 200
"""The length of a recording's part, in s."""


class MemoryStore:
    """A `SoundStore` that holds plain samples."""

    def __init__(self) -> None:
        self.held: dict[SessionId, dict[tuple[SourceId, int], bytearray]] = {}
        self.done: dict[SessionId, set[tuple[SourceId, int, tuple[int, int]]]] = defaultdict(set)
        self.open = 0
        self.refuses = False
        self.ended = True
        self.written = 0
        self.clock = LoopClock()

    async def sessions(self) -> Sequence[SessionId]:
        return sorted(self.held)

    async def parts(self, session: SessionId) -> Sequence[RecordingPart]:
        held = self.held.get(session, {})
        return [
            RecordingPart(
                session=session,
                source=source,
                first=first,
                samples=len(pcm) // 2,
                written=self.written,
                ended=self.ended,
            )
            for (source, first), pcm in sorted(held.items())
        ]

    async def begin(self, session: SessionId, source: SourceId, first: int) -> MemoryPart:
        self._refuse()
        self.open += 1
        return MemoryPart(self, self.held.setdefault(session, {}).setdefault((source, first), bytearray()))

    async def read(self, part: RecordingPart, first: int, count: int) -> bytes:
        pcm = self.held[part.session][part.source, part.first]
        return bytes(pcm[2 * (first - part.first) : 2 * (first - part.first + count)])

    async def silence(self, part: RecordingPart, first: int, last: int) -> None:
        self._refuse()
        self.done[part.session].add((part.source, part.first, (first, last)))
        pcm = self.held[part.session][part.source, part.first]
        low, high = max(0, first - part.first), min(part.samples, last - part.first)
        pcm[2 * low : 2 * high] = bytes(2 * (high - low))

    async def silenced(self, session: SessionId) -> Collection[tuple[SourceId, int, tuple[int, int]]]:
        return self.done[session]

    async def delete(self, part: RecordingPart, first: int, last: int) -> None:
        self._refuse()
        self.held[part.session].pop((part.source, part.first), None)

    async def forget(self, session: SessionId) -> None:
        self.held.pop(session, None)

    def _refuse(self) -> None:
        if self.refuses:
            raise StorageUnavailable("The disk is full.")


class MemoryPart:
    def __init__(self, store: MemoryStore, pcm: bytearray) -> None:
        self._store = store
        self._pcm = pcm

    async def write(self, pcm: bytes) -> None:
        self._store._refuse()
        self._pcm += pcm

    async def close(self) -> None:
        self._store.open -= 1


class Noise(Sound):
    """Samples that aren't silence."""

    async def read(self, samples: int) -> bytes:
        return b"\x01" * len(await super().read(samples))


class Scene:
    """A session with a source that is recorded as it is spoken."""

    def __init__(self, hall: MemoryHall, live: LiveSession, audio: LiveAudio) -> None:
        self.hall = hall
        self.live = live
        self.audio = audio
        self.store = MemoryStore()
        self.recordings = recordings(self.store, hall)
        self.recording: asyncio.Future[None]

    async def command(self, name: str, command: do.AnyCommand) -> None:
        answer = await self.live.writer.send(SYSTEM, CommandId(name), command)
        assert isinstance(answer, Receipt), answer

    def pattern(self) -> str:
        """Return the recording: `#` for a second with sound, `.` for a silent second, `?` for a mixed one."""
        pcm = b"".join(bytes(part) for _, part in sorted(self.store.held.get(SESSION, {}).items()))
        seconds = (pcm[at : at + 2 * RATE] for at in range(0, len(pcm), 2 * RATE))
        return "".join("." if not any(each) else "#" if all(each) else "?" for each in seconds)


def recordings(store: MemoryStore, hall: MemoryHall, standing: Sharing | None = None) -> Recordings:
    async def stands(session: SessionId) -> Sharing | None:
        return standing

    def state_of(session: SessionId) -> State | None:
        live = hall.sessions.loaded(session)
        return None if live is None else live.state

    return Recordings(
        store, state_of=state_of, standing=stands, clock=hall.clock, keep_days=KEEP_DAYS, part_samples=MOST_S * RATE
    )


@asynccontextmanager
async def scene(
    seconds: int, sound: SoundKept = SoundKept.UNTIL_CHECKED, *, young_people: bool = False
) -> AsyncIterator[Scene]:
    async with memory_hall() as hall:
        live = await hall.sessions.open(SESSION)
        commands: list[do.AnyCommand] = [
            do.CreateSession(title="Open hall", languages=("en",), sound=sound, young_people=young_people),
            do.AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",)),
            do.OpenSession(),
            do.AttachSource(source=MIC, channel=FLOOR, t=0, rate=RATE),
        ]
        assert isinstance(await live.writer.send(SYSTEM, CommandId("make"), commands), Receipt)
        audio = LiveAudio(MIC, await hall.spools.open(SESSION, MIC), 0, hall.clock)
        made = Scene(hall, live, audio)
        following = asyncio.ensure_future(follow_consent(live.writer, audio))
        carrying = asyncio.ensure_future(audio.carry(Noise(seconds * RATE), as_live=True))
        made.recording = asyncio.ensure_future(made.recordings.record(live.writer, audio))
        yield made
        for task in (following, carrying, made.recording):
            task.cancel()
        await asyncio.gather(following, carrying, made.recording, return_exceptions=True)
