"""`serve --pull`: a meeting's sound is fetched, and what was found is said."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from moothall.app.hall import hall
from moothall.cli.main import command_parser
from moothall.cli.pulling import close_pulled, pull, pulled_session
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.sessions.state import Status
from moothall.services.capture.pulling import PullState
from moothall.settings.sections import EngineSection, Server, Settings, Streams, Translation
from support.halls.readers import until
from support.sound.stream_servers import OK, ffmpeg, http_server


async def test_a_stream_is_fetched_into_a_meeting_and_what_it_is_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "tone.mp3"
    ffmpeg("-f", "lavfi", "-i", "sine=440:duration=8", "-ac", "2", "-b:a", "64k", str(path))
    settings = Settings(
        server=Server(port=0, data=str(tmp_path / "data")),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
        streams=Streams(allowed_networks=("127.0.0.0/8",)),
    )

    async def radio(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        while True:
            await server.pour(writer, path.read_bytes())

    async with http_server() as server, hall(settings) as running:
        server.answers["/live"] = radio
        address = f"{server.address}/live"
        wanted = pulled_session(command_parser("serve").parse_args(["serve", "--pull", address, "--session", "radio"]))
        await pull(running, wanted, address)
        said = capsys.readouterr().out
        assert "mp3" in said.lower()
        assert f"Read it at {running.address}/s/radio" in said
        assert not {"\u2066", "\u2069"} & set(said)
        await until(lambda: [each.state for each in running.streams.of(wanted.session)] == [PullState.SOUND])
        live = await running.backend.sessions.open(wanted.session)
        assert len(live.state.sources) == 1
        await pull(running, wanted, address)
        stands = [live.state.status]
        await close_pulled(running, wanted)
        assert [*stands, live.state.status] == [Status.OPEN, Status.CLOSED], "asked again it goes on"
        await close_pulled(running, msgspec.structs.replace(wanted, session="none"))
        with pytest.raises(ConfigurationError):
            await pull(running, wanted, address)
