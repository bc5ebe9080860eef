"""The promises of `docs/reference/support.md` about folders of earlier releases, rollback, and unknown events."""

from __future__ import annotations

import shutil
from pathlib import Path

import aiohttp
import msgspec
import pytest

from moothall.adapters.store.book_sqlite import FILE_NAME, SqliteBook
from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.adapters.store.signing import FILE_NAME as KEY_FILE
from moothall.adapters.store.signing import Ed25519Signer
from moothall.app.hall import hall
from moothall.core import commands as do
from moothall.core.chain import GENESIS, SALT_BYTES, Header, LogRecord, seal
from moothall.core.events.codec import UnknownEvent, decode_event
from moothall.core.kernel.actors import SYSTEM, Role
from moothall.core.kernel.ids import ChannelId, CommandId, Lane, SessionId
from moothall.core.sessions.state import State, evolve
from moothall.record.json import write_json
from moothall.record.model import RecordFold
from moothall.record.text import write_text
from moothall.record.verify import verify
from moothall.record.wording import Options
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.browsers import SignedIn
from moothall.services.sessions.link_terms import LinkTerms
from moothall.services.sessions.role_links import Entered
from moothall.services.sessions.staff import HALL, Staff
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from moothall.wire.hubs.records import pack, unpack
from support.sessions.record_maker import WORDING

HERE = Path(__file__).parent
LOG = "moothall.sqlite"
FOLDERS = sorted(HERE.glob("release-*"))
MANY = 10_000
LATER = b'{"v":1,"type":"segment.sung","segment":"s1","notes":["c","e","g"]}'


def settings(data: Path) -> Settings:
    return Settings(
        server=Server(port=0, data=str(data)), engine=EngineSection(count=0), translation=Translation(translators=())
    )


def copied(folder: Path, data: Path) -> Path:
    data.mkdir()
    for name in (LOG, FILE_NAME):
        shutil.copyfile(folder / name, data / name)
    Ed25519Signer.open(data / KEY_FILE)  # like `moothall new-key`: the release's own key isn't in its folder
    return data


async def sessions_of(path: Path) -> dict[SessionId, list[LogRecord]]:
    log = await SqliteLog.open(path)
    found = {name: list(await log.read(name, 0, MANY)) for name in await log.sessions()}
    await log.close()
    return found


def later_release(records: list[LogRecord], lane: str, body: bytes = LATER) -> LogRecord:
    """Return an event, after all others, of a type that only a later release knows."""
    before = [record for record in records if record.header.lane == lane]
    last = records[-1].header
    header = Header(
        session=last.session,
        epoch=last.epoch,
        offset=last.offset + 1,
        lane=Lane(lane),
        prev=before[-1].header.offset if before else 0,
        type="segment.sung",
        at=last.at,
        role=Role.SYSTEM,
        actor="server",
        cause=CommandId("later"),
        n=0,
    )
    return seal(before[-1].digest if before else GENESIS, header, bytes(SALT_BYTES), body)


def state_of(session: SessionId, records: list[LogRecord]) -> State:
    """Return the state as a server folds it, skipping unknown events."""
    state = State(id=session)
    for record in records:
        event = None if record.body is None else decode_event(record.body)
        if not isinstance(event, UnknownEvent):
            state = evolve(state, event, record.header.at)
    return state


def exports(session: SessionId, records: list[LogRecord]) -> dict[str, tuple[str, bytes]]:
    found: dict[str, tuple[str, bytes]] = {}
    for channel in state_of(session, records).channels:
        fold = RecordFold(session, records[0].header.epoch, ChannelId(channel))
        fold.take([record for record in records if record.header.lane in fold.feed.lanes])
        made = fold.record()
        lines = msgspec.json.decode(write_json(made, WORDING, Options()))["lines"]
        text, _, _ = write_text(made, WORDING, Options()).rpartition("State: ")  # The position differs.
        found[channel] = (text, msgspec.json.encode(lines))
    return found


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
async def test_a_folder_of_each_release_is_opened_and_written_and_verifies(folder: Path, tmp_path: Path) -> None:
    data = copied(folder, tmp_path / "data")
    before = await sessions_of(data / LOG)
    added: dict[SessionId, int] = {}
    jar = aiohttp.CookieJar(unsafe=True)
    async with hall(settings(data)) as running, aiohttp.ClientSession(cookie_jar=jar) as http:
        for name in before:
            live = await running.backend.sessions.find(name)
            assert live is not None
            sent = await live.writer.send(
                SYSTEM, CommandId("upgraded"), (do.DescribeSession(title=f"{live.state.title} again"),)
            )
            assert isinstance(sent, Receipt)
            added[name] = live.writer.offset
        async with http.get(f"{running.address}/") as answer:
            assert answer.status == 200
        _, token = await running.backend.links.create(Role.SECRETARIAT, HALL, "")
        async with http.get(f"{running.address}/enter/{token}") as answer:
            assert (answer.status, answer.url.path) == (200, "/admin")
    for name, records in (await sessions_of(data / LOG)).items():
        assert len(records) >= added[name] > len(before[name])
        assert records[: len(before[name])] == before[name]
        found = verify(records)
        assert (found.broken, found.missing) == ((), ()), name


