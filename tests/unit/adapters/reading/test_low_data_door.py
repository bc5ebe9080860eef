"""The low-data door, over a socket so that every byte of its answer is counted."""

from __future__ import annotations

import asyncio
import json
import re
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from moothall.adapters.reading.low_data_door import BATCH_MS, QUIET_MS
from moothall.core.events import types as ev
from moothall.core.events.types import LaneHead
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import SpeakerId
from moothall.core.signals import ChannelState, Sound
from moothall.wire.low_data import PULSE_MS
from support.halls.stage import FLOOR, Stage, corrected, ended, opened, partial, stage, words
from support.sessions.recorder import EPOCH

ROOT = Path(__file__).resolve().parents[4]
WORDS_A_MINUTE = 130


class Line:
    """One reader's connection."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._unpack = zlib.decompressobj(31)
        self.received = 0
        """Bytes of the body, as they come over the line, chunks and all."""
        self.head = b""
        self.pulses: list[dict[str, int]] = []
        self.of_pulses = 0
        """Bytes of `received` that carried pulses."""

    async def begin(self) -> None:
        self.head = await self._reader.readuntil(b"\r\n\r\n")

    async def text(self) -> str:
        """What the next chunk says that is no pulse."""
        before = self.received
        while (text := await self.any()).startswith("event:pulse"):
            self.of_pulses += self.received - before
            before = self.received
            self.pulses.append(json.loads(text.partition("data:")[2]))
        return text

    async def any(self) -> str:
        """What the next chunk says."""
        size = await self._reader.readuntil(b"\r\n")
        packed = await self._reader.readexactly(int(size, 16) + 2)
        self.received += len(size) + len(packed)
        return (self._unpack.decompress(packed[:-2]) if b"gzip" in self.head else packed[:-2]).decode()

    async def batch(self) -> list[object]:
        text = await self.text()
        assert text.startswith("data:[")
        assert text.endswith("\n\n")
        said: list[object] = json.loads(text[5:])
        return said


@asynccontextmanager
async def reading(on: Stage, query: str = "", encoding: str = "gzip") -> AsyncIterator[Line]:
    host, port = on.address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = (f"GET /s/{on.session}/low?{query} HTTP/1.1", f"Host: {host}:{port}", f"Accept-Encoding: {encoding}", "", "")
    writer.write("\r\n".join(head).encode())
    line = Line(reader)
    try:
        await line.begin()
        yield line
    finally:
        writer.transport.abort()


async def pass_time(on: Stage, ms: int) -> None:
    """In steps of a second, as the door looks at its readers."""
    for _ in range(ms // 1_000):
        await on.clock.advance(1_000)


def speech() -> list[tuple[str, str]]:
    """Ten minutes of it, (speaker, sentence): the sample session, and prose that no change of a page makes longer."""
    said = [json.loads(line) for line in (ROOT / "config/sample/session.jsonl").read_text("utf-8").splitlines()]
    sentences = [(one["speaker"], part) for one in said for part in re.split(r"(?<=[.?!]) ", one["text"])]
    prose = (ROOT / "tests/support/files/ten_minutes.txt").read_text("utf-8").splitlines()
    sentences += [("daniel", sentence) for sentence in prose]
    count, end = 0, 0
    while count < 10 * WORDS_A_MINUTE:
        count += len(sentences[end][1].split())
        end += 1
    return sentences[:end]


@pytest.mark.asyncio
@pytest.mark.parametrize("better", [0, 5])
async def test_ten_minutes_of_speech_are_four_kilobytes(better: int) -> None:
    """Each so-manieth line is bettered by its engine a second after its end; 0: none is."""
    sentences = speech()
    async with stage() as on:
        for speaker in {speaker for speaker, _ in sentences}:
            await on.say(ev.SpeakerIntroduced(speaker=SpeakerId(speaker), name=speaker.title()))
        async with reading(on, f"channel=floor&after={EPOCH}:{on.offset}") as line:
            now, heard = 0, 0
            read: list[str] = []
            taking = asyncio.ensure_future(_take(line, read, len(sentences)))
            for number, (speaker, text) in enumerate(sentences, 1):
                segment, spoken = f"floor-1-{number}", text.split()
                await on.say(opened(segment, now, speaker=speaker), signals=[partial(segment, 0, spoken[0])])
                for first in range(0, len(spoken), 3):
                    await on.say(words(segment, first, " ".join(spoken[first : first + 3])))
                now += len(spoken) * 60_000 // WORDS_A_MINUTE
                while heard < now:
                    heard += 1_000
                    sound = Sound.SILENCE if heard % 7_000 == 0 else Sound.SPEECH
                    await on.say(signals=[ChannelState(channel=FLOOR, sound=sound, lag=heard % 1_900, t=heard)])
                    if heard % 60_000 == 0:
                        heads = {"ch:floor": LaneHead(offset=on.offset, digest=f"{heard:064x}")}
                        await on.say(
                            ev.ClockMapped(t=heard, wall=on.clock.wall()),
                            ev.RecordCheckpoint(lanes=heads, key="k1", signature="c2lnbmF0dXJl" * 7),
                            by=SYSTEM,
                        )
                    await on.clock.advance(1_000)
                if better and number % better == 0:
                    await on.say(ended(segment, f"Hm {text}", now))
                    await on.clock.advance(1_000)
                    await on.say(corrected(segment, text))
                else:
                    await on.say(ended(segment, text, now))
            await pass_time(on, BATCH_MS + 1_000)
            await taking
    assert read == [text for _, text in sentences]
    assert now >= 600_000
    assert line.received - line.of_pulses <= 4_096, f"{line.received} bytes, {line.of_pulses} of pulses"
    assert line.of_pulses <= 512, f"{line.of_pulses} bytes of {len(line.pulses)} pulses"
    assert len(line.head) <= 1_200


async def _take(line: Line, read: list[str], count: int) -> None:
    while len(read) < count:
        _, *items = await line.batch()
        for item in items:
            if isinstance(item, str):
                read.append(item)
            elif isinstance(item, dict) and item.get("body", {}).get("type") == "segment.corrected":
                number = int(item["body"]["segment"].rpartition("-")[2])
                read[number - 1] = item["body"]["text"]


@pytest.mark.asyncio
async def test_lines_wait_for_others_and_what_is_urgent_does_not() -> None:
    async with stage() as on, reading(on, f"after={EPOCH}:{on.offset}") as line:
        assert b"Content-Encoding: gzip" in line.head
        await on.lines(1)
        await pass_time(on, BATCH_MS - 1_000)
        await on.lines(1)
        await pass_time(on, 2_000)
        said = [item for item in (await line.batch()) if isinstance(item, str)]
        assert said == [f"This is line number {n} of the meeting, as it was said." for n in range(2)]
        await on.say(ev.SessionPaused(t=10_000))
        await pass_time(on, 1_000)
        offset, event = await line.batch()
        assert offset == on.offset
        assert isinstance(event, dict)
        assert event["body"]["type"] == "session.paused"
        await pass_time(on, QUIET_MS)
        assert await line.batch() == [on.offset], "nothing is news too, once a minute"


@pytest.mark.asyncio
async def test_who_comes_without_a_place_starts_from_a_snapshot_and_gzip_is_no_must() -> None:
    async with stage() as on:
        await on.lines(3)
        async with reading(on, encoding="identity") as line:
            assert b"Content-Encoding" not in line.head
            frame = json.loads((await line.text())[5:])
            assert [each["text"] for each in frame["snapshot"]["lines"]][2].endswith(
                "line number 2 of the meeting, as it was said."
            )
            await on.remove(on.offset)
            assert json.loads((await line.text())[5:])["snapshot"]["offset"] == on.offset
            await on.lines(1)
            await pass_time(on, BATCH_MS + 1_000)
            _, said, _ = await line.batch()
            assert isinstance(said, list)
            assert said[:2] == [3, "s3"]
        async with reading(on, "after=old:3", encoding="identity") as line:
            assert "snapshot" in await line.text()
        async with reading(on, "channel=none") as line:
            assert line.head.startswith(b"HTTP/1.1 404 ")


@pytest.mark.asyncio
async def test_more_readers_than_it_can_serve_are_asked_to_come_back() -> None:
    async with stage(low_data_readers=1) as on, reading(on, f"after={EPOCH}:{on.offset}"), reading(on) as second:
        assert second.head.startswith(b"HTTP/1.1 503 ")
        assert b"Retry-After: " in second.head


@pytest.mark.asyncio
async def test_a_quiet_link_has_a_pulse_that_names_no_line_which_waits_for_others() -> None:
    async with stage() as on, reading(on, f"after={EPOCH}:{on.offset}") as line:
        before = on.offset
        await pass_time(on, 1_000)
        await on.lines(1)
        await pass_time(on, BATCH_MS + 1_000)
        await line.batch()
        assert line.pulses == [{"head": before, "age": 0, "every": PULSE_MS}] * 3
        await pass_time(on, PULSE_MS)
        assert json.loads((await line.any()).partition("data:")[2])["head"] == on.offset
