"""Another process backs up a running server, and the backup is restored and served."""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import sqlite3
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from moothall.adapters.sound.sound_folder import SoundFolder
from moothall.adapters.store.removal_list import FILE_NAME as LIST
from moothall.adapters.store.removal_list import RemovalList, read_removals
from moothall.app.hall import RunningServer, hall
from moothall.cli.backup import backup_command, restore_command
from moothall.cli.backup import verify_command as verify_backup
from moothall.cli.verifying import SOUND, verify_command
from moothall.core import commands as do
from moothall.core.backup.removed import RemovalDone, RemovedContent, SoundSilenced
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import CommandId, InterventionId, SessionId, SourceId, SpeakerId
from moothall.core.programme.look import Colours
from moothall.core.removal.selection import Interventions
from moothall.core.retention.periods import KeptKind
from moothall.services.log.act_queue import Receipt
from moothall.settings.sections import EngineSection as EngineSettings
from moothall.settings.sections import Server, Settings, Translation
from support.files.found import found
from support.files.pictures import png
from support.halls.due import days_pass
from support.halls.process import CLOCK
from support.halls.removal import HIDDEN, SESSION, asked, at_a_desk, held
from support.halls.room_before import room_before
from support.sound.recordings import RATE, loudness, pattern, record, tone

MIC = SourceId("mic")
FAST = 1_000_000_000
"""Bytes a second."""


def settings_of(folder: Path) -> Settings:
    return Settings(
        server=Server(port=0, data=str(folder)), engine=EngineSettings(count=0), translation=Translation(translators=())
    )


