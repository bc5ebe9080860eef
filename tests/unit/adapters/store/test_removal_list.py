from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from moothall.adapters.backup.data_folder import DataFolder
from moothall.adapters.backup.folder import BackupFolder
from moothall.adapters.store.removal_list import FILE_NAME as LIST
from moothall.adapters.store.removal_list import LineIdentity, RemovalList, add_lines, read_removals
from moothall.adapters.store.sqlite_file import FILE_NAME as LOG
from moothall.adapters.system.clock import SystemClock
from moothall.core.backup.removed import Abandoned, ListBegun, RemovalDone, SessionRemoved, TextRemoved
from moothall.core.events import types as ev
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.services.backup.taking import Taking
from support.backup.houses import FAST, House, apart, records_of, restored


def done(new: LineIdentity) -> RemovalDone:
    return RemovalDone(id=new.id, at=new.at)


def test_lines_are_read_in_the_order_in_which_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "list"
    assert read_removals(path) == ()
    lines = [RemovalList(path).append(done) for _ in range(3)]
    begun, *rest = read_removals(path)
    assert isinstance(begun, ListBegun)
    assert rest == lines
    assert len({line.id for line in lines}) == 3
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_line_that_a_killed_process_has_begun_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "list"
    first = RemovalList(path).append(done)
    path.write_bytes(path.read_bytes() + b'{"kind":"do')
    second = RemovalList(path).append(done)
    assert read_removals(path)[1:] == (first, second)
    path.write_bytes(b'{"kind":"li')
    third = RemovalList(path).append(done)
    assert read_removals(path)[1:] == (third,)


