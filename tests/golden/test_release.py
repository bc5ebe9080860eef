"""The log and the book of each release: this release opens, verifies and exports them as that release did."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import msgspec
import pytest

from moothall.adapters.store.book_sqlite import FILE_NAME, SqliteBook
from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.adapters.store.signing import verifier
from moothall.core.chain import LogRecord
from moothall.core.events.codec import EVENT_TYPES, UnknownEvent, decode_event
from moothall.core.kernel.ids import ChannelId, Epoch, SessionId
from moothall.core.ports import LogHead
from moothall.core.sessions.state import State, evolve
from moothall.record.json import write_json
from moothall.record.model import RecordFold
from moothall.record.subtitles import write_srt, write_vtt
from moothall.record.text import write_text
from moothall.record.verify import RecordVerdict, verify
from moothall.record.wording import Options
from moothall.services.hubs.registry import Hubs
from moothall.testing.clock import SeededRandomness
from support.memory.programme import ProgrammeHouse
from support.sessions.record_maker import WORDING

HERE = Path(__file__).parent
LOG = "moothall.sqlite"
FOLDERS = sorted(HERE.glob("release-*"))
MANY = 10_000


class Opened(msgspec.Struct, frozen=True):
    """A session as read at the cut of its release."""

    events: int
    records: dict[str, dict[str, str]]
    """The SHA-256 of the exported record, by channel and format."""


class Expected(msgspec.Struct, frozen=True):
    """The contents of a release's `expected.json`."""

    sessions: dict[str, Opened]
    book: dict[str, list[str]]
    """Names that the services find in the book."""
    keys: dict[str, object]


async def read_session(log: SqliteLog, session: SessionId) -> tuple[LogHead, list[LogRecord]]:
    head = await log.head(session)
    assert head is not None
    return head, list(await log.read(session, 0, MANY))


def state_of(session: SessionId, records: list[LogRecord]) -> State:
    """Return the state after all events; fails on a type of event that this release doesn't know."""
    state = State(id=session)
    for record in records:
        event = None if record.body is None else decode_event(record.body)
        assert not isinstance(event, UnknownEvent), record.header.type
        state = evolve(state, event, record.header.at)
    return state


def records_of(session: SessionId, epoch: Epoch, records: list[LogRecord]) -> dict[str, dict[str, str]]:
    """Return the SHA-256 of each export of each channel's record."""
    found: dict[str, dict[str, str]] = {}
    for channel in state_of(session, records).channels:
        fold = RecordFold(session, epoch, ChannelId(channel))
        fold.take([record for record in records if record.header.lane in fold.feed.lanes])
        made = fold.record()
        files = {
            # No release of these gave chapters in record.json, in which readers ignore fields unknown to them.
            "json": write_json(msgspec.structs.replace(made, chapters=()), WORDING, Options()),
            "vtt": write_vtt(made, WORDING, Options()).encode(),
            "srt": write_srt(made, WORDING, Options()).encode(),
            "txt": write_text(made, WORDING, Options()).encode(),
        }
        found[channel] = {kind: hashlib.sha256(file).hexdigest() for kind, file in files.items()}
    return found


async def read_book(path: Path) -> dict[str, list[str]]:
    """Return the names that this release's services find in a book."""
    book = await SqliteBook.open(path)
    house = ProgrammeHouse(book=book)  # type: ignore[arg-type]
    await house.programme.load()
    await house.role_links.load()
    registry = Hubs(
        book=book, sessions=house.sessions, links=house.role_links, clock=house.clock, randomness=SeededRandomness(8)
    )
    await registry.load()
    planned = await house.programme.known(SessionId("opening"))
    await book.close()
    return {
        "rooms": [f"{room.id}: {room.title}" for room in house.programme.rooms()],
        "planned": [] if planned is None else [f"{planned.session} in {planned.room} at {planned.starts}"],
        "links": [f"{staff.role} {staff.scope} {staff.label}" for staff in house.role_links.list()],
        "hubs": [f"{hub.name}: {hub.title}, {hub.details.city}" for hub in registry.list()],
    }


def expected_of(folder: Path) -> Expected:
    return msgspec.json.decode((folder / "expected.json").read_bytes(), type=Expected)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
async def test_its_log_opens_verifies_and_exports_the_same_records(folder: Path, tmp_path: Path) -> None:
    shutil.copyfile(folder / LOG, tmp_path / LOG)
    expected = expected_of(folder)
    log = await SqliteLog.open(tmp_path / LOG)
    told: set[str] = set()
    for name, opened in expected.sessions.items():
        head, records = await read_session(log, SessionId(name))
        assert head.offset == len(records) == opened.events
        told |= {record.header.type for record in records}
        found = verify(records, expected=head.lanes, signed=verifier(expected.keys))
        assert (found.broken, found.missing, found.signed) == ((), (), head.offset), name
        assert found.verdict is RecordVerdict.REMOVED
        assert records_of(SessionId(name), head.epoch, records) == opened.records, name
    await log.close()
    assert told <= set(EVENT_TYPES)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
async def test_its_book_opens_and_every_service_reads_it(folder: Path, tmp_path: Path) -> None:
    shutil.copyfile(folder / FILE_NAME, tmp_path / FILE_NAME)
    assert await read_book(tmp_path / FILE_NAME) == expected_of(folder).book


def test_no_file_of_a_release_was_ever_made_anew() -> None:
    rows = [row.split("  ") for row in (HERE / "frozen.sha256").read_text(encoding="utf-8").splitlines()]
    assert {name: digest for digest, name in rows} == {
        name: hashlib.sha256((HERE / name).read_bytes()).hexdigest() for _, name in rows
    }
    assert {folder.name for folder in FOLDERS} == {name.partition("/")[0] for _, name in rows if "/" in name}
