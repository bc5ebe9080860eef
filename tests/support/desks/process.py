"""A server in a process of its own, without engines, with two sessions and a technician at a desk, which tests kill."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from moothall.adapters.store.sqlite_file import FILE_NAME, LogReader, open_for_reading
from moothall.adapters.system.clock import SystemClock
from moothall.app.backend import quiet_backend
from moothall.core import commands as do
from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events.codec import decode_event
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.core.programme.plan import Planned, Room, RoomId
from moothall.core.sessions.parts import Segment
from moothall.core.sessions.state import State, evolve
from moothall.services.sessions.sessions import Sessions
from moothall.services.sessions.staff import HALL
from moothall.settings.sections import Server, Settings
from support.halls.microphone_process import MicrophoneHall
from support.halls.process import SESSION

FLOOR = ChannelId("floor")
OTHER = SessionId("other")
ROOM = RoomId("room")
LATER_MS = 120_000
"""How far media time is set forward, in ms: lines can be moved only half a minute after they were said."""
HOUR_MS = 3_600_000


class DeskHall(MicrophoneHall):
    """`moothall serve` with two sessions, of which the first is open and has three lines of a machine."""

    def __init__(self, data: Path, port: int) -> None:
        super().__init__(data, "scripted", port)
        data.with_suffix(".toml").write_text("[engine]\ncount = 0\n", encoding="utf-8")

    async def prepare(self, languages: tuple[str, ...] = ("en", "pt"), *, begin_other: bool = True) -> None:
        """Make the sessions and the link, while no server runs."""
        async with quiet_backend(Settings(server=Server(data=str(self.data))), SystemClock()) as house:
            wall = house.clock.wall()
            await house.programme.keep(rooms=[Room(id=ROOM, title="Main hall")])
            for n, (name, title) in enumerate(((SESSION, "Open hall"), (OTHER, "The next one"))):
                planned = Planned(session=name, room=ROOM, title=title, languages=languages, starts=wall + n * HOUR_MS)
                made = await house.programme.make(planned)
                assert not isinstance(made, Refusal), made
            await _begin(house.sessions, SESSION, "One.", "Two.", "Three.")
            if begin_other:
                await _begin(house.sessions, OTHER)
            _, self.token = await house.links.create(Role.TECHNICIAN, HALL, "Ann")

    def records(self, session: SessionId = SESSION) -> Sequence[LogRecord]:
        """Return the records of a session in the data folder's log."""
        reader = LogReader(open_for_reading(self.data / FILE_NAME))
        try:
            return reader.read(session, 0, 1_000_000)
        finally:
            reader.close()

    def state(self, session: SessionId = SESSION) -> State:
        """Return the state of a session, folded from its log."""
        state = State(id=session)
        for record in self.records(session):
            state = evolve(state, None if record.body is None else decode_event(record.body))
        return state

    def lines(self, session: SessionId = SESSION) -> list[Segment]:
        """Return the lines that have text and aren't removed, in the order of their times."""
        stand = [line for _, line in self.state(session).segments.items() if not line.gone and line.whole]
        return sorted(stand, key=lambda line: line.t0)

    def texts(self, session: SessionId = SESSION) -> list[str]:
        """Return the texts of `lines`."""
        return [line.whole for line in self.lines(session)]


async def _begin(sessions: Sessions, name: SessionId, *texts: str) -> None:
    live = await sessions.open(name)
    acts: list[tuple[Actor, do.AnyCommand]] = [
        (SYSTEM, do.OpenSession()),
        (SYSTEM, do.AttachEngine(channel=FLOOR, model="m")),
    ]
    engine = Actor(Role.ENGINE, "m")
    for n, text in enumerate(texts):
        line, t0 = SegmentId(f"s{n + 1}"), 1_000 * n
        start = do.SegmentStart(t0=t0, language="en")
        words = (le.Word(text, t0, t0 + 900),)
        acts += [
            (engine, do.CommitWords(channel=FLOOR, generation=1, segment=line, first=0, words=words, start=start)),
            (
                engine,
                do.EndSegment(channel=FLOOR, generation=1, segment=line, t1=t0 + 900, reason=le.EndReason.SENTENCE),
            ),
        ]
    acts.append((SYSTEM, do.MapClock(t=LATER_MS)))
    for n, (by, command) in enumerate(acts):
        answer = await live.writer.send(by, CommandId(f"begin-{n}"), command)
        assert not isinstance(answer, Refusal), answer


@asynccontextmanager
async def desk_hall(data: Path, port: int, *, begin_other: bool = True) -> AsyncIterator[DeskHall]:
    """Start the server; tests may kill it and start it again."""
    made = DeskHall(data, port)
    await made.prepare(begin_other=begin_other)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()
