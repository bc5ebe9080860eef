from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from moothall.adapters.sound.audio_file import AudioFile
from moothall.adapters.sound.child_messages import EncodeRequest
from moothall.adapters.sound.sound_folder import SoundFolder, opus_samples
from moothall.adapters.store.removal_list import LineIdentity, RemovalList, read_removals
from moothall.core.backup.removed import Abandoned, AnyLine, RemovalDone, SoundRemoved, SoundSilenced
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId, SourceId
from moothall.testing.loop import run
from support.sound.recordings import MIC, RATE, SESSION, loudness, pattern, record, tone


async def decoded(path: Path) -> bytes:
    pcm = b""
    async with AudioFile(path) as sound:
        while piece := await sound.read(RATE):
            pcm += piece
        assert sound.warning is None
    return pcm


async def test_what_is_recorded_can_be_played_to_the_sample(tmp_path: Path) -> None:
    folder = SoundFolder(tmp_path / "recordings", bitrate=24_000)
    assert await folder.sessions() == ()
    assert await folder.parts(SESSION) == ()
    part = await record(folder, tone(3) + bytes(2 * RATE) + tone(1.5))
    assert (part.session, part.source, part.first, part.samples) == (SESSION, MIC, 0, int(5.5 * RATE))
    path = folder.path(SESSION, MIC, 0)
    pcm = await decoded(path)
    assert len(pcm) == int(5.5 * RATE) * 2
    assert pattern(loudness(pcm))[:6] == "######"
    assert path.stat().st_size < 5.5 * 24_000 / 8 * 1.6
    assert await folder.sessions() == (SESSION,)
    # A piece of it, by position.
    later = await record(folder, tone(2), first=10 * RATE)
    assert len(await folder.read(later, 11 * RATE, 5 * RATE)) == 2 * RATE
    (tmp_path / "recordings" / SESSION / MIC / "notes.opus").write_bytes(b"none of ours")
    assert [each.first for each in await folder.parts(SESSION)] == [0, 10 * RATE]
    await folder.forget(SESSION)
    assert await folder.sessions() == ()
    await folder.forget(SessionId("../x"))


async def test_a_span_is_made_silent_and_the_old_file_is_gone(tmp_path: Path) -> None:
    folder = SoundFolder(tmp_path, bitrate=24_000)
    part = await record(folder, tone(4), first=RATE)
    path = folder.path(SESSION, MIC, RATE)
    old = os.open(path, os.O_RDONLY)
    await folder.silence(part, 2 * RATE, 4 * RATE)
    assert os.pread(old, 1 << 20, 0).strip(b"\0") == b""  # Overwritten, for whoever still has it.
    os.close(old)
    pcm = await decoded(path)
    assert len(pcm) == 4 * RATE * 2
    shown = pattern(loudness(pcm))
    assert (shown[0], shown[3:5], shown[7]) == ("#", "..", "#"), shown
    assert [each.name for each in path.parent.iterdir()] == [path.name]


async def test_a_file_that_cannot_be_made_again_stays_and_is_said(tmp_path: Path) -> None:
    folder = SoundFolder(tmp_path, bitrate=24_000)
    part = await record(folder, tone(1))
    path = folder.path(SESSION, MIC, 0)
    with pytest.raises(StorageUnavailable, match="can't be written"):
        await folder.silence(msgspec.structs.replace(part, first=5), 0, 5)
    assert await folder.read(msgspec.structs.replace(part, first=5), 10, 5) == b""
    assert path.stat().st_size > 0


async def test_a_recording_that_cannot_be_decoded_is_not_replaced(tmp_path: Path) -> None:
    """What could be decoded of it would be all that is left, and nobody would know."""
    folder = SoundFolder(tmp_path, bitrate=24_000)
    part = await record(folder, tone(2))
    path = folder.path(SESSION, MIC, 0)
    path.write_bytes(damaged := b"no sound" + path.read_bytes()[8:100])
    with pytest.raises(StorageUnavailable, match="it is unchanged"):
        await folder.silence(part, 0, RATE)
    assert path.read_bytes() == damaged
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_an_encoder_that_stands_still_is_not_waited_for_without_an_end(tmp_path: Path) -> None:
    folder = SoundFolder(tmp_path, bitrate=24_000)
    part = asyncio.run(record(folder, tone(2)))
    path = folder.path(SESSION, MIC, 0)
    before = path.read_bytes()
    with pytest.raises(StorageUnavailable, match="it is unchanged"):
        run(folder.silence(part, 0, RATE))  # No time passes on this loop's clock while it is started.
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


