from __future__ import annotations

import asyncio
import io
import sqlite3
from base64 import b64encode
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.adapters.store.one_copy_list import FILE_NAME as ONE_COPY
from moothall.adapters.store.one_copy_list import OneCopyList
from moothall.adapters.store.signing import FILE_NAME as KEY_NAME
from moothall.adapters.store.signing import Ed25519Signer
from moothall.adapters.store.sqlite_file import FILE_NAME
from moothall.cli.verifying import verify_command
from moothall.core.chain import LogRecord, checkpoint_bytes
from moothall.core.events import types as ev
from moothall.core.events.base import Event
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.times import UTC_ZONE
from moothall.testing.clock import ManualClock
from support.sessions.recorder import EPOCH, Recorder

PAUSED = ev.SessionPaused(t=1)
CLOSED = ev.SessionClosed(t=2)


async def written(
    data: Path, *names: str, removed: tuple[int, ...] = (), signed: bool = True
) -> dict[str, ev.LaneHead]:
    """Sessions of four events: three and a checkpoint, and one more for what was removed; the heads of the last."""
    heads: dict[str, ev.LaneHead] = {}
    signer = Ed25519Signer.open(data / KEY_NAME)
    log = await SqliteLog.open(data / FILE_NAME)
    for name in names:
        recorder = Recorder(SessionId(name))
        await log.acquire(recorder.session, EPOCH)
        records = [recorder.record(PAUSED) for _ in range(3)]
        records.append(recorder.checkpoint(signer) if signed else recorder.record(PAUSED))
        await log.append(recorder.session, 1, 0, records)
        if removed:
            said = recorder.record(ev.BodyRemoved(offsets=removed, reason="request", by="staff-1"))
            await log.remove(recorder.session, 1, 4, removed, [said])
        heads = {str(lane): head for lane, head in recorder.heads.items()}
    await log.close()
    return heads


async def appended(data: Path, make: Callable[[Recorder, Ed25519Signer], LogRecord]) -> None:
    """One more event of the session `plenary`."""
    log = await SqliteLog.open(data / FILE_NAME)
    recorder = Recorder()
    head = await log.acquire(recorder.session, EPOCH)
    recorder.go_on(head)
    await log.append(recorder.session, head.term, head.offset, [make(recorder, Ed25519Signer.load(data / KEY_NAME))])
    await log.close()


async def forged(data: Path) -> None:
    """The session `plenary` written anew and signed with a key that was put there."""
    signer = Ed25519Signer.open(data / KEY_NAME)
    log = await SqliteLog.open(data / FILE_NAME)
    recorder = Recorder()
    head = await log.acquire(recorder.session, EPOCH)
    records = [recorder.record(CLOSED), recorder.checkpoint(signer)]
    await log.append(recorder.session, head.term, 0, records)
    await log.close()


def tampered(data: Path, statement: str) -> None:
    connection = sqlite3.connect(data / FILE_NAME, isolation_level=None)
    connection.execute(statement)
    connection.close()


BESIDE = "The key is the one beside the log; --key checks with one that was saved elsewhere."


def said(data: Path, session: str | None = None, *keys: str, seen: Sequence[Path] = ()) -> tuple[int, list[str]]:
    out = io.StringIO()
    code = verify_command(data, session, out, keys=keys, seen=seen)
    lines = out.getvalue().splitlines()
    return code, lines[:-1] if lines[-1] == BESIDE else lines


def saved_keys(data: Path) -> str:
    """The public document as somebody saves it."""
    path = data.parent / f"{data.name}.keys.json"
    path.write_bytes(msgspec.json.encode(Ed25519Signer.load(data / KEY_NAME).public_document()))
    return str(path)


def taken_home(data: Path, heads: dict[str, ev.LaneHead], *, session: str = "plenary") -> Path:
    """As much of a record as JSON as `verify` looks at, signed by the key of the data folder."""
    signer = Ed25519Signer.load(data / KEY_NAME)
    signature = b64encode(signer.sign(checkpoint_bytes(SessionId(session), EPOCH, heads))).decode()
    record = {
        "session": {"id": session},
        "position": {"epoch": EPOCH, "offset": 4},
        "heads": heads,
        "checkpoint": {"offset": 4, "key": signer.key_id, "signature": signature, "lanes": heads},
        "lines": [],
    }
    path = data.parent / f"{session}.json"
    path.write_bytes(msgspec.json.encode(record))
    return path


