"""A meeting is fed from a stream, from the secretariat's page to the log: with real servers and a real decoder."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

from moothall.core.commands import CloseSession, OpenSession
from moothall.core.events.codec import decode_event
from moothall.core.events.types import SourceAttached
from moothall.core.kernel.actors import SYSTEM, Role
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.sessions.state import Status
from moothall.core.streams.watching import SILENT_MS
from moothall.services.control.alarms import STREAM_MS
from moothall.services.log.act_queue import Receipt
from moothall.settings.sections import Streams
from support.desks.admin import AdminHouse, Browser, admin_house, make
from support.sound.stream_servers import OK, HttpServer, ffmpeg, hls, http_server

HERE = Streams(allowed_networks=("127.0.0.0/8",))
MEETING = SessionId("water-board")
PAGE = "/admin/meetings/water-board/stream"
SECRET = "hush-hush"  # noqa: S105


class Radio:
    """A playlist of four seconds behind a name, a password and a key; each time it is asked for it has new ones."""

    def __init__(self, server: HttpServer, folder: Path) -> None:
        self.grows = True
        self._names = hls(folder, seconds=4)
        self._first = 0
        server.folder("", folder)
        server.answers[f"/live?key={SECRET}"] = self.list
        self.address = f"{server.address.replace('//', f'//me:{SECRET}@')}/live?key={SECRET}"

    async def list(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._first += len(self._names) if self.grows else 0
        rows = "".join(f"#EXTINF:2,\n{name}\n" for name in self._names)
        text = f"#EXTM3U\n#EXT-X-TARGETDURATION:20\n#EXT-X-MEDIA-SEQUENCE:{self._first}\n{rows}".encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(text) + text)


async def stands(house: AdminHouse, state: str) -> None:
    """Once the stream stands so."""
    async with asyncio.timeout(60):
        while [each.state for each in house.running.streams.of(MEETING)] != [state]:
            await house.running.backend.clock.sleep(50)


async def told(browser: Browser) -> dict[str, object]:
    """What the secretariat is told of the stream."""
    assert await browser.get(f"{PAGE}.json") == 200
    (stream,) = json.loads(browser.text)["streams"]
    assert isinstance(stream, dict)
    return stream


async def act(house: AdminHouse, command: OpenSession | CloseSession) -> None:
    live = await house.running.backend.sessions.open(MEETING)
    name = CommandId(type(command).__name__.lower())
    assert isinstance(await house.running.backend.closing.send(live.writer, SYSTEM, name, command), Receipt)


async def test_the_sound_of_a_meeting_comes_from_a_stream(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with http_server() as server, admin_house(tmp_path, streams=HERE) as house:
        radio = await asyncio.to_thread(Radio, server, tmp_path / "hls")
        secretary = await house.secretary()
        await make(secretary)
        # On the meeting's sheet there is the way to it; it is tried first.
        await secretary.get("/admin/meetings/water-board")
        assert f'href="{PAGE}"' in secretary.text
        await secretary.get(PAGE)
        assert await secretary.send(PAGE, act="try", channel="floor", address=radio.address) == 200
        assert "Sound was found. Format: aac. Channels: 1. Samples a second: 16000." in secretary.text
        assert await secretary.send(PAGE, act="try", channel="floor", address=server.address + "/none") == 200
        assert "refused with the number 404" in secretary.text
        assert await secretary.send(PAGE, act="take", channel="floor", address="file:///etc/passwd") == 400
        assert "This is no address of a stream." in secretary.text
        # It is taken, and fetched once the meeting is on.
        assert await secretary.send(PAGE, act="take", channel="floor", address=radio.address) == 200
        assert "It is fetched once the meeting is on." in secretary.text
        assert await told(secretary) == {
            "channel": "floor",
            "name": "stream",
            "shown": server.address,
            "state": "waiting",
            "trouble": None,
            "number": 0,
            "found": None,
            "lost": 0,
        }
        await act(house, OpenSession())
        await stands(house, "sound")
        assert (await told(secretary))["found"] == {"codec": "aac", "channels": 1, "rate": 16_000}
        # Nobody who reads, and nobody of another role, gets anything of its address.
        reader, technician = await house.browser(), await house.browser()
        _, token = await house.running.backend.links.create(Role.TECHNICIAN, f"session:{MEETING}", "")
        await technician.get(f"/enter/{token}")
        for browser in (reader, technician):
            assert await browser.get(PAGE) == 403
            assert await browser.get(f"{PAGE}.json") == 403
            assert await browser.post(PAGE, {"act": "remove", "channel": "floor"}) == 403
            for path in ("/s/water-board", "/s/water-board/text?all=1", "/s/water-board/lines"):
                if path.endswith("all=1"):
                    continue  # It lasts as long as the meeting.
                await browser.get(path)
                assert SECRET not in browser.text
        for path in (PAGE, f"{PAGE}.json", "/admin/meetings/water-board", "/admin"):
            await secretary.get(path)
            assert SECRET not in secretary.text
        # The close ends it.
        await act(house, CloseSession())
        live = await house.running.backend.sessions.open(MEETING)
        assert live.state.status is Status.CLOSED
        await stands(house, "waiting")
        records = await house.running.backend.log.read(MEETING, 0, 10_000)
        assert not any(SECRET.encode() in (record.body or b"") for record in records)
        events = [decode_event(record.body) for record in records if record.body is not None]
        assert sum(isinstance(each, SourceAttached) for each in events) == 1
        assert await secretary.get(PAGE) == 200
        assert await secretary.send(PAGE, act="remove") == 200
        await secretary.get(f"{PAGE}.json")
        assert json.loads(secretary.text) == {"streams": []}
    assert not any(SECRET in record.getMessage() for record in caplog.records)


async def test_a_script_is_answered_in_json(tmp_path: Path) -> None:
    async with http_server() as server, admin_house(tmp_path, streams=HERE) as house:
        radio = await asyncio.to_thread(Radio, server, tmp_path / "hls")
        secretary = await house.secretary()
        await make(secretary)
        await secretary.get(PAGE)
        form = secretary.hidden(PAGE)

        async def asked(**fields: str) -> tuple[int, dict[str, Any]]:
            status = await secretary.post(PAGE, form | fields, accept="application/json")
            answer: dict[str, Any] = json.loads(secretary.text)
            assert SECRET not in secretary.text
            assert secretary.headers["Cache-Control"] == "no-store"
            return status, answer

        status, tried = await asked(act="try", address=radio.address)
        assert (status, tried["tried"]["found"]) == (200, {"codec": "aac", "channels": 1, "rate": 16_000})
        assert (tried["tried"]["shown"], tried["tried"]["trouble"]) == (server.address, None)
        assert tried["says"][0].startswith("Sound was found. Format: aac.")
        status, tried = await asked(act="try", address=f"{server.address}/none")
        assert (status, tried["tried"]["trouble"], tried["tried"]["number"]) == (200, "status", 404)
        status, taken = await asked(act="take", channel="floor", address=radio.address)
        assert (status, [each["state"] for each in taken["streams"]]) == (200, ["waiting"])
        status, wrong = await asked(act="take", channel="floor", address="file:///etc/passwd")
        assert (status, wrong["error"].startswith("This is no address of a stream.")) == (400, True)
        assert await asked(act="remove", channel="floor") == (200, {"streams": []})
        status, wrong = await asked(act="dance")
        assert (status, list(wrong)) == (400, ["error"])
        form["form"] = "forged"
        status, wrong = await asked(act="remove", channel="floor")
        assert (status, list(wrong)) == (403, ["error"])


@pytest.mark.slow  # 8 s of real time; tests/unit/services/capture/test_pulling.py has it on a clock that jumps.
async def test_a_decoder_without_sound_for_five_seconds_is_killed_and_another_one_goes_on(tmp_path: Path) -> None:
    path, began, stopped = tmp_path / "tone.mp3", list[int](), set[int]()
    await asyncio.to_thread(ffmpeg, "-f", "lavfi", "-i", "sine=440:duration=30", "-b:a", "64k", str(path))

    def decoders() -> list[str]:
        return Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()

    async with http_server() as server, admin_house(tmp_path, streams=HERE) as house:
        clock = house.running.backend.clock

        async def radio(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            began.append(clock.monotonic())
            number, sound = len(began), path.read_bytes()
            writer.write(OK)
            for at in range(0, len(sound), 2_000):
                if number in stopped:
                    break
                await server.pour(writer, sound[at : at + 2_000])
                await clock.sleep(250)
            await reader.read()

        server.answers["/live"] = radio
        secretary = await house.secretary()
        await make(secretary)
        await secretary.get(PAGE)
        await secretary.send(PAGE, act="take", channel="floor", address=f"{server.address}/live")
        await act(house, OpenSession())
        before = set(decoders())
        await stands(house, "sound")
        (decoder,) = set(decoders()) - before
        stopped.add(number := len(began))
        since = clock.monotonic()
        async with asyncio.timeout(60):
            while len(began) == number:
                await clock.sleep(50)
        assert began[-1] - since >= SILENT_MS
        assert decoder not in decoders()
        await stands(house, "sound")


@pytest.mark.slow  # 15 s of real time; tests/unit/services/capture/test_streams.py has it on a clock that jumps.
async def test_a_stream_that_falls_silent_is_an_alarm_and_a_gap_and_goes_on(tmp_path: Path) -> None:
    async with http_server() as server, admin_house(tmp_path, streams=HERE) as house:
        radio = await asyncio.to_thread(Radio, server, tmp_path / "hls")
        secretary = await house.secretary()
        await make(secretary)
        await secretary.get(PAGE)
        await secretary.send(PAGE, act="take", channel="floor", address=radio.address)
        await act(house, OpenSession())
        await stands(house, "sound")
        radio.grows = False
        clock = house.running.backend.clock
        async with asyncio.timeout(60):
            while house.running.streams.lost_for(MEETING) < STREAM_MS + 1_000:
                await clock.sleep(200)
        radio.grows = True
        await stands(house, "sound")
        await act(house, CloseSession())
        records = await house.running.backend.log.read(MEETING, 0, 10_000)
        begun = [each.t for r in records if r.body and isinstance(each := decode_event(r.body), SourceAttached)]
        assert begun[1] - begun[0] >= STREAM_MS
