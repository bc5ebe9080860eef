"""A program with a token has the sound of a session fetched from a stream: with a real stream and a real decoder."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.streams.addresses import LONGEST_ADDRESS
from moothall.core.tokens.scopes import TokenScope
from moothall.settings.sections import Streams
from support.halls.programs import programs
from support.halls.readers import until
from support.sound.stream_servers import OK, ffmpeg, http_server

HERE = Streams(allowed_networks=("127.0.0.0/8",))
SECRET = "hush-hush"  # noqa: S105  # of a test
FLOOR = "/api/sessions/water/streams/floor"


async def test_a_program_tries_chooses_and_takes_away_a_stream(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "tone.mp3"
    await asyncio.to_thread(ffmpeg, "-f", "lavfi", "-i", "sine=440:duration=8", "-ac", "2", "-b:a", "64k", str(path))

    async def radio(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        while True:
            await server.pour(writer, path.read_bytes())

    async with http_server() as server, programs(tmp_path, streams=HERE) as house:
        server.answers[f"/live?key={SECRET}"] = radio
        address = {"address": f"{server.address.replace('//', f'//me:{SECRET}@')}/live?key={SECRET}"}
        program, planner = await house.program([TokenScope.STREAMS]), await house.program([TokenScope.SESSIONS])
        assert (await planner.ask("PUT", "/api/sessions/water", {"title": "Water", "languages": ["en"]}))[0] == 200

        status, told = await program.ask("POST", "/api/streams/try", address)
        assert (status, told["tried"]["found"]["codec"], told["tried"]["shown"]) == (200, "mp3float", server.address)
        assert told["says"][0].startswith("Sound was found.")
        status, told = await program.ask("POST", "/api/streams/try?ui=fr", {"address": f"{server.address}/none"})
        assert (status, told["tried"]["trouble"], told["tried"]["number"]) == (200, "status", 404)
        assert "404" in told["says"][0]
        status, told = await program.ask("POST", "/api/streams/try", {"address": "file:///etc/passwd"})
        assert (status, told["tried"]["trouble"]) == (200, "address")

        status, fed = await program.ask("PUT", FLOOR, address)
        (stream,) = fed["streams"]
        assert (status, stream["channel"], stream["state"], stream["shown"]) == (
            200,
            "floor",
            "waiting",
            server.address,
        )
        assert (await planner.ask("POST", "/api/sessions/water/open"))[0] == 200
        streams = house.running.streams
        await until(lambda: [each.state for each in streams.of(SessionId("water"))] == ["sound"])
        asked = len(server.asked)
        assert (await program.ask("PUT", FLOOR, address))[1]["streams"][0]["state"] == "sound"
        assert len(server.asked) == asked  # The same address again leaves the stream alone.
        listed = await program.ask("GET", "/api/sessions/water/streams")
        assert listed[1]["streams"][0]["found"] == {"codec": "mp3float", "channels": 2, "rate": 44_100}
        assert SECRET not in str(listed)
        other = {"address": f"{server.address}/none"}
        assert (await program.ask("PUT", FLOOR, other))[0] == 200  # In place of the one before.
        await until(lambda: [each.trouble for each in streams.of(SessionId("water"))] == ["status"])
        for _ in range(2):
            assert await program.ask("DELETE", FLOOR) == (200, {"streams": []})

        for method, where, body, wanted in (
            ("PUT", FLOOR, {"address": "file:///etc/passwd"}, 400),
            ("PUT", FLOOR, {"address": f"http://{SECRET}" + "a" * LONGEST_ADDRESS}, 400),
            ("PUT", FLOOR, {**address, "name": "second"}, 400),
            ("PUT", "/api/sessions/water/streams/none", address, 404),
            ("PUT", "/api/sessions/none/streams/floor", address, 404),
            ("GET", "/api/sessions/none/streams", None, 404),
            ("DELETE", "/api/sessions/none/streams/floor", None, 404),
        ):
            status, told = await program.ask(method, where, body)
            assert (status, list(told)) == (wanted, ["error"]), (method, where)
            assert SECRET not in told["error"]
        assert (await planner.ask("POST", "/api/sessions/water/close"))[0] == 200
        assert (await program.ask("PUT", FLOOR, address))[0] == 409
        # Such a token opens nothing else, and no other one opens this.
        assert (await program.ask("GET", "/api/sessions"))[0] == 403
        assert (await planner.ask("POST", "/api/streams/try", address))[0] == 403
    assert not any(SECRET in record.getMessage() for record in caplog.records)


async def test_a_text_that_has_a_stream_of_another_name_is_refused_another(tmp_path: Path) -> None:
    async with programs(tmp_path) as house:
        program = await house.program()
        assert (await program.ask("PUT", "/api/sessions/water", {"title": "Water", "languages": ["en"]}))[0] == 200
        order = {"address": "http://radio.example.org/live"}
        put = house.running.streams.put
        assert await put(SessionId("water"), ChannelId("floor"), order["address"], "bridge") is None
        status, told = await program.ask("PUT", FLOOR, order)
        assert (status, list(told)) == (409, ["error"])