def signed_through(data: Path, event: int = 4) -> str:
    return f"signed through event {event} by key {Ed25519Signer.load(data / KEY_NAME).key_id}"


def contents(data: Path) -> dict[str, bytes]:
    """All files but the one that SQLite's readers share."""
    return {entry.name: entry.read_bytes() for entry in data.iterdir() if "shm" not in entry.name}


def test_untouched_sessions_are_intact(tmp_path: Path) -> None:
    asyncio.run(written(tmp_path, "plenary", "hall-2"))
    assert said(tmp_path) == (
        0,
        [
            f"hall-2: intact; 4 events, {signed_through(tmp_path)}.",
            f"plenary: intact; 4 events, {signed_through(tmp_path)}.",
        ],
    )


def test_one_session_may_be_named(tmp_path: Path) -> None:
    asyncio.run(written(tmp_path, "plenary", "hall-2"))
    assert said(tmp_path, "plenary") == (0, [f"plenary: intact; 4 events, {signed_through(tmp_path)}."])
    assert said(tmp_path, "gallery") == (2, ["There is no session 'gallery' in this log."])


def test_a_session_without_checkpoints_is_not_signed_yet(tmp_path: Path) -> None:
    asyncio.run(written(tmp_path, "plenary", signed=False))
    assert said(tmp_path) == (0, ["plenary: intact; 4 events, none of it signed yet."])


DAY = "2025-11-24 16:00"
REMOVALS = f"""\
  Removed {DAY}:08 UTC by the role technician, on request (event 9): \
text 'floor', written {DAY}:00 UTC to 16:00:01 (events 1, 2); \
questions and comments, written {DAY}:02 UTC (event 3); \
notes of the staff, written {DAY}:03 UTC (event 4); \
lane 'odd', written {DAY}:04 UTC (event 5); \
names, written {DAY}:05 UTC (event 6).
  Removed {DAY}:09 UTC by the server, as it was not to be recorded (event 10): \
text 'floor', written {DAY}:06 UTC (event 7).
  Removed {DAY}:10 UTC by the role secretariat, because (event 11): no words.
"""


def test_of_what_was_removed_it_says_all_that_is_known(tmp_path: Path) -> None:
    async def write() -> None:
        recorder = Recorder()
        log = await SqliteLog.open(tmp_path / FILE_NAME)
        await log.acquire(recorder.session, EPOCH)

        def record(event: Event, by: Actor = SYSTEM, lane: str = "") -> LogRecord:
            recorder.later += 960  # a second apart
            return recorder.record(event, by, lane=lane)

        lanes = ("w:floor", "ch:floor", "questions", "staff", "odd", "session", "ch:floor", "session")
        recorder.later = -1_000
        records = [record(PAUSED, lane=lane) for lane in lanes]
        await log.append(recorder.session, 1, 0, records)
        for offsets, reason, by in (
            ((1, 2, 3, 4, 5, 6), "request", Actor(Role.TECHNICIAN, "staff-1")),
            ((1, 7), "not-recorded", SYSTEM),
            ((), "because", Actor(Role.SECRETARIAT, "staff-2")),
        ):
            event = record(ev.BodyRemoved(offsets=offsets, reason=reason, by=by.id), by)
            await log.remove(recorder.session, 1, recorder.offset - 1, offsets, [event])
        await log.close()

    asyncio.run(write())
    first, *removals = said(tmp_path)[1]
    assert first == "plenary: intact; words were removed by its keepers, 2 times; 11 events."
    assert removals[:-1] == REMOVALS.splitlines()


def test_removed_texts_are_no_damage(tmp_path: Path) -> None:
    asyncio.run(written(tmp_path, "plenary", removed=(1, 3)))
    asyncio.run(appended(tmp_path, lambda recorder, signer: recorder.checkpoint(signer)))
    code, (line, removal) = said(tmp_path)
    assert code == 0
    assert (
        line == f"plenary: intact; words were removed by its keepers, 1 time; 6 events, {signed_through(tmp_path, 6)}."
    )
    assert removal.endswith("(events 1, 3).")


