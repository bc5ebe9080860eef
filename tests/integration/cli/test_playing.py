"""What `demo`, `serve --play` and `replay` set up before they play."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from moothall.app.hall import hall
from moothall.cli.play import show
from moothall.cli.playing import Playback, prepare
from moothall.core.events.types import SoundKept
from moothall.core.kernel.ids import SessionId
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from moothall.testing.scripted import make_script, write_script


def programme(session: str, sound: SoundKept) -> Playback:
    return Playback(
        file="talk.wav",
        title="Talk",
        languages=("en",),
        session=SessionId(session),
        exact=False,
        as_live=True,
        sound_kept=sound,
    )


async def test_a_session_keeps_the_sound_that_its_programme_says(tmp_path: Path) -> None:
    settings = Settings(
        server=Server(port=0, data=str(tmp_path / "data")),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
    )
    async with hall(settings) as running:
        for name, kept in (("shown", SoundKept.NONE), ("held", SoundKept.UNTIL_CHECKED)):
            live = await prepare(running, programme(name, kept))
            assert (live.state.title, live.state.languages, live.state.sound) == ("Talk", ("en",), kept)
            assert list(live.state.channels) == ["floor"]


async def test_a_recording_that_gives_out_ends_the_play_and_not_the_house(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "script.json").write_bytes(write_script(make_script(51, 3)))
    settings = Settings(
        server=Server(port=0, data=str(tmp_path / "data")),
        engine=EngineSection(model=f"scripted:{tmp_path / 'script.json'}"),
        translation=Translation(translators=()),
    )
    stop = asyncio.Event()
    async with hall(settings) as running, asyncio.TaskGroup() as group:
        gone = msgspec.structs.replace(programme("gone", SoundKept.NONE), file=str(tmp_path / "gone.wav"))
        showing = group.create_task(show(running, gone, stop, close=False))
        said = ""
        while "played no further" not in said:
            await running.backend.clock.sleep(20)
            said += capsys.readouterr().err
        assert "There is no file" in said
        assert not showing.done()
        live = await running.backend.sessions.find(SessionId("gone"))
        assert live is not None
        stop.set()
