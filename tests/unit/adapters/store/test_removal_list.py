from __future__ import annotations

from pathlib import Path

import pytest

from moothall.adapters.store.removal_list import FILE_NAME as LIST
from moothall.adapters.store.removal_list import LineIdentity, RemovalList, add_lines, read_removals
from moothall.core.backup.removed import Done, ListBegun, SessionRemoved, TextRemoved
from moothall.core.events import types as ev
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId
from support.backup.houses import House


def done(new: LineIdentity) -> Done:
    return Done(id=new.id, at=new.at)


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
    (text,) = read_removals(tmp_path / LIST)[1:]
    assert isinstance(text, TextRemoved)
    assert (text.session, text.epoch, text.reason, text.events) == ("one", "ofone", "not-recorded", ((2, digest),))
    # What is gone is not written down again; nor is a removal that finds nothing.
    house.remove("one", 2)
    house.remove("one")
    assert len(read_removals(tmp_path / LIST)) == 2
    house.do(house.log.forget(SessionId("one")))
    house.do(house.log.forget(SessionId("never-there")))
    assert [type(line) for line in read_removals(tmp_path / LIST)[2:]] == [SessionRemoved]
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