def test_a_removal_behind_the_last_signature_is_not_proved(tmp_path: Path) -> None:
    asyncio.run(written(tmp_path, "plenary", removed=(1,)))
    code, (line, _) = said(tmp_path)
    assert code == 3
    assert line.endswith("Not proved: the removal at event 5 is behind the last signature.")


def test_a_session_that_was_closed_without_a_signature_is_not_proved(tmp_path: Path) -> None:
    asyncio.run(written(tmp_path, "plenary"))
    asyncio.run(appended(tmp_path, lambda recorder, _: recorder.record(CLOSED)))
    code, (line,) = said(tmp_path)
    assert code == 3
    assert line.endswith("Not proved: it was closed at event 5, and nothing was signed then.")
    asyncio.run(appended(tmp_path, lambda recorder, signer: recorder.checkpoint(signer)))
    assert said(tmp_path)[0] == 0


def test_a_session_that_went_on_without_a_signature_is_not_proved(tmp_path: Path) -> None:
    data = tmp_path / "data"
    asyncio.run(written(data, "plenary"))
    saved = saved_keys(data)

    def paused(later: int) -> Callable[[Recorder, Ed25519Signer], LogRecord]:
        def make(recorder: Recorder, _: Ed25519Signer) -> LogRecord:
            recorder.later = later
            return recorder.record(PAUSED)

        return make

    # As one that was written anew by somebody who has no key, and is not closed.
    for later in (0, 299_000):
        asyncio.run(appended(data, paused(later)))
        assert said(data, None, saved)[0] == 0
    asyncio.run(appended(data, paused(361_000)))
    code, (line,) = said(data, None, saved)
    assert code == 3
    assert line.endswith("Not proved: nothing was signed in the last 6 minutes of it.")
    asyncio.run(appended(data, lambda recorder, signer: recorder.checkpoint(signer)))
    assert said(data, None, saved)[0] == 0


def test_a_key_put_in_place_of_the_one_that_signed_is_found_with_the_one_that_was_saved(tmp_path: Path) -> None:
    data = tmp_path / "data"
    asyncio.run(written(data, "plenary"))
    saved = saved_keys(data)
    assert said(data, None, saved) == (0, [f"plenary: intact; 4 events, {signed_through(data)}."])
    tampered(data, "DELETE FROM record")
    (data / KEY_NAME).unlink()
    asyncio.run(forged(data))
    assert said(data)[0] == 0  # The key beside the log can't know.
    code, (line,) = said(data, None, saved)
    assert code == 1
    assert "Its signature isn't one of key " in line
    assert said(data, None, saved, saved_keys(data))[0] == 0


@pytest.mark.parametrize(("source", "why"), [("gone.json", "No such file"), ("http://127.0.0.1:9", "refused")])
def test_keys_that_cannot_be_read_are_said(tmp_path: Path, source: str, why: str) -> None:
    asyncio.run(written(tmp_path, "plenary"))
    code, (line,) = said(tmp_path, None, source)
    assert code == 2
    assert why in line


def test_a_log_that_is_not_what_somebody_took_home_is_found(tmp_path: Path) -> None:
    data = tmp_path / "data"
    heads = asyncio.run(written(data, "plenary"))
    home = taken_home(data, heads)
    assert said(data, seen=[home])[0] == 0
    tampered(data, "DELETE FROM record WHERE offset > 1")
    assert said(data)[0] == 0
    code, (line,) = said(data, seen=[home])
    assert code == 1
    assert "it was seen elsewhere" in line
    tampered(data, "DELETE FROM record")
    tampered(data, "DELETE FROM session")
    assert said(data, seen=[home]) == (
        1,
        ["plenary: missing. A record of it was taken home, and it isn't in this log.", "The log holds no session yet."],
    )
    assert said(data, seen=[tmp_path / "gone.json"])[0] == 2
    (tmp_path / "gone.json").write_text("{}")
    assert "is no record as JSON" in said(data, seen=[tmp_path / "gone.json"])[1][0]
    (tmp_path / "deep.json").write_text('{"a":' * 9_000)
    assert "is no record as JSON" in said(data, seen=[tmp_path / "deep.json"])[1][0]
    assert "can't be read from" in said(data, None, str(tmp_path / "deep.json"))[1][0]