async def moothall(*arguments: str | Path) -> str:
    """What the command says; it has to succeed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "moothall", *map(str, arguments)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=os.environ,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
    return out.decode()


async def backed_up(folder: Path) -> str:
    """What `moothall backup` says; in a thread, which is quicker than a process."""
    out = io.StringIO()
    await asyncio.to_thread(
        partial(backup_command, folder / "data", folder / "backup", out, keys=folder / "keys", rate=FAST)
    )
    return out.getvalue()


async def put_back(folder: Path, to: str, removals: Path) -> str:
    """What `moothall restore` says."""
    out = io.StringIO()
    await asyncio.to_thread(
        partial(restore_command, folder / "backup", folder / to, out, removals=[removals], keys=folder / "keys")
    )
    return out.getvalue()


async def record_of(running: RunningServer) -> str:
    async with aiohttp.ClientSession() as http, http.get(f"{running.address}/s/{SESSION}/record.txt") as response:
        return await response.text()


async def many_found(running: RunningServer, words: str) -> int:
    """How many lines a visitor finds."""
    query, wanted = {"q": words}, {"Accept": "application/json"}
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{running.address}/search", params=query, headers=wanted) as answer,
    ):
        total: int = (await answer.json())["total"]
        return total


async def epoch_of(running: RunningServer) -> str:
    live = await running.backend.sessions.find(SESSION)
    assert live is not None
    return live.writer.reader_epoch


def verified(folder: Path) -> str:
    out = io.StringIO()
    code = verify_command(folder, None, out)
    assert code == SOUND, out.getvalue()
    return out.getvalue()


async def test_what_is_backed_up_live_is_restored_and_served_without_what_was_removed_since(tmp_path: Path) -> None:
    data, backup = tmp_path / "data", tmp_path / "backup"
    async with hall(settings_of(data)) as running:
        await held(running)
        _, token = await running.backend.links.create(Role.CAPTIONER, f"session:{SESSION}", "Eva")
        colours = Colours(light="#7a0026")
        await running.backend.look.write(name="Water Forum", colours=colours, logo=png(3, 2))
        shown = running.backend.look.shown
        where = ("--data", data, "--to", backup, "--keys", tmp_path / "keys")
        said = await moothall("backup", *where, "--rate", "1000")
        assert "restore point" in said
        assert "1 session" in said
        assert found(backup, HIDDEN)
        async with at_a_desk(running, Role.TECHNICIAN) as client:
            answer = await asked(client, "r", {"type": "lines", "segments": ["b"]})
            assert "receipt" in answer, answer
        assert found(data, HIDDEN) == []
        epoch = await epoch_of(running)
        # The disk goes, but for the list, which was elsewhere too.
        new = ("--to", tmp_path / "new", "--keys", tmp_path / "keys")
        said = await moothall("restore", "--from", backup, *new, "--removals", data / LIST)
        assert f"{SESSION}: intact but for" in said
    assert found(tmp_path / "new", HIDDEN) == []
    assert not (tmp_path / "new" / "search").exists()
    verified(tmp_path / "new")
    async with hall(settings_of(tmp_path / "new")) as running:
        await running.backend.indexing.catch_up()
        assert [await many_found(running, words) for words in ("good day", HIDDEN)] == [1, 0]
        text = await record_of(running)
        assert "Good day." in text
        assert HIDDEN not in text
        assert await epoch_of(running) != epoch
        assert running.backend.look.shown == shown
        entering = f"{running.address}/enter/{token}"
        async with aiohttp.ClientSession() as http, http.get(entering, allow_redirects=False) as response:
            assert response.status == 303
    assert "removed by its keepers" in verified(tmp_path / "new")
    assert found(tmp_path / "new", HIDDEN) == []


async def test_a_second_backup_takes_what_was_removed_out_of_the_first(tmp_path: Path) -> None:
    async with hall(settings_of(tmp_path / "data")) as running:
        await held(running)
        await backed_up(tmp_path)
        async with at_a_desk(running, Role.TECHNICIAN) as client:
            await asked(client, "r", {"type": "speaker", "speaker": "ana", "name": True})
        said = await backed_up(tmp_path)
        assert "taken out of 1 older restore point" in said
        assert found(tmp_path / "backup", HIDDEN) == []
        assert found(tmp_path / "backup", "Ana Souza") == []
        out = io.StringIO()
        assert verify_backup(tmp_path / "backup", out) == 0
        assert out.getvalue().count("whole") == 2
        # Both can be restored, with the list that the backup has kept apart.
        at = sorted(path.name for path in (tmp_path / "backup").glob("point-*"))
        assert len(at) == 2
        (tmp_path / "backup" / at[1]).unlink()
        await put_back(tmp_path, "new", tmp_path / "backup.removals.jsonl")
    verified(tmp_path / "new")
    async with hall(settings_of(tmp_path / "new")) as running:
        assert "Good day." in await record_of(running)


async def test_what_was_removed_as_due_after_the_backup_does_not_come_back_and_what_is_put_off_stays_so(
    tmp_path: Path,
) -> None:
    """It is removed in what is restored, listed for as long as before, and not listed any more."""
    note = "kumquat"
    async with hall(settings_of(tmp_path / "data")) as running:
        await held(running)
        live = running.backend.sessions.loaded(SESSION)
        assert live is not None
        left = do.LeaveNote(text=f"He means {note}.")
        assert isinstance(await live.writer.send(Actor(Role.CHAIR, "x"), CommandId("note"), left), Receipt)
        assert isinstance(await live.writer.send(SYSTEM, CommandId("close"), do.CloseSession()), Receipt)
        retention = running.backend.retention
        periods = {KeptKind.TEXT: "60 days", KeptKind.STAFF: "60 days"}
        assert await retention.state(periods, "office") is None
        await days_pass(running, 59)
        assert {each.kind for each in retention.due()} == {KeptKind.TEXT, KeptKind.STAFF}
        assert await retention.put_off(SESSION, KeptKind.STAFF, 30, "A case.", "office") is None
        await backed_up(tmp_path)
        assert found(tmp_path / "backup", HIDDEN)
        await days_pass(running, 1)
        assert found(tmp_path / "data", HIDDEN) == []
        await put_back(tmp_path, "new", tmp_path / "data" / LIST)
    assert found(tmp_path / "new", HIDDEN) == []
    assert found(tmp_path / "new", note)
    verified(tmp_path / "new")
    async with hall(settings_of(tmp_path / "new")) as running:
        retention = running.backend.retention
        assert [each.period for each in retention.periods if each.stated] == ["60 days", "60 days"]
        await days_pass(running, 88)
        (off,) = retention.due()
        assert (off.kind, off.put_off is not None and off.put_off.reason) == (KeptKind.STAFF, "A case.")
        assert found(tmp_path / "new", note)
        await days_pass(running, 1)
        assert found(tmp_path / "new", note) == []
        assert retention.due() == ()


async def test_what_was_not_recorded_is_in_no_file_of_a_backup_nor_of_what_is_restored(tmp_path: Path) -> None:
    async with hall(settings_of(tmp_path / "data")) as running:
        await held(running)
        live = running.backend.sessions.loaded(SESSION)
        assert live is not None
        assert isinstance(await live.writer.send(SYSTEM, CommandId("later"), do.MapClock(t=10_000)), Receipt)
        await room_before(running.backend, running.live, SESSION)
        await backed_up(tmp_path)
        assert found(tmp_path / "backup", HIDDEN)
        back = do.BeginNotRecorded(back=30_000)
        assert isinstance(await live.writer.send(Actor(Role.CHAIR, "x"), CommandId("off"), back), Receipt)
        await put_back(tmp_path, "old", tmp_path / "data" / LIST)
        await backed_up(tmp_path)
        await put_back(tmp_path, "new", tmp_path / "backup.removals.jsonl")
    for folder in ("backup", "old", "new"):
        assert found(tmp_path / folder, HIDDEN) == []
        assert found(tmp_path / folder, "Good") == []
    for folder in ("old", "new"):
        verified(tmp_path / folder)
    async with hall(settings_of(tmp_path / "new")) as running:
        live = await running.backend.sessions.find(SESSION)
        assert live is not None
        assert not live.state.recorded


def namespaces(folder: Path) -> Sequence[str]:
    connection = sqlite3.connect(folder / "book.sqlite3")
    try:
        return sorted({name for (name,) in connection.execute("SELECT namespace FROM entry")})
    finally:
        connection.close()


async def test_a_restored_folder_goes_on_and_is_backed_up_again_without_taking_out_what_is_new(tmp_path: Path) -> None:
    """Events that are new stand at offsets at which others were removed before."""
    async with hall(settings_of(tmp_path / "data")) as running:
        await backed_up_beginning(running, tmp_path)
        async with at_a_desk(running, Role.TECHNICIAN) as client:
            answer = await asked(client, "r", {"type": "lines", "segments": ["b"]})
            assert "receipt" in answer, answer
    await put_back(tmp_path, "new", tmp_path / "data" / LIST)
    async with hall(settings_of(tmp_path / "new")) as running:
        live = await running.backend.sessions.find(SESSION)
        assert live is not None
        for n in range(30):
            command = do.IntroduceSpeaker(speaker=SpeakerId(f"p{n}"), name=f"Newcomer {n}")
            assert isinstance(await live.writer.send(SYSTEM, CommandId(f"again{n}"), command), Receipt)
    assert namespaces(tmp_path / "new")
    shutil.move(tmp_path / "new", tmp_path / "moved")
    (tmp_path / "data").rename(tmp_path / "gone")
    (tmp_path / "moved").rename(tmp_path / "data")
    await backed_up(tmp_path)
    await put_back(tmp_path, "third", tmp_path / "backup.removals.jsonl")
    verified(tmp_path / "third")
    assert all(found(tmp_path / "third", f"Newcomer {n}") for n in range(30))
    assert found(tmp_path / "third", HIDDEN) == []


async def backed_up_beginning(running: RunningServer, folder: Path) -> None:
    """A session of which the backup has the beginning only."""
    live = await running.backend.sessions.open(SESSION)
    create = do.CreateSession(title="Hearing", languages=("en",))
    assert isinstance(await live.writer.send(SYSTEM, CommandId("c0"), create), Receipt)
    await backed_up(folder)
    await held(running)


async def test_a_question_that_was_removed_since_keeps_its_number_and_loses_its_words(tmp_path: Path) -> None:
    async with hall(settings_of(tmp_path / "data")) as running:
        await held(running)
        live = running.backend.sessions.loaded(SESSION)
        assert live is not None
        for n in range(3):
            ask = do.Ask(
                intervention=InterventionId(f"q{n}"),
                kind=InterventionKind.QUESTION,
                text=f"what of {HIDDEN}{n}?",
                name=f"Person {n}",
                language="en",
                asker=f"browser{n}",
            )
            assert isinstance(await live.writer.send(Actor(Role.PARTICIPANT, "p"), CommandId(f"ask{n}"), ask), Receipt)
            checked = do.SetStatus(interventions=(InterventionId(f"q{n}"),), status=InterventionStatus.QUEUED)
            assert isinstance(await live.writer.send(Actor(Role.MODERATOR, "m"), CommandId(f"ok{n}"), checked), Receipt)
        await backed_up(tmp_path)
        gone = Interventions((InterventionId("q1"),))
        removed = await live.writer.remove(Actor(Role.SECRETARIAT, "s"), CommandId("gone"), gone)
        assert isinstance(removed, Receipt)
        here = {name: (each.number, each.status) for name, each in live.state.questions.interventions.items()}
    await put_back(tmp_path, "new", tmp_path / "data" / LIST)
    assert found(tmp_path / "new", f"{HIDDEN}1") == []
    assert found(tmp_path / "new", "Person 1") == []
    verified(tmp_path / "new")
    async with hall(settings_of(tmp_path / "new")) as running:
        live = await running.backend.sessions.find(SESSION)
        assert live is not None
        questions = live.state.questions
        assert {name: (each.number, each.status) for name, each in questions.interventions.items()} == here
        removed_there = [str(name) for name, each in questions.interventions.items() if each.removed]
        assert removed_there == ["q1"]
        other = questions.get(InterventionId("q2"))
        assert other is not None
        assert other.text == f"what of {HIDDEN}2?"


async def test_sound_is_made_silent_where_it_was_removed_since(tmp_path: Path) -> None:
    sound = SoundFolder(
        tmp_path / "data" / "recordings", bitrate=24_000, removals=RemovalList(tmp_path / "data" / LIST)
    )
    async with hall(settings_of(tmp_path / "data")) as running:
        await held(running)
    part = await record(sound, tone(4), session=SESSION)
    path = sound.path(SESSION, MIC, 0)
    os.utime(path, ns=(5_000_000_000, 5_000_000_000))
    whole = path.read_bytes()
    await backed_up(tmp_path)
    await sound.silence(part, RATE, 3 * RATE)
    assert [type(line) for line in read_removals(tmp_path / "data" / LIST)[1:]] == [SoundSilenced, RemovalDone]
    await put_back(tmp_path, "old", tmp_path / "data" / LIST)
    again = SoundFolder(tmp_path / "old" / "recordings", bitrate=24_000)
    (restored,) = await again.parts(SESSION)
    shown = pattern(loudness(await again.read(restored, 0, 4 * RATE)))
    assert (shown[0], shown[3:5], shown[7]) == ("#", "..", "#"), shown
    assert restored.written == 5_000
    # The next backup has it from the server, as it is there.
    await backed_up(tmp_path)
    assert found(tmp_path / "backup", whole) == []
    await put_back(tmp_path, "new", tmp_path / "backup.removals.jsonl")
    assert (tmp_path / "new" / "recordings" / SESSION / MIC / path.name).read_bytes() == path.read_bytes()


async def test_a_recording_that_cannot_be_made_again_is_left_out(tmp_path: Path) -> None:
    async with hall(settings_of(tmp_path / "data")) as running:
        await held(running)
    path = tmp_path / "data" / "recordings" / SESSION / MIC / f"{0:015d}.opus"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no sound that anybody could decode")
    await backed_up(tmp_path)
    RemovalList(tmp_path / "data" / LIST).append(
        lambda new: SoundSilenced(id=new.id, at=new.at, session=SESSION, source=MIC, first=0, span=(0, 5))
    )
    said = await put_back(tmp_path, "new", tmp_path / "data" / LIST)
    assert "Left out: the recording of hearing, source mic" in said
    assert found(tmp_path / "new", "no sound") == []


async def test_a_silencing_that_failed_or_was_cut_off_keeps_a_recording_out_of_no_later_backup(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with hall(settings_of(data)) as running:
        await held(running)
    lists = RemovalList(data / LIST)
    sound = SoundFolder(data / "recordings", bitrate=24_000, removals=lists)
    part = await record(sound, tone(4), session=SESSION)
    path = sound.path(SESSION, MIC, 0)
    whole = path.read_bytes()
    path.write_bytes(b"no sound that anybody could decode")
    with pytest.raises(StorageUnavailable, match="it is unchanged"):
        await sound.silence(part, 0, RATE)
    path.write_bytes(whole)
    assert "Left out" not in await backed_up(tmp_path)
    # A server that is killed leaves this line.
    begun = lists.append(
        lambda new: SoundSilenced(id=new.id, at=new.at, session=SESSION, source=MIC, first=0, span=(RATE, 3 * RATE))
    )
    assert "Left out" in await backed_up(tmp_path)
    async with hall(settings_of(data)):
        while begun.id not in RemovedContent(lists.lines()).done:
            await CLOCK.sleep(20)
    assert "Left out" not in await backed_up(tmp_path)
    await put_back(tmp_path, "new", tmp_path / "backup.removals.jsonl")
    again = SoundFolder(tmp_path / "new" / "recordings", bitrate=24_000)
    (restored,) = await again.parts(SESSION)
    shown = pattern(loudness(await again.read(restored, 0, 4 * RATE)))
    assert (shown[0], shown[3:5], shown[7]) == ("#", "..", "#"), shown


async def test_a_backup_that_is_killed_leaves_what_was_there_and_the_next_one_goes_on(tmp_path: Path) -> None:
    data, backup = tmp_path / "data", tmp_path / "backup"
    async with hall(settings_of(data)) as running:
        await held(running)
        await backed_up(tmp_path)
        before = sorted(path.name for path in backup.glob("point-*"))
        for session in ("second", "third"):
            await held(running, SessionId(session))
        async with at_a_desk(running, Role.TECHNICIAN) as client:
            answer = await asked(client, "r", {"type": "lines", "segments": ["b"]})
            assert "receipt" in answer, answer
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "moothall", "backup", "--data", str(data), "--to", str(backup), "--rate", "0.002"),
            stdout=asyncio.subprocess.DEVNULL,
        )
        # It has begun to write, and has some seconds before it: killed in the middle.
        async with asyncio.timeout(60):
            while len(list(backup.rglob("*"))) <= 6 and process.returncode is None:
                await running.backend.clock.sleep(10)
        process.kill()
        await process.wait()
        assert process.returncode == -9
        assert sorted(path.name for path in backup.glob("point-*")) == before
        out = io.StringIO()
        assert verify_backup(backup, out) == 0, out.getvalue()
        await put_back(tmp_path, "old", data / LIST)
        assert found(tmp_path / "old", HIDDEN) == []
        await backed_up(tmp_path)
        assert len(list(backup.glob("point-*"))) == 2
        assert list(backup.rglob("*.new")) == []
        assert verify_backup(backup, out) == 0, out.getvalue()
    await put_back(tmp_path, "new", tmp_path / "backup.removals.jsonl")
    verified(tmp_path / "new")