class LinkOf010(msgspec.Struct, frozen=True):
    """A link in the book, as 0.1.0 reads it."""

    staff: Staff
    digest: str
    made: int = 0


class VisitorOf010(msgspec.Struct, frozen=True):
    """A browser in the book, as 0.1.0 reads it."""

    links: tuple[str, ...]
    since: int


async def test_0_1_0_reads_what_this_release_writes_into_the_book(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with hall(settings(data)) as running:
        links, now = running.backend.links, running.backend.clock.wall()
        terms = LinkTerms(expires=now + 1_000_000, one_browser=True)
        staff, token = await links.create(Role.CHAIR, HALL, "Ana", terms)
        entered = await links.enter(token, "")
        assert isinstance(entered, Entered)
        office = Staff(link="f" * 16, role=Role.SECRETARIAT, scope=HALL, label="")
        await links.sign_in((SignedIn(staff=office, since=now, until=now + 1_000_000),), entered.key)
    book = await SqliteBook.open(data / FILE_NAME)
    (link,) = (msgspec.json.decode(body, type=LinkOf010) for body in (await book.read("link")).values())
    (visitor,) = (msgspec.json.decode(body, type=VisitorOf010) for body in (await book.read("visitor")).values())
    await book.close()
    assert link.staff == staff
    assert visitor.links == (staff.link,)  # A sign-in is unknown there: its role is in no link.


@pytest.mark.parametrize("lane", ["session", "text:floor", "questions", "staff", "of-a-later-release"])
async def test_an_event_of_a_later_release_passes_through_untouched(tmp_path: Path, lane: str) -> None:
    data = copied(FOLDERS[0], tmp_path / "data")
    appended: dict[SessionId, LogRecord] = {}
    log = await SqliteLog.open(data / LOG)
    for name in await log.sessions():
        records = list(await log.read(name, 0, MANY))
        head = await log.acquire(name, records[0].header.epoch)
        appended[name] = later_release(records, lane)
        await log.append(name, head.term, head.offset, [appended[name]])
    await log.close()
    for name, records in (await sessions_of(data / LOG)).items():
        assert records[-1] == appended[name]
        without = records[:-1]
        assert state_of(name, records) == state_of(name, without)
        assert exports(name, records) == exports(name, without)
        assert verify(records).broken == ()
        epoch = records[0].header.epoch
        again = unpack(pack(records, session=name, epoch=epoch), session=name, epoch=epoch, heads={}, after=0)
        assert again == records
    async with hall(settings(data)) as running, aiohttp.ClientSession() as http:
        for name, record in appended.items():
            live = await running.backend.sessions.find(name)
            assert live is not None
            sent = await live.writer.send(SYSTEM, CommandId("after"), (do.DescribeSession(title="After it"),))
            assert isinstance(sent, Receipt)
            async with http.get(f"{running.address}/s/{name}/record.json") as answer:
                assert answer.status in (200, 404), await answer.text()  # 404: the session isn't open to everybody.
            async with http.get(f"{running.address}/s/{name}") as answer:
                assert answer.status in (200, 404)
            read = await running.backend.log.read(name, record.header.offset - 1, 1)
            assert list(read) == [record]
    for records in (await sessions_of(data / LOG)).values():
        found = verify(records)
        assert (found.broken, found.missing) == ((), ())