def test_a_record_that_was_taken_home_is_told_what_it_proves(tmp_path: Path) -> None:
    data = tmp_path / "data"
    home = taken_home(data, asyncio.run(written(data, "plenary")))
    code, lines = said(data, str(home))
    assert code == 3
    assert "not the chain that proves it" in lines[0]
    assert f"signed by key {Ed25519Signer.load(data / KEY_NAME).key_id}" in lines[1]
    assert lines[2].endswith(f"moothall verify plenary --data FOLDER --heads {home}")
    saved = saved_keys(data)
    home.write_bytes(home.read_bytes().replace(b'"plenary"', b'"gallery"'))
    assert said(data, str(home), saved)[0] == 1


def test_a_session_whose_text_is_damaged_hides_no_other(tmp_path: Path) -> None:
    asyncio.run(written(tmp_path, "first", "plenary"))
    tampered(tmp_path, "UPDATE record SET cause = CAST(x'66ff' AS TEXT) WHERE session = 1 AND offset = 2")
    assert said(tmp_path) == (
        1,
        [
            "first: broken. The log's file is damaged; restore it from a backup.",
            f"plenary: intact; 4 events, {signed_through(tmp_path)}.",
        ],
    )
    tampered(tmp_path, "UPDATE session SET id = CAST(x'66ff' AS TEXT) WHERE number = 1")
    code, lines = said(tmp_path)
    assert code == 1
    assert lines[0].endswith("broken. The name of this session can't be read.")
    assert len(lines) == 2


def test_many_removed_texts_are_counted(tmp_path: Path) -> None:
    async def write() -> None:
        recorder = Recorder()
        log = await SqliteLog.open(tmp_path / FILE_NAME)
        await log.acquire(recorder.session, EPOCH)
        await log.append(recorder.session, 1, 0, [recorder.record(PAUSED) for _ in range(20)])
        offsets = tuple(range(1, 13))
        event = recorder.record(ev.BodyRemoved(offsets=offsets, reason="request", by="staff-1"))
        await log.remove(recorder.session, 1, 20, offsets, [event])
        await log.close()

    asyncio.run(write())
    code, lines = said(tmp_path)
    assert code == 3
    assert lines[0] == "plenary: intact; words were removed by its keepers, 1 time; 21 events."
    assert lines[1].endswith("(events 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more).")


def test_a_changed_body_is_broken_at_its_event(tmp_path: Path) -> None:
    asyncio.run(written(tmp_path, "plenary", "hall-2"))
    tampered(tmp_path, "UPDATE record SET body = x'7b7d' WHERE session = 1 AND offset = 2")
    assert said(tmp_path) == (
        1,
        [
            f"hall-2: intact; 4 events, {signed_through(tmp_path)}.",
            "plenary: broken at event 2. Its body is not the one that was written.",
        ],
    )
    tampered(tmp_path, "UPDATE record SET body = x'7b7d' WHERE session = 1 AND offset = 3")
    assert said(tmp_path, "plenary")[1] == [
        "plenary: broken at event 2. Its body is not the one that was written. Further damage: 1 finding."
    ]
    assert said(tmp_path, "hall-2")[0] == 0


def test_a_header_that_cannot_be_read_is_broken(tmp_path: Path) -> None:
    asyncio.run(written(tmp_path, "plenary"))
    tampered(tmp_path, "UPDATE record SET header = x'00' WHERE offset = 2")
    assert said(tmp_path) == (1, ["plenary: broken. The header of event 2 of session plenary can't be read."])


def test_a_row_that_was_taken_out_is_broken_at_the_next(tmp_path: Path) -> None:
    asyncio.run(written(tmp_path, "plenary"))
    tampered(tmp_path, "DELETE FROM record WHERE offset = 2")
    code, (line,) = said(tmp_path)
    assert code == 1
    assert line.startswith("plenary: broken at event 3. It comes after event 1: events are missing")


