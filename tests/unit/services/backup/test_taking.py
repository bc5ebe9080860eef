from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from moothall.adapters.backup.folder import BackupFolder, NewObject
from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.adapters.store.sqlite_file import FILE_NAME as LOG
from moothall.core.events import types as ev
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import SessionId
from moothall.core.ports import BookEntry
from moothall.services.backup.checking import check
from moothall.services.backup.taking import ByteRate, next_name
from moothall.testing.clock import ManualClock
from support.backup.files_in_memory import FilesInMemory, backed_up, held_in, part
from support.backup.houses import House, apart, holding, records_of, restored
from support.sessions.recorder import EPOCH, Recorder


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path / "data")
    yield house
    house.close()


def sizes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in (folder / "objects").glob("*/*")}


def test_a_later_snapshot_stores_only_what_is_new(house: House, tmp_path: Path) -> None:
    to = tmp_path / "backup"
    house.say("one", *(f"line {n}" for n in range(10)))
    first = house.backup(to)
    before = sizes(to)
    assert first.new == sum(before.values())
    again = house.backup(to)
    assert sizes(to) == before
    assert again.new == 0
    house.say("one", "line 10")
    house.say("two", "elsewhere")
    third = house.backup(to)
    # The block that was not full, anew, and that of the other session.
    added = sizes(to).keys() - before.keys()
    assert len(added) == 2
    assert third.new == sum(sizes(to)[name] for name in added)
    one, two = third.point.sessions
    assert [(each.first, each.last) for each in one.blocks] == [(1, 4), (5, 8), (9, 11)]
    assert (one.offset, two.offset) == (11, 1)
    assert one.heads == house.recorders["one"].heads


def test_a_log_that_lost_its_end_and_went_on_is_read_anew(tmp_path: Path) -> None:
    house, to = House(tmp_path / "data"), tmp_path / "backup"
    house.say("one", *(f"line {n}" for n in range(6)))
    house.backup(to)
    house.close()
    for path in (tmp_path / "data").glob(f"{LOG}*"):
        path.unlink()
    other = House(tmp_path / "data")
    other.say("one", *(f"another {n}" for n in range(7)))
    other.backup(to)
    restored(to, tmp_path / "new", removals=apart(to))
    assert records_of(tmp_path / "new")["one"] == other.records("one")
    other.close()


@pytest.mark.parametrize("left", [b"cut", None])
def test_a_block_that_the_backup_has_lost_is_written_again(house: House, tmp_path: Path, left: bytes | None) -> None:
    to = tmp_path / "backup"
    house.say("one", *(f"line {n}" for n in range(10)))
    first = house.backup(to)
    name = first.point.sessions[0].blocks[0].stored.sha256
    path = to / "objects" / name[:2] / name
    path.unlink() if left is None else path.write_bytes(left)
    assert house.backup(to).point.sessions == first.point.sessions
    assert [found.faults for found in check(BackupFolder(to))] == [(), ()]


def test_an_event_that_is_not_what_was_written_ends_the_run_and_leaves_older_snapshots(
    house: House, tmp_path: Path
) -> None:
    to = tmp_path / "backup"
    house.say("one", "line 1")
    house.backup(to)
    before = sizes(to)
    recorder = house.recorder("one")
    recorder.heads = {lane: ev.LaneHead(1, "00" * 32) for lane in recorder.heads}
    house.say("one", "line 2")
    with pytest.raises(RecordBroken, match="Event 2 of session one is not what was written"):
        house.backup(to)
    assert len(BackupFolder(to).points()) == 1
    assert sizes(to) == before


def test_damaged_objects_are_not_relied_on_and_become_whole_again(house: House, tmp_path: Path) -> None:
    to = tmp_path / "backup"
    house.say("one", *(f"line {n}" for n in range(10)))
    house.say("two", "elsewhere")
    first = house.backup(to)
    (part, _) = first.point.sessions
    paths = [to / "objects" / each.stored.sha256[:2] / each.stored.sha256 for each in part.blocks]
    paths[0].unlink()
    paths[1].write_bytes(b"")
    second = house.backup(to)
    assert (second.mended, second.damaged) == (2, ())
    assert second.point.sessions == first.point.sessions
    assert [each.faults for each in check(BackupFolder(to))] == [(), ()]