async def test_a_recording_that_a_power_cut_tore_is_silenced_all_the_same(tmp_path: Path) -> None:
    folder = SoundFolder(tmp_path, bitrate=24_000)
    part = await record(folder, tone(6))
    path = folder.path(SESSION, MIC, 0)
    os.truncate(path, path.stat().st_size * 2 // 3)
    await folder.silence(part, 0, 2 * RATE)
    heard = await folder.read(part, 0, 6 * RATE)
    assert 3 * RATE < len(heard) // 2 < 6 * RATE
    shown = pattern(loudness(heard))
    assert (shown[:3], shown[5]) == ("...", "#"), shown


async def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    folder = SoundFolder(tmp_path / "file", bitrate=24_000)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageUnavailable, match="can't be written"):
        await folder.begin(SESSION, MIC, 0)
    with pytest.raises(ValueError, match="its name is invalid"):
        folder.path(SESSION, SourceId("../x"), 0)


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="only Linux tells of the end of a process that isn't a child")
def test_killed_with_9_its_sender_leaves_a_file_that_ends_in_order(tmp_path: Path) -> None:
    """And while it grows it can be played, a second or two behind."""
    sender = (
        "import subprocess, sys\n"
        "child = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=open(sys.argv[1], 'wb'))\n"
        "print(child.pid, flush=True)\n"
        "child.stdin.write(bytes(2 * 160_000)); child.stdin.flush(); input()\n"
    )
    file = tmp_path / "a.opus"
    order = msgspec.json.encode(EncodeRequest(bitrate=24_000)).decode()
    encoder = (sys.executable, "-m", "moothall.adapters.sound.encode_child", order)
    with subprocess.Popen(
        [sys.executable, "-c", sender, str(file), *encoder], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        encoding = os.pidfd_open(int(process.stdout.readline()))
        try:
            while not file.stat().st_size or opus_samples(file)[0] < 8 * RATE:
                os.sched_yield()
            assert select.select([encoding], [], [], 0)[0] == []
            process.send_signal(signal.SIGKILL)
            process.wait()
            assert select.select([encoding], [], [], 30)[0] == [encoding]
        finally:
            os.close(encoding)
    assert opus_samples(file) == (10 * RATE, True)


async def test_what_is_erased_is_written_down_before_and_after(tmp_path: Path) -> None:
    removals = RemovalList(tmp_path / "list")
    folder = SoundFolder(tmp_path / "recordings", bitrate=24_000, removals=removals)
    part = await record(folder, tone(1))
    await folder.silence(part, 100, 200)
    with pytest.raises(StorageUnavailable):
        await folder.silence(msgspec.structs.replace(part, first=5), 0, 5)
    await folder.forget(SESSION)
    await folder.forget(SessionId("never-there"))
    _, span, done, failed, unchanged, gone, over = read_removals(tmp_path / "list")
    assert isinstance(span, SoundSilenced)
    assert (span.session, span.source, span.first, span.span) == (SESSION, MIC, 0, (100, 200))
    assert isinstance(failed, SoundSilenced)
    assert isinstance(gone, SoundRemoved)
    assert isinstance(done, RemovalDone)
    assert isinstance(over, RemovalDone)
    assert isinstance(unchanged, Abandoned)
    assert (done.id, unchanged.id, over.id) == (span.id, failed.id, gone.id)


async def test_a_recording_whose_folder_is_elsewhere_is_erased_there(tmp_path: Path) -> None:
    """Such a folder can't be deleted as others are, which was noted as done."""
    removals = RemovalList(tmp_path / "list")
    folder = SoundFolder(tmp_path / "recordings", bitrate=24_000, removals=removals)
    await record(folder, tone(1))
    (tmp_path / "recordings" / SESSION).rename(tmp_path / "elsewhere")
    (tmp_path / "recordings" / SESSION).symlink_to(tmp_path / "elsewhere")
    await folder.forget(SESSION)
    assert [path for path in (tmp_path / "elsewhere").rglob("*") if path.is_file()] == []
    assert isinstance(read_removals(tmp_path / "list")[-1], RemovalDone)


async def test_what_a_killed_process_had_begun_to_erase_is_erased(tmp_path: Path) -> None:
    removals = RemovalList(tmp_path / "list")
    folder = SoundFolder(tmp_path / "recordings", bitrate=24_000, removals=removals)
    await record(folder, tone(4))
    other, since = SessionId("other"), 10 * RATE
    await record(folder, tone(1), session=other)

    def silenced(first: int) -> Callable[[LineIdentity], AnyLine]:
        return lambda to: SoundSilenced(
            id=to.id, at=to.at, session=SESSION, source=MIC, first=first, span=(RATE, 3 * RATE)
        )

    old = folder.path(other, MIC, 0)
    os.utime(old, ns=(old.stat().st_atime_ns, old.stat().st_mtime_ns - 10**9))
    begun = [
        removals.append(silenced(0)),
        removals.append(silenced(5)),  # There is no such file any more.
        removals.append(lambda to: SoundRemoved(id=to.id, at=to.at, session=other)),
        removals.append(lambda to: SoundRemoved(id=to.id, at=to.at, session=SessionId("gone"))),
    ]
    await record(folder, tone(1), since, other)  # Sound was kept again.
    later = folder.path(other, MIC, since)
    os.utime(later, ns=(later.stat().st_atime_ns, later.stat().st_mtime_ns + 10**9))
    await folder.settle()
    (part,) = await folder.parts(SESSION)
    shown = pattern(loudness(await folder.read(part, 0, 4 * RATE)))
    assert (shown[0], shown[3:5], shown[7]) == ("#", "..", "#"), shown
    assert [each.first for each in await folder.parts(other)] == [since]
    _, *lines = read_removals(tmp_path / "list")
    assert lines[:4] == begun
    assert [(type(each), each.id) for each in lines[4:]] == [(RemovalDone, each.id) for each in begun]
    written = (tmp_path / "list").read_bytes()
    await folder.settle()
    assert (tmp_path / "list").read_bytes() == written


async def test_what_cannot_be_erased_stays_listed_and_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    removals = RemovalList(tmp_path / "list")
    folder = SoundFolder(tmp_path / "recordings", bitrate=24_000, removals=removals)
    await record(folder, tone(1))
    folder.path(SESSION, MIC, 0).write_bytes(b"no sound that anybody could decode")
    removals.append(
        lambda new: SoundSilenced(id=new.id, at=new.at, session=SESSION, source=MIC, first=0, span=(0, 200))
    )
    written = (tmp_path / "list").read_bytes()
    for _ in range(2):
        await folder.settle()
    assert (tmp_path / "list").read_bytes() == written
    assert [each.levelname for each in caplog.records] == ["ERROR"]
    (tmp_path / "list").write_bytes(b"no line\n")
    await folder.settle()
    assert "can't be read" in caplog.text
    await SoundFolder(tmp_path / "recordings", bitrate=24_000).settle()


async def test_nothing_is_erased_where_it_cannot_be_written_down(tmp_path: Path) -> None:
    (tmp_path / "list").mkdir()
    folder = SoundFolder(tmp_path / "recordings", bitrate=24_000, removals=RemovalList(tmp_path / "list"))
    part = await record(folder, tone(1))
    before = folder.path(SESSION, MIC, 0).read_bytes()
    for act in (folder.silence(part, 0, 200), folder.forget(SESSION)):
        with pytest.raises(StorageUnavailable, match="The list of removals can't be written"):
            await act
    assert folder.path(SESSION, MIC, 0).read_bytes() == before


@pytest.mark.parametrize("deleted", [False, True])
async def test_what_was_silenced_or_deleted_is_known_by_the_list_and_a_file_keeps_its_time(
    tmp_path: Path, *, deleted: bool
) -> None:
    removals, span = RemovalList(tmp_path / "list"), (800 + RATE, 800 + 2 * RATE)
    folder = SoundFolder(tmp_path / "recordings", bitrate=24_000, removals=removals)
    part = await record(folder, tone(3), first=800)
    assert part.ended
    os.utime(folder.path(SESSION, MIC, 800), (1_000, 1_000))
    assert await folder.silenced(SESSION) == frozenset()
    for _ in range(2):
        await (folder.delete if deleted else folder.silence)(part, *span)
    assert await folder.silenced(SESSION) == {(MIC, 800, span)}
    assert await folder.silenced(SessionId("other")) == frozenset()
    assert await SoundFolder(tmp_path / "recordings", bitrate=24_000).silenced(SESSION) == frozenset()
    assert [(each.samples, each.ended, each.written) for each in await folder.parts(SESSION)] == (
        [] if deleted else [(3 * RATE, True, 1_000_000)]
    )
    (tmp_path / "list").write_bytes(b"{}\n")
    with pytest.raises(StorageUnavailable, match="Line 1 of the list of removals"):
        await folder.silenced(SESSION)