def test_another_key_than_the_one_that_signed_is_found(tmp_path: Path) -> None:
    asyncio.run(written(tmp_path, "plenary"))
    (tmp_path / KEY_NAME).unlink()
    Ed25519Signer.open(tmp_path / KEY_NAME)
    code, (line,) = said(tmp_path)
    assert code == 1
    assert line.startswith("plenary: broken at event 4. Its signature isn't one of key ")


def test_without_the_key_it_says_that_signatures_were_not_checked(tmp_path: Path) -> None:
    asyncio.run(written(tmp_path, "plenary"))
    (tmp_path / KEY_NAME).unlink()
    assert said(tmp_path) == (
        3,
        [
            "plenary: intact; 4 events.",
            "Signatures were not checked: there is no signing.key beside the log. Use --key.",
        ],
    )
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["moothall.acknowledged", FILE_NAME]


def test_a_log_of_no_session_is_said_to_be_empty(tmp_path: Path) -> None:
    asyncio.run(written(tmp_path))
    assert said(tmp_path) == (0, ["The log holds no session yet."])


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    assert said(tmp_path) == (2, [f"There is no log at {tmp_path / FILE_NAME}."])
    assert list(tmp_path.iterdir()) == []
    (tmp_path / FILE_NAME).write_bytes(b"")
    assert said(tmp_path) == (2, [f"{tmp_path / FILE_NAME} is empty: it holds no log yet."])
    (tmp_path / FILE_NAME).write_bytes(b"The minutes. " * 100)
    assert said(tmp_path)[0] == 2
    assert "no database at all" in said(tmp_path)[1][0]


def test_a_damaged_key_is_said(tmp_path: Path) -> None:
    asyncio.run(written(tmp_path, "plenary"))
    (tmp_path / KEY_NAME).write_bytes(b"?")
    code, (line,) = said(tmp_path)
    assert (code, "holds no signing key" in line) == (2, True)


def test_a_damaged_file_is_said(tmp_path: Path) -> None:
    asyncio.run(written(tmp_path, "plenary"))
    path = tmp_path / FILE_NAME
    path.write_bytes(path.read_bytes()[:4096] + b"\x00" * (path.stat().st_size - 4096))
    assert said(tmp_path) == (2, ["The log's file is damaged; restore it from a backup."])


@pytest.mark.parametrize("running", [True, False])
def test_it_changes_nothing_and_may_run_beside_the_server(tmp_path: Path, running: bool) -> None:
    async def check() -> None:
        await written(tmp_path, "plenary")
        log = await SqliteLog.open(tmp_path / FILE_NAME, idle_s=3_600) if running else None
        if log is not None:
            await log.acquire(SessionId("hall-2"), EPOCH)  # stands in the WAL only
        before = contents(tmp_path)
        code, lines = said(tmp_path)
        assert (code, len(lines)) == (0, 2 if running else 1)
        assert contents(tmp_path) == before
        if log is not None:
            await log.close()

    asyncio.run(check())


async def test_events_that_had_one_copy_are_named(tmp_path: Path) -> None:
    await written(tmp_path, "plenary", "room")
    clock = ManualClock()
    plenary, room = SessionId("plenary"), SessionId("room")
    some = OneCopyList(tmp_path / ONE_COPY, clock)
    await some.begin(plenary, EPOCH, 2)
    await some.end(plenary, 3)
    await some.begin(plenary, EPOCH, 4)
    await some.begin(room, EPOCH, 2)
    await some.end(room, 2, aside=True)
    out = io.StringIO()
    verify_command(tmp_path, None, out)
    at = "2027-01-15 08:00:00 UTC"
    found = [
        line.replace(f"{UTC_ZONE.at(clock.wall()):%Y-%m-%d %H:%M:%S} UTC", at) for line in out.getvalue().splitlines()
    ]
    assert [line for line in found if line.startswith("  Events")] == [
        f"  Events 2 to 3 had one copy, from {at} until {at}, when Redis got them.",
        f"  Events from 4 on have one copy, on this disk, since {at}.",
        f"  Events from 3 on had one copy, from {at}; they were set aside {at}.",
    ]