def test_a_damaged_block_out_of_which_something_has_to_be_taken_is_named_with_what_to_do(
    house: House, tmp_path: Path
) -> None:
    to = tmp_path / "backup"
    house.say("one", *(f"line {n}" for n in range(4)))
    (block,) = house.backup(to).point.sessions[0].blocks
    path = to / "objects" / block.stored.sha256[:2] / block.stored.sha256
    path.write_bytes(bytes(block.stored.size))
    house.remove("one", 1)
    with pytest.raises(RecordBroken, match=rf"{path.name} .* Nothing was backed up\. .* delete those objects"):
        house.backup(to)
    path.unlink()
    assert house.backup(to).point.sessions[0].gone == (1,)
    assert holding(to, [b"line 0"]) == []


def test_a_damaged_block_keeps_no_removed_words_in_other_restore_points(house: House, tmp_path: Path) -> None:
    to = tmp_path / "backup"
    house.say("one", "a line that goes")
    first = house.backup(to)
    house.say("one", *(f"line {n}" for n in range(2, 5)))
    second = house.backup(to)
    (block,) = first.point.sessions[0].blocks
    path = to / "objects" / block.stored.sha256[:2] / block.stored.sha256
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    house.remove("one", 1)
    third = house.backup(to)
    assert third.damaged == (first.name,)
    points = BackupFolder(to).points()
    assert points[second.name].sessions[0].gone == points[third.name].sessions[0].gone == (1,)


def test_nothing_of_a_rehearsal_is_copied(house: House, tmp_path: Path) -> None:
    recorder = Recorder(SessionId("test"))
    house.do(house.log.acquire(recorder.session, EPOCH))
    created = ev.SessionCreated(title="Secret test", languages=("en",), rehearsal=True)
    house.do(house.log.append(recorder.session, 1, 0, [recorder.record(created)]))
    house.say("one", "line 1")
    taken = house.backup(tmp_path / "backup")
    assert [part.session for part in taken.point.sessions] == ["one"]
    assert holding(tmp_path / "backup", [b"Secret test"]) == []


def test_of_the_book_only_what_belongs_there_is_copied(house: House, tmp_path: Path) -> None:
    house.enter(
        BookEntry("room", "main", b"the main room"),
        BookEntry("asking", "key", b"the secret key"),
        BookEntry("ballots:one", "q/voter", b"the ballot"),
        BookEntry("balance:one", "person", b"the statement"),
        BookEntry("proposals", "one", b"the proposed words"),
    )
    house.backup(tmp_path / "backup")
    secrets = [b"the secret key", b"the ballot", b"the statement", b"the proposed words"]
    assert holding(tmp_path / "backup", secrets) == []
    assert len(holding(tmp_path / "backup", [b"the main room"])) == 1


def test_only_the_newest_snapshots_stay(house: House, tmp_path: Path) -> None:
    to = tmp_path / "backup"
    for n in range(4):
        house.say("one", f"line {n}")
        house.backup(to, keep=2)
    there = BackupFolder(to).points()
    assert [each.sessions[0].offset for each in there.values()] == [3, 4]
    assert sizes(to).keys() == {stored.sha256 for each in there.values() for stored in each.objects()}


def test_the_list_that_is_kept_apart_is_there_from_the_first_snapshot_on(house: House, tmp_path: Path) -> None:
    to = tmp_path / "backup"
    house.say("one", "line 1", "line 2")
    house.backup(to)
    assert apart(to).read_bytes().count(b"\n") == 1
    house.remove("one", 1)
    house.backup(to)
    lines = apart(to).read_bytes()
    house.backup(to)
    assert apart(to).read_bytes() == lines
    assert b'"text"' in lines
    assert b"line 1" not in lines


