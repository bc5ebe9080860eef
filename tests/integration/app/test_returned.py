"""An older copy of the data folder, or of its log, is put back beside the newer list of removals, and is served."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import aiohttp
import pytest

from moothall.adapters.sound.sound_folder import SoundFolder
from moothall.adapters.store.removal_list import FILE_NAME as LIST
from moothall.adapters.store.removal_list import RemovalList
from moothall.adapters.store.sqlite_file import FILE_NAME as LOG
from moothall.app.hall import hall
from moothall.cli.verifying import SOUND, UNSOUND, verify_command
from moothall.core import commands as do
from moothall.core.backup.removed import SoundSilenced
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import CommandId, SegmentId, SessionId, SourceId
from moothall.core.removal.selection import Lines
from moothall.services.log.act_queue import Receipt
from moothall.settings.sections import EngineSection as EngineSettings
from moothall.settings.sections import Server, Settings, Translation
from support.files.found import found
from support.halls.removal import FLOOR, HIDDEN, SESSION, held
from support.sound.recordings import RATE, loudness, pattern, record, tone

TEST = SessionId("test")
REMOVED = Lines((SegmentId("b"),))


def settings_of(folder: Path, removals: Path | None = None) -> Settings:
    return Settings(
        server=Server(port=0, data=str(folder), removals=str(removals or "")),
        engine=EngineSettings(count=0),
        translation=Translation(translators=()),
    )


def verified(folder: Path, *removals: Path) -> tuple[int, str]:
    out = io.StringIO()
    return verify_command(folder, None, out, removals=removals), out.getvalue()


async def meeting_and_copy(data: Path, removals: Path | None = None) -> Path:
    """Hold a meeting, copy the data folder, and remove a line; return the copy."""
    async with hall(settings_of(data, removals)) as running:
        await held(running)
        rehearsal = await running.backend.sessions.open(TEST)
        create = do.CreateSession(title="Secret test", languages=("en",), rehearsal=True)
        assert isinstance(await rehearsal.writer.send(SYSTEM, CommandId("c0"), create), Receipt)
    copy = data.with_name("copy")
    shutil.copytree(data, copy)
    async with hall(settings_of(data, removals)) as running:
        live = await running.backend.sessions.find(SESSION)
        assert live is not None
        by = Actor(Role.SECRETARIAT, "s")
        assert isinstance(await live.writer.remove(by, CommandId("gone"), REMOVED), Receipt)
        await running.backend.sessions.forget(TEST)
        await running.backend.erase(TEST)
    assert found(data, HIDDEN) == found(data, "Secret test") == []
    return copy


@pytest.mark.parametrize("whole", [True, False], ids=["a snapshot of the folder", "the log alone"])
async def test_what_was_removed_since_is_gone_again_before_a_door_is_open(tmp_path: Path, whole: bool) -> None:
    data, removals = tmp_path / "data", tmp_path / "removals.jsonl"
    copy = await meeting_and_copy(data, removals)
    if whole:
        shutil.rmtree(data)
        shutil.move(copy, data)
    else:
        shutil.copyfile(copy / LOG, data / LOG)
    assert found(data, HIDDEN)
    code, said = verified(data, removals)
    assert code == UNSOUND
    assert "and here again: " in said
    assert "and here again: the whole session" in said
    async with hall(settings_of(data, removals)) as running:
        live = await running.backend.sessions.find(SESSION)
        assert live is not None
        async with aiohttp.ClientSession() as http, http.get(f"{running.address}/s/{SESSION}/record.txt") as response:
            text = await response.text()
        assert "Good day." in text
        assert HIDDEN not in text
        assert live.state.channels[FLOOR].committed_through == 3_400
        assert TEST not in await running.backend.sessions.names()
    assert found(data, HIDDEN) == found(data, "Secret test") == []
    code, said = verified(data, removals)
    assert code == SOUND, said
    assert "removed by its keepers" in said
    assert "here again" not in said
    # A folder in which nothing came back is left as it is.
    before = (data / LOG).read_bytes(), (data / LIST).read_bytes()
    async with hall(settings_of(data, removals)):
        pass
    assert ((data / LOG).read_bytes(), (data / LIST).read_bytes()) == before


async def test_sound_goes_with_the_words(tmp_path: Path) -> None:
    data = tmp_path / "data"
    mic = SourceId("mic")
    lists = RemovalList(data / LIST)
    async with hall(settings_of(data)) as running:
        await held(running)
    sound = SoundFolder(data / "recordings", bitrate=24_000, removals=lists)
    part = await record(sound, tone(4), session=SESSION)
    before, path = (data / LOG).read_bytes(), sound.path(SESSION, mic, 0)
    whole = path.read_bytes()
    async with hall(settings_of(data)) as running:
        live = await running.backend.sessions.find(SESSION)
        assert live is not None
        assert isinstance(await live.writer.remove(Actor(Role.SECRETARIAT, "s"), CommandId("gone"), REMOVED), Receipt)
    await sound.silence(part, RATE, 3 * RATE)
    (data / LOG).write_bytes(before)
    path.write_bytes(whole)
    async with hall(settings_of(data)):
        pass
    (again,) = await sound.parts(SESSION)
    shown = pattern(loudness(await sound.read(again, 0, 4 * RATE)))
    assert (shown[0], shown[3:5], shown[7]) == ("#", "..", "#"), shown


async def test_where_it_cannot_be_removed_again_the_server_does_not_start(tmp_path: Path) -> None:
    data = tmp_path / "data"
    copy = await meeting_and_copy(data)
    shutil.copyfile(copy / LOG, data / LOG)
    path = data / "recordings" / SESSION / "mic" / f"{0:015d}.opus"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no sound that anybody could decode")
    RemovalList(data / LIST).append(
        lambda new: SoundSilenced(id=new.id, at=new.at, session=SESSION, source=SourceId("mic"), first=0, span=(0, 5))
    )
    with pytest.raises(ConfigurationError, match=f"has words of session {SESSION} again that were removed"):
        async with hall(settings_of(data)):
            pass
    # Nor does it start with a list that nobody can read.
    path.unlink()
    with (data / LIST).open("ab") as file:
        file.write(b"no line\n")
    with pytest.raises(ConfigurationError, match=r"of the list of removals .* can't be read"):
        async with hall(settings_of(data)):
            pass
