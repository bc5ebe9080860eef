from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from moothall.adapters.store import signing
from moothall.adapters.system.clock import SystemClock
from moothall.app.backend import LOCK_FILE, SOUND_FOLDERS, hold_folder, quiet_backend, read_word_lists, touch_disk
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import SessionId
from moothall.core.questions.blocked_words import MOST_BYTES
from moothall.services.sessions.staff import HALL, session_scope
from moothall.settings.sections import Server, Settings

GONE, KEPT = SessionId("gone"), SessionId("kept")


def sounds(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("sound"))


async def test_a_signing_key_that_is_gone_is_not_replaced_without_a_word(tmp_path: Path) -> None:
    settings = Settings(server=Server(data=str(tmp_path)))
    async with quiet_backend(settings, SystemClock()) as house:
        await house.sessions.open(KEPT)
    (tmp_path / signing.FILE_NAME).unlink()
    with pytest.raises(ConfigurationError, match=r"is missing.*backup.*moothall new-key --data"):
        async with quiet_backend(settings, SystemClock()):
            pass
    assert not (tmp_path / signing.FILE_NAME).exists()


async def test_a_list_of_removals_that_cannot_be_written_stops_the_start(tmp_path: Path) -> None:
    apart = tmp_path / "other" / "removals.jsonl"
    settings = Settings(server=Server(data=str(tmp_path / "data"), removals=str(apart)))
    with pytest.raises(ConfigurationError, match=r"removals\.jsonl can't be written: No such file.*ReadWritePaths="):
        async with quiet_backend(settings, SystemClock()):
            pass
    apart.parent.mkdir()
    async with quiet_backend(settings, SystemClock()):
        assert apart.exists()


async def test_what_is_erased_of_a_rehearsal_is_its_sound_and_its_links_alone(tmp_path: Path) -> None:
    for name in SOUND_FOLDERS:
        for session in (GONE, KEPT):
            (tmp_path / name / session / "mic").mkdir(parents=True)
            (tmp_path / name / session / "mic" / "sound").write_bytes(b"x")
    async with quiet_backend(Settings(server=Server(data=str(tmp_path))), SystemClock()) as house:
        for scope in (session_scope(GONE), session_scope(KEPT), HALL):
            await house.links.create(Role.TECHNICIAN, scope, "")
        await house.erase(GONE)
        await house.erase(SessionId("never-there"))
        assert [staff.scope for staff in house.links.list()] == ["session:kept", HALL]
    assert sounds(tmp_path) == ["recordings/kept/mic/sound", "spool/kept/mic/sound"]


def test_one_server_at_a_time_has_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "data"
    with hold_folder(folder):
        assert folder.stat().st_mode & 0o777 == 0o700
        with pytest.raises(ConfigurationError, match="Another server is using"), hold_folder(folder):
            pass
    with hold_folder(folder):
        pass


def test_a_folder_that_can_not_be_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="can't be used"), hold_folder(tmp_path / "file"):
        pass


def test_a_server_that_was_killed_leaves_the_folder_free(tmp_path: Path) -> None:
    holding = f"""
from pathlib import Path
from moothall.app.backend import hold_folder
with hold_folder(Path({str(tmp_path)!r})):
    print("held", flush=True)
    input()
"""
    process = subprocess.Popen([sys.executable, "-c", holding], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(ConfigurationError, match="Another server is using"), hold_folder(tmp_path):
            pass
        process.kill()
    with hold_folder(tmp_path):
        pass


def test_a_child_that_outlives_its_server_does_not_hold_the_folder(tmp_path: Path) -> None:
    with hold_folder(tmp_path):
        assert (tmp_path / LOCK_FILE).stat().st_mode & 0o777 == 0o600
        child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, close_fds=False)
    with child, hold_folder(tmp_path):
        assert child.poll() is None


def test_a_folder_whose_disk_is_touched_stays_held_and_one_that_is_none_is_an_error(tmp_path: Path) -> None:
    with hold_folder(tmp_path):
        touch_disk(tmp_path)
        with pytest.raises(ConfigurationError, match="Another server is using"), hold_folder(tmp_path):
            pass
    with pytest.raises(FileNotFoundError):
        touch_disk(tmp_path / "none")


def test_all_lists_of_a_folder_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_text("language = 'es'\nwords = ['caray']", encoding="utf-8")
    (tmp_path / "a.toml").write_text("language = 'en'\nwords = ['drat']", encoding="utf-8")
    (tmp_path / "README").write_text("no list", encoding="utf-8")
    assert [each.language for each in read_word_lists(str(tmp_path))] == ["en", "es"]
    assert read_word_lists("") == ()


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="word_lists"):
        read_word_lists(str(tmp_path / "none"))
    (tmp_path / "a.toml").write_bytes(b"language = '\xff'")
    with pytest.raises(ConfigurationError, match="UTF-8"):
        read_word_lists(str(tmp_path))
    (tmp_path / "a.toml").write_bytes(b"#" * (MOST_BYTES + 1))
    with pytest.raises(ConfigurationError, match="bytes"):
        read_word_lists(str(tmp_path))
