from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from moothall.adapters.backup.folder import BackupFolder
from moothall.adapters.store.removal_list import FILE_NAME, LineIdentity, RemovalList
from moothall.core.backup.removed import AnyLine, RemovalDone, SoundAct, SoundRemoved, SoundSilenced
from moothall.core.kernel.ids import SessionId, SourceId
from support.backup.houses import House, apart, holding, records_of, restored

ONE, MIC = SessionId("one"), SourceId("mic")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path / "data")
    house.say("one", "line 1")
    yield house
    house.close()


def record(house: House, data: bytes, first: int = 0) -> Path:
    """A recording: nothing here plays it."""
    path = house.folder / "recordings" / ONE / MIC / f"{first:015d}.opus"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def listed(house: House, make: Callable[[LineIdentity], AnyLine]) -> AnyLine:
    return RemovalList(house.folder / FILE_NAME).append(make)


def silenced(house: House, first: int = 0) -> AnyLine:
    return listed(
        house, lambda new: SoundSilenced(id=new.id, at=new.at, session=ONE, source=MIC, first=first, span=(0, 5))
    )


def done(house: House, act: AnyLine) -> None:
    assert isinstance(act, SoundAct)
    listed(house, lambda new: RemovalDone(id=act.id, at=new.at))


def sounds(to: Path) -> list[list[str]]:
    """What the recordings of each restore point hold."""
    store = BackupFolder(to)
    return [[store.get(part.stored).decode() for part in each.sound] for each in store.points().values()]


def test_a_recording_that_was_made_again_takes_the_place_of_the_old_one_in_every_point_at(
    house: House, tmp_path: Path
) -> None:
    to = tmp_path / "backup"
    record(house, b"all that was said")
    house.backup(to)
    act = silenced(house)
    record(house, b"all but that")
    done(house, act)
    taken = house.backup(to)
    assert taken.cleaned == 1
    assert sounds(to) == [["all but that"], ["all but that"]]
    assert holding(to, [b"all that was said"]) == []
    assert house.backup(to).cleaned == 0


def test_a_recording_out_of_which_something_is_just_taken_is_left_out(house: House, tmp_path: Path) -> None:
    to = tmp_path / "backup"
    record(house, b"all that was said")
    record(house, b"the second hour", first=9)
    house.backup(to)
    act = silenced(house)
    taken = house.backup(to)
    assert [part.first for part in taken.left_out] == [0]
    assert sounds(to) == [["the second hour"], ["the second hour"]]
    assert holding(to, [b"all that was said"]) == []
    record(house, b"all but that")
    done(house, act)
    assert house.backup(to).left_out == ()
    assert sounds(to)[-1] == ["all but that", "the second hour"]


def test_recordings_that_need_not_be_kept_any_longer_leave_every_point_at(house: House, tmp_path: Path) -> None:
    to = tmp_path / "backup"
    path = record(house, b"all that was said")
    house.backup(to)
    act = listed(house, lambda new: SoundRemoved(id=new.id, at=new.at, session=ONE))
    path.unlink()
    done(house, act)
    house.backup(to)
    assert sounds(to) == [[], []]
    assert holding(to, [b"all that was said"]) == []


def test_a_recording_that_somebody_has_deleted_by_hand_stays_in_older_snapshots(house: House, tmp_path: Path) -> None:
    to = tmp_path / "backup"
    record(house, b"all that was said").unlink()
    record(house, b"all that was said")
    house.backup(to)
    record(house, b"").unlink()
    house.backup(to)
    assert sounds(to) == [["all that was said"], []]


def test_a_log_that_is_gone_whole_leaves_with_its_recordings(house: House, tmp_path: Path) -> None:
    to = tmp_path / "backup"
    record(house, b"all that was said")
    house.say("two", "another line")
    house.backup(to)
    house.do(house.log.forget(ONE))
    record(house, b"").unlink()
    house.backup(to)
    assert [[part.session for part in each.sessions] for each in BackupFolder(to).points().values()] == [["two"]] * 2
    assert holding(to, [b"line 1", b"all that was said"]) == []


def test_a_run_that_ended_within_is_made_good_by_the_next(house: House, tmp_path: Path) -> None:
    to = tmp_path / "backup"
    house.say("one", "a line that goes")
    first = house.backup(to)
    (old,), (block,) = to.glob("point-*"), BackupFolder(to).points()[first.name].sessions[0].blocks
    told, held = old.read_bytes(), BackupFolder(to).get(block.stored)
    house.remove("one", 2)
    house.backup(to)
    # As if it had ended before the older restore point was told, and before what nobody needs was swept away.
    old.write_bytes(told)
    (to / "objects" / block.stored.sha256[:2]).mkdir(exist_ok=True)
    (to / "objects" / block.stored.sha256[:2] / block.stored.sha256).write_bytes(held)
    (to / "objects" / "77.new").write_bytes(b"a line that goes")
    assert len(holding(to, [b"a line that goes"])) == 2
    assert house.backup(to).cleaned == 1
    assert holding(to, [b"a line that goes"]) == []
    restored(to, tmp_path / "new", removals=apart(to))
    assert records_of(tmp_path / "new")["one"][1].body is None


def test_what_is_no_longer_in_a_block_is_not_looked_for_again(house: House, tmp_path: Path) -> None:
    to = tmp_path / "backup"
    house.say("one", *(f"line {n}" for n in range(2, 9)))
    house.backup(to)
    house.remove("one", 2, 6)
    assert house.backup(to).cleaned == 1
    parts = [each.sessions[0].gone for each in BackupFolder(to).points().values()]
    assert parts == [(2, 6), (2, 6)]
    for path in (to / "objects").glob("*/*"):
        path.touch()
    assert house.backup(to).cleaned == 0
