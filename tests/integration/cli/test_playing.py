"""What `demo`, `serve --play` and `replay` make before they play."""

from __future__ import annotations

from pathlib import Path

from moothall.app import hall
from moothall.cli.playing import Programme, prepare
from moothall.core.events import SoundKept
from moothall.core.ids import SessionId
from moothall.settings import Engine, Server, Settings, Translation


def programme(session: str, sound: SoundKept) -> Programme:
    return Programme(
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
        engine=Engine(count=0),
        translation=Translation(translators=()),
    )
    async with hall(settings) as running:
        for name, kept in (("shown", SoundKept.NONE), ("held", SoundKept.UNTIL_CHECKED)):
            live = await prepare(running, programme(name, kept))
            assert (live.state.title, live.state.languages, live.state.sound) == ("Talk", ("en",), kept)
            assert list(live.state.channels) == ["floor"]
