"""A man in the middle alters, reorders, drops and repeats events: the hub stops accepting them, and names the event."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from moothall.adapters.system.clock import SystemClock
from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.chain import LogRecord
from moothall.core.events.types import ChannelKind
from moothall.core.hubs.entry import Details
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.services.log.act_queue import Receipt
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from moothall.wire.hubs import messages as wire
from moothall_hub.app import RunningHub
from moothall_hub.mirror.copied import SessionCopy
from moothall_hub.pairing.pairing import Pairing
from support.hubs.altering import Altered, Batches, with_body, with_header
from support.hubs.node import running_hub
from support.hubs.tampering import Tamperer, tampered_link_to

CLOCK = SystemClock()
SESSION, FLOOR = SessionId("plenary"), ChannelId("floor")
CAPTIONER = Actor(Role.CAPTIONER, "c")


class Meeting:
    """What happens at the centre."""

    def __init__(self, running: RunningServer) -> None:
        self._hall = running
        self._acts = 0

    async def do(self, *commands: do.AnyCommand, by: Actor = SYSTEM, cause: str = "act") -> int:
        """The offset of the last event of it."""
        self._acts += 1
        live = await self._hall.backend.sessions.open(SESSION)
        answer = await live.writer.send(by, CommandId(f"{cause}:{self._acts}"), commands)
        assert isinstance(answer, Receipt), answer
        return live.writer.handed_on

    async def begin(self) -> None:
        created = do.CreateSession(title="Plenary", languages=("en",))
        floor = do.AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",))
        await self.do(created, floor, do.OpenSession())

    async def say(self, *texts: str) -> int:
        """A line for each, all at once; the last event."""
        lines = [
            do.TypeSegment(channel=FLOOR, segment=SegmentId(f"line-{self._acts}-{n}"), text=text, language="en")
            for n, text in enumerate(texts)
        ]
        return await self.do(*lines, by=CAPTIONER)

    async def sign(self) -> int:
        """A checkpoint."""
        return await self.do(cause="checkpoint")


class Scene:
    """A centre, a hub, and somebody on the line between them."""

    def __init__(self, meeting: Meeting, hub: RunningHub, tamperer: Tamperer, batches: Batches) -> None:
        self.meeting = meeting
        self.hub = hub
        self.tamperer = tamperer
        self.batches = batches

    @property
    def copy(self) -> SessionCopy:
        found = self.hub.parts.uplink.replication.copy(SESSION)
        return SessionCopy(session=SESSION) if found is None else found

    async def until(self, holds: Callable[[], object]) -> None:
        while not holds():
            await CLOCK.sleep(20)


@asynccontextmanager
async def scene(folder: Path) -> AsyncIterator[Scene]:
    settings = Settings(
        server=Server(port=0, data=str(folder / "centre")),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
    )
    async with (
        hall(settings) as running,
        tampered_link_to(running.address) as tamperer,
        running_hub(folder / "hub") as hub,
    ):
        meeting, batches = Meeting(running), Batches(tamperer)
        await meeting.begin()
        await running.backend.hubs.add("Kisumu", Details())
        words = await running.backend.pairing.words("kisumu")
        paired = await hub.parts.pair(tamperer.address, " ".join(words or ()))
        assert isinstance(paired, Pairing), paired
        made = Scene(meeting, hub, tamperer, batches)
        await meeting.say("Good morning to Kisumu.")
        signed = await meeting.sign()
        await made.until(lambda: made.copy.verified == signed)
        yield made


def _other_text(records: Sequence[LogRecord]) -> Sequence[LogRecord]:
    return [with_body(record, b"agreed", b"refused") for record in records]


def _other_actor(records: Sequence[LogRecord]) -> Sequence[LogRecord]:
    return [with_header(record, actor="somebody else") for record in records]


def _left_out(records: Sequence[LogRecord]) -> Sequence[LogRecord]:
    return [*records[:1], *records[2:]] if len(records) > 2 else records


def _re_ordered(records: Sequence[LogRecord]) -> Sequence[LogRecord]:
    return [*records[:1], records[2], records[1], *records[3:]] if len(records) > 2 else records


def _repeated(records: Sequence[LogRecord]) -> Sequence[LogRecord]:
    return [*records, *records]


def _signed_by_another(records: Sequence[LogRecord]) -> Sequence[LogRecord]:
    return [with_body(record, b'"signature":"', b'"signature":"AAAA') for record in records]


ALTERED = (_other_text, _other_actor, _left_out, _re_ordered, _repeated, _signed_by_another)


@pytest.mark.parametrize("alter", ALTERED, ids=lambda each: each.__name__)
async def test_what_was_altered_on_the_link_is_refused_with_the_event_at_which_it_shows(
    tmp_path: Path, alter: Altered
) -> None:
    async with scene(tmp_path) as made:
        before = made.copy.verified
        made.batches.alter = alter
        await made.meeting.say("It is agreed.", "The motion is agreed.", "All of it is agreed.")
        signed = await made.meeting.sign()
        await made.until(lambda: made.copy.broken)
        broken = made.copy.broken
        assert broken is not None
        assert before < broken.offset <= signed
        assert broken.reason.endswith(".")
        assert made.copy.verified == before, "Nothing of it is vouched for."


async def test_a_batch_that_comes_again_is_refused(tmp_path: Path) -> None:
    async with scene(tmp_path) as made:
        seen = [message for message in made.tamperer.down if isinstance(message, wire.Batch)]
        await made.tamperer.send(seen[-1])
        await made.until(lambda: made.copy.broken)
        assert made.copy.broken is not None
        assert 0 < made.copy.broken.offset <= made.copy.offset + 1


async def test_bytes_that_are_no_batch_are_refused(tmp_path: Path) -> None:
    async with scene(tmp_path) as made:
        batch = wire.Batch(session=SESSION, part=wire.FeedPart.LIVE, data=b"\x01junk")
        await made.tamperer.send(batch)
        await made.until(lambda: made.copy.broken)
        assert made.copy.broken is not None
        assert made.copy.broken.offset == made.copy.offset + 1


async def test_a_beginning_that_nobody_asked_for_is_passed_over(tmp_path: Path) -> None:
    async with scene(tmp_path) as made:
        live = next(message for message in made.tamperer.down if isinstance(message, wire.Live))
        heads = {lane: msgspec.structs.replace(head, digest="00" * 32) for lane, head in live.heads.items()}
        await made.tamperer.send(msgspec.structs.replace(live, heads=heads))
        await made.meeting.say("Said now.")
        signed = await made.meeting.sign()
        await made.until(lambda: made.copy.broken or made.copy.verified >= signed)
        assert made.copy.broken is None


async def test_what_is_made_up_after_an_outage_is_never_vouched_for(tmp_path: Path) -> None:
    async with scene(tmp_path) as made:
        before = made.copy.verified
        passing = made.tamperer.alter

        def forged(message: wire.ToHub) -> Sequence[wire.ToHub | bytes]:
            if isinstance(message, wire.Live):
                heads = {lane: msgspec.structs.replace(head, digest="00" * 32) for lane, head in message.heads.items()}
                return (msgspec.structs.replace(message, heads=heads),)
            return passing(message)

        made.tamperer.alter = forged
        await made.tamperer.cut()
        await made.meeting.say("Said while the line was down.")
        await made.meeting.sign()
        await made.until(lambda: made.copy.broken)
        assert made.copy.broken is not None
        assert made.copy.broken.offset > 0
        assert made.copy.verified == before