def test_what_is_removed_while_it_is_copied_is_not_in_the_copy(tmp_path: Path) -> None:
    house, to = House(tmp_path / "data"), tmp_path / "backup"
    house.say("one", *(f"line {n}" for n in range(6)))
    house.backup(to)
    house.say("one", "line 6 that goes")

    def remove() -> None:
        """As the server does, beside the backup."""

        async def act() -> None:
            log = await SqliteLog.open(tmp_path / "data" / LOG)
            head = await log.acquire(SessionId("one"), EPOCH)
            recorder = house.recorder("one")
            said = recorder.record(ev.BodyRemoved(offsets=(2, 7), reason="request", by="x"))
            await log.remove(SessionId("one"), head.term, head.offset, (2, 7), [said])
            await log.close()

        asyncio.run(act())

    taken = house.backup(to, between=remove)
    assert (taken.point.sessions[0].offset, taken.point.sessions[0].gone) == (7, (2, 7))
    assert holding(to, [b"line 1", b"line 6 that goes"]) == []
    restored(to, tmp_path / "new", removals=apart(to))
    records = records_of(tmp_path / "new")["one"]
    assert [record.header.offset for record in records if record.body is None] == [2, 7]
    assert records[7].header.type == "body.removed"
    house.close()


@pytest.fixture
async def files() -> FilesInMemory:
    """Two recordings that were written a minute ago."""
    files = FilesInMemory(ManualClock())
    files.write(part("mic"), b"of the microphone")
    files.write(part("line"), b"of the line")
    await files.clock.advance(60_000)
    return files


@pytest.fixture
def store(tmp_path: Path) -> BackupFolder:
    return BackupFolder.make(tmp_path / "backup")


async def test_a_recording_that_has_not_changed_is_not_read_again(files: FilesInMemory, store: BackupFolder) -> None:
    first = await backed_up(files, store)
    assert len(files.read_parts) == 2
    again = await backed_up(files, store)
    assert len(files.read_parts) == 2
    assert again.point.sound == first.point.sound
    assert again.new == 0
    files.write(part("mic"), b"of the microphone, and more")
    files.remove(part("line"))
    files.write(part("mic", 9), b"the next hour")
    third = await backed_up(files, store)
    assert files.read_parts[2:] == [part("mic"), part("mic", 9)]
    assert held_in(store, third) == files.contents()


@pytest.mark.parametrize("field", ["inode", "written", "changed"])
async def test_a_file_of_the_same_size_of_which_anything_else_differs_is_read(
    files: FilesInMemory, store: BackupFolder, field: str
) -> None:
    await backed_up(files, store)
    stamp = files.stamp(part("mic"))
    assert stamp is not None
    files.write(part("mic"), b"OF THE MICROPHONE")
    files.pretend(part("mic"), msgspec.structs.replace(stamp, **{field: getattr(stamp, field) - 1}))
    taken = await backed_up(files, store)
    assert files.read_parts[2:] == [part("mic")]
    assert held_in(store, taken) == files.contents()


async def test_a_file_that_was_just_written_is_read_again(files: FilesInMemory, store: BackupFolder) -> None:
    """In one step of the file system's clock it may change again, and look the same."""
    files.write(part("mic"), b"first bytes")
    await backed_up(files, store)
    files.write(part("mic"), b"other bytes")
    taken = await backed_up(files, store)
    assert held_in(store, taken) == files.contents()
    await files.clock.advance(1_999)
    await backed_up(files, store)
    await files.clock.advance(1)
    await backed_up(files, store)
    assert files.read_parts[2:] == [part("mic")] * 3
    await backed_up(files, store)
    assert files.read_parts[5:] == []


@pytest.mark.parametrize("data", [b"OF THE MICROPHONE", b"of the microphone, and more"])
async def test_a_file_that_changes_while_it_is_read_is_read_again(
    files: FilesInMemory, store: BackupFolder, data: bytes
) -> None:
    def change(key: tuple[object, object, object]) -> None:
        if key == part("mic"):
            files.write(part("mic"), data)
            files.between = lambda key: None

    files.between = change
    await backed_up(files, store)
    await files.clock.advance(60_000)
    taken = await backed_up(files, store)
    assert files.read_parts[2:] == [part("mic")]
    assert held_in(store, taken) == files.contents()