def test_a_second_file_gets_every_line_first(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    path, apart = tmp_path / "list", tmp_path / "elsewhere" / "list"
    line = RemovalList(path, apart).append(done)
    assert read_removals(apart)[1:] == read_removals(path)[1:] == (line,)
    apart.unlink()
    apart.parent.rmdir()
    with pytest.raises(StorageUnavailable, match=r"can't be written: No such file or directory\. Nothing was removed"):
        RemovalList(path, apart).append(done)
    assert read_removals(path)[1:] == (line,)


def test_a_second_file_is_begun_before_anything_is_removed(tmp_path: Path) -> None:
    path, apart = tmp_path / "list", tmp_path / "apart"
    RemovalList(path, apart).begin_apart()
    (begun,) = read_removals(apart)
    assert isinstance(begun, ListBegun)
    assert not path.exists()
    line = RemovalList(path, apart).append(done)
    RemovalList(path, apart).begin_apart()
    assert read_removals(apart) == (begun, line)
    RemovalList(tmp_path / "elsewhere" / "list").begin_apart()  # Without a second file nothing is asked of the first.


def test_a_second_file_that_is_named_late_or_is_new_or_old_gets_what_it_lacks(tmp_path: Path) -> None:
    path, apart = tmp_path / "list", tmp_path / "apart"
    first = RemovalList(path).append(done)
    RemovalList(path, apart).begin_apart()
    assert read_removals(apart)[1:] == (first,)
    old = apart.read_bytes()
    second = RemovalList(path, apart).append(done)
    apart.write_bytes(old)
    RemovalList(path, apart).begin_apart()
    assert read_removals(apart)[1:] == (first, second)
    # The data folder may be the one that is older.
    path.write_bytes(old)
    RemovalList(path, apart).begin_apart()
    assert read_removals(path)[1:] == (first, second)
    both = path.read_bytes(), apart.read_bytes()
    RemovalList(path, apart).begin_apart()
    assert (path.read_bytes(), apart.read_bytes()) == both


def test_a_list_takes_from_another_what_it_lacks(tmp_path: Path) -> None:
    path, other = tmp_path / "list", tmp_path / "deep" / "other"
    line = RemovalList(path).append(done)
    add_lines(other, read_removals(path))
    assert other.read_bytes() == path.read_bytes()
    own = RemovalList(other).append(done)
    add_lines(other, read_removals(path))
    assert read_removals(other)[1:] == (line, own)
    add_lines(tmp_path / "empty", ())
    (begun,) = read_removals(tmp_path / "empty")
    assert isinstance(begun, ListBegun)


def test_the_log_writes_down_what_goes_before_it_is_gone(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.say("one", "words", "more")
    digest = house.records("one")[1].digest.hex()[:16]
    house.remove("one", 2, reason="not-recorded")
    text, done = read_removals(tmp_path / LIST)[1:]
    assert isinstance(text, TextRemoved)
    assert isinstance(done, RemovalDone)
    assert done.id == text.id
    assert (text.session, text.epoch, text.reason, text.events) == ("one", "ofone", "not-recorded", ((2, digest),))
    # What is gone is not written down again; nor is a removal that finds nothing.
    house.remove("one", 2)
    house.remove("one")
    assert len(read_removals(tmp_path / LIST)) == 3
    house.do(house.log.forget(SessionId("one")))
    house.do(house.log.forget(SessionId("never-there")))
    assert [type(line) for line in read_removals(tmp_path / LIST)[3:]] == [SessionRemoved, RemovalDone]
    house.close()


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from moothall.adapters.store.removal_list import RemovalList
from support.backup.houses import House

class Killed(RemovalList):
    def append(self, make):
        super().append(make)
        os.kill(os.getpid(), signal.SIGKILL)

folder = Path(sys.argv[1])
house = House(folder, Killed(folder / "removals.jsonl"))
house.say("one", "first", "second")
house.remove("one", 2) if sys.argv[2] == "text" else house.do(house.log.forget("one"))
"""


@pytest.mark.parametrize("what", ["text", "session"])
def test_what_a_killed_server_had_written_down_and_not_removed_is_there_and_in_backups(
    tmp_path: Path, what: str
) -> None:
    tests = Path(__file__).parents[3]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "data"), what], cwd=tests, env=os.environ, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    (begun,) = read_removals(tmp_path / "data" / LIST)[1:]
    # A backup that is made before the server starts again keeps the text, as the log does.
    folder, to = tmp_path / "data", tmp_path / "backup"
    copied = DataFolder(folder, folder / "recordings", apart(to), {})
    store = BackupFolder.make(to)
    asyncio.run(Taking(copied, store, clock=SystemClock(), rate=FAST, release="1").run())
    copied.close()
    house = House(folder)
    (abandoned,) = read_removals(folder / LIST)[2:]
    assert isinstance(abandoned, Abandoned)
    assert abandoned.id == begun.id
    assert [each.body is not None for each in house.records("one")] == [True, True]
    restored(to, tmp_path / "new", removals=folder / LIST)
    assert records_of(tmp_path / "new")["one"] == house.records("one")
    house.restart()
    assert len(read_removals(folder / LIST)) == 3
    house.close()


def test_a_removal_whose_end_was_not_written_down_is_known_to_be_done_by_the_next_server(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.say("one", "words", "more")
    house.remove("one", 2)
    *lines, _ = (tmp_path / LIST).read_bytes().splitlines(keepends=True)
    (tmp_path / LIST).write_bytes(b"".join(lines))
    house.restart()
    text, done = read_removals(tmp_path / LIST)[1:]
    assert isinstance(done, RemovalDone)
    assert done.id == text.id
    house.close()


def test_a_removal_that_the_log_refuses_is_abandoned_at_once(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.say("one", "words")
    recorder = house.recorder("one")
    said = recorder.record(ev.BodyRemoved(offsets=(1,), reason="request", by="x"))
    other = sqlite3.connect(tmp_path / LOG)
    # The line is written, and then the log refuses.
    other.executescript("CREATE TRIGGER refused BEFORE UPDATE ON record BEGIN SELECT no_such_function(); END;")
    with pytest.raises(sqlite3.OperationalError, match="no_such_function"):
        house.do(house.log.remove(SessionId("one"), house.terms["one"], 1, (1,), [said]))
    text, abandoned = read_removals(tmp_path / LIST)[1:]
    assert isinstance(abandoned, Abandoned)
    assert abandoned.id == text.id
    other.close()
    house.close()


def test_a_log_opens_beside_a_list_that_cannot_be_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / LIST).write_bytes(b"what is this\n")
    house = House(tmp_path)
    house.say("one", "words")
    assert "Use another copy of the list." in caplog.text
    house.close()


def test_nothing_is_removed_where_it_cannot_be_written_down(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.say("one", "words")
    (tmp_path / LIST).mkdir()
    recorder = house.recorder("one")
    said = recorder.record(ev.BodyRemoved(offsets=(1,), reason="request", by="x"))
    with pytest.raises(StorageUnavailable, match="The list of removals can't be written"):
        house.do(house.log.remove(SessionId("one"), house.terms["one"], 1, (1,), [said]))
    (record,) = house.records("one")
    assert record.body is not None
    house.close()