async def test_a_file_that_goes_while_recordings_are_copied_is_passed_over(
    files: FilesInMemory, store: BackupFolder
) -> None:
    files.between = lambda key: files.remove(part("mic")) if key == part("line") else None
    taken = await backed_up(files, store)
    assert held_in(store, taken) == {part("line"): b"of the line"}
    assert files.read_parts == [part("line")]


async def test_what_was_silenced_is_read_even_if_the_file_looks_the_same(
    files: FilesInMemory, store: BackupFolder, tmp_path: Path
) -> None:
    await backed_up(files, store)
    stamp = files.stamp(part("mic"))
    act = files.begin_silence(part("mic"))
    taken = await backed_up(files, store)
    assert [each.key for each in taken.left_out] == [part("mic")]
    assert holding(tmp_path / "backup", [b"of the microphone"]) == []
    files.write(part("mic"), b"of the mi.......e")
    files.pretend(part("mic"), stamp)
    files.end_silence(act)
    taken = await backed_up(files, store)
    assert held_in(store, taken) == files.contents()
    # The removal is told only now, after the file was taken over unread.
    stamp = files.stamp(part("mic"))
    act = files.begin_silence(part("mic"))
    files.end_silence(act)
    files.write(part("mic"), b".................")
    files.pretend(part("mic"), stamp)
    taken = await backed_up(files, store)
    assert held_in(store, taken) == files.contents()
    assert holding(tmp_path / "backup", [b"of the mi"]) == []


async def test_all_is_read_when_asked_for(files: FilesInMemory, store: BackupFolder) -> None:
    first = await backed_up(files, store)
    again = await backed_up(files, store, read_all=True)
    assert len(files.read_parts) == 4
    assert again.point.sound == first.point.sound
    await backed_up(files, store)
    assert len(files.read_parts) == 4


@pytest.mark.parametrize("left", [b"", None])
async def test_a_recording_that_the_backup_has_lost_is_read_again(
    files: FilesInMemory, store: BackupFolder, tmp_path: Path, left: bytes | None
) -> None:
    first = await backed_up(files, store)
    lost = {each.key: each.stored.sha256 for each in first.point.sound}[part("mic")]
    path = tmp_path / "backup" / "objects" / lost[:2] / lost
    path.unlink() if left is None else path.write_bytes(left)
    again = await backed_up(files, store)
    assert files.read_parts[2:] == [part("mic")]
    assert held_in(store, again) == files.contents()


class Counting(BackupFolder):
    """A backup's folder that counts the objects that are begun."""

    begun = 0

    def begin(self) -> NewObject:
        self.begun += 1
        return super().begin()


async def test_what_is_known_already_is_not_written_again(files: FilesInMemory, tmp_path: Path) -> None:
    """The book, which has to be read, and recordings."""
    store = Counting.make(tmp_path / "backup")
    assert isinstance(store, Counting)
    await backed_up(files, store)
    assert store.begun == 3
    await backed_up(files, store)
    assert store.begun == 3


def test_a_name_is_behind_the_newest_whatever_the_clock_says() -> None:
    assert next_name(0, "") == "19700101T000000Z"
    assert next_name(0, "19700101T000000Z") == "19700101T000000Z-2"
    assert next_name(0, "19700101T000000Z-9") == "19700101T000000Z-10"
    assert next_name(0, "20300101T000000Z") == "20300101T000000Z-2"
    assert next_name(1_000, "19700101T000000Z-3") == "19700101T000001Z"


async def test_no_more_bytes_pass_than_may() -> None:
    clock = ManualClock()
    pace = ByteRate(clock, 1_000)
    await pace.take(0)
    waiting = asyncio.ensure_future(pace.take(500))
    await clock.advance(499)
    assert not waiting.done()
    await clock.advance(1)
    assert waiting.done()
    # What was not used is not saved up.
    await clock.advance(10_000)
    waiting = asyncio.ensure_future(pace.take(500))
    await clock.advance(499)
    assert not waiting.done()
    await clock.advance(1)
    await waiting
