"""A hub's room without the rest of the hub: the ports of its desk in memory, and its doors on a free port."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import wraps
from html import unescape
from urllib.parse import urlencode

import msgspec
from aiohttp import DummyCookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from moothall.adapters.admin.request import StaffPages
from moothall.adapters.admin.staff_door import STAFF_COOKIE, StaffDoor
from moothall.adapters.displays.asked_now import AskedNow, asked_now
from moothall.adapters.displays.display_door import DisplayDoor
from moothall.adapters.http.form_guard import FormGuard
from moothall.adapters.http.limits import AddressGate
from moothall.adapters.http.security_headers import secure
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.own_pages import own_pages_only
from moothall.adapters.pages.request_context import SessionRequest
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.visitor_request import COOKIE
from moothall.adapters.questions.translations_door import QuestionTranslationsDoor
from moothall.adapters.questions.your_turn import YourTurn
from moothall.adapters.reading.reader_routes import Readers
from moothall.adapters.reading.sse import EventsDoor
from moothall.core import commands as do
from moothall.core.desks.notes_and_tags import HubNote
from moothall.core.events.codec import decode_event
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal, RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import CommandId, InterventionId, NoteId, SessionId
from moothall.core.kernel.lanes import is_public, of_hub
from moothall.core.kernel.times import UTC_ZONE
from moothall.core.ports import Clock
from moothall.core.removal.selection import Interventions
from moothall.core.sessions.state import State, Status, evolve
from moothall.core.signals import Summary
from moothall.services.log.act_queue import Receipt
from moothall.services.questions.translations import NO_WAY, QuestionTranslations, WantedTranslation
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.reader_access import ReaderAccess
from moothall.services.sessions.reports import Reports
from moothall.services.sessions.role_links import Entered, RoleLinks
from moothall.services.sessions.staff import HALL
from moothall.testing.book import MemoryBook
from moothall.testing.clock import SeededRandomness
from moothall.testing.loop import run
from moothall.testing.visitors import TrustingVisitors, visitor_context
from moothall.wire.hubs.acts import AnyAct, AskAct
from moothall.wire.hubs.messages import Act, Offered
from moothall_hub.mirror.offers import SessionChoice
from moothall_hub.outbox.outbox import ActState, ActStatus, WaitingAct
from moothall_hub.pages.desk_door import CoordinatorDeskDoor
from moothall_hub.pages.local_wall import LocalWall
from moothall_hub.pages.questions_door import room_doors
from moothall_hub.pages.status_bar_door import StatusBarDoor
from moothall_hub.room.hands import RoomHands
from moothall_hub.room.opinions import RoomOpinions
from moothall_hub.room.ports import HubFacts, RoomParts, Stuck, UplinkHealth, UplinkHealthState
from moothall_hub.room.presence import RoomPresence
from moothall_hub.room.questions import RoomQuestions
from moothall_hub.uplink.status_bar import CopyNow, UplinkNow, UplinkStatus
from support.memory.hall import MemoryHall, memory_hall

ORIGIN = "http://192.168.1.10:8080"
NODE = "0123456789abcdef"
MODERATOR = Actor(Role.MODERATOR, "m1")
SECRETARIAT = Actor(Role.SECRETARIAT, "s1")
S = SessionId("s")
PAGES = Pages(find_web_folder())


def jumping(test: Callable[[], Coroutine[object, object, None]]) -> Callable[[], None]:
    """Return a test that runs on a loop whose clock jumps, so that nothing really waits."""

    @wraps(test)
    def jumped() -> None:
        run(test())

    return jumped


class Put(msgspec.Struct, frozen=True, kw_only=True):
    """An act in the outbox."""

    session: SessionId
    id: CommandId
    act: AnyAct
    at: int


class MemoryOutbox:
    """An `Outbox` in memory; it refuses everything while `full`."""

    def __init__(self) -> None:
        self.acts: dict[CommandId, Put] = {}
        self.standing: dict[CommandId, ActStatus] = {}
        self.full = False
        self.reads = 0
        """The number of queries for acts' states."""
        self._told: list[Callable[[CommandId], None]] = []

    def when_answered(self, told: Callable[[CommandId], None], /) -> None:
        """Implement `Outbox.when_answered`."""
        self._told.append(told)

    async def put(self, session: SessionId, act_id: CommandId, hub: str, act: AnyAct, at: int, /) -> None:
        """Implement `Outbox.put`."""
        if self.full:
            raise StorageUnavailable("The outbox can't be written at the moment.")
        assert not hub
        if act_id not in self.acts:
            self.acts[act_id] = Put(session=session, id=act_id, act=act, at=at)
            self.standing[act_id] = ActStatus(state=ActState.WAITING)

    async def waiting(self, session: SessionId, /) -> Sequence[WaitingAct]:
        """Implement `Outbox.waiting`."""
        return [
            WaitingAct(number=n, act=Act(id=put.id, session=put.session, at=put.at, act=put.act))
            for n, put in enumerate(self.acts.values())
            if put.session == session and self.standing[put.id].state is ActState.WAITING
        ]

    async def state(self, act_id: CommandId, /) -> ActStatus | None:
        """Implement `Outbox.state`."""
        self.reads += 1
        return self.standing.get(act_id)

    async def states(self, act_ids: Collection[CommandId], /) -> Mapping[CommandId, ActStatus]:
        """Implement `Outbox.states`."""
        self.reads += 1
        return {act_id: self.standing[act_id] for act_id in act_ids if act_id in self.standing}

    def answer(self, act_id: CommandId, code: RefusalCode | None = None, message: str = "") -> None:
        """Store the server's answer to an act; without a code it was done."""
        state = ActState.DONE if code is None else ActState.REFUSED
        self.standing[act_id] = ActStatus(state=state, code=code, message=message)
        for told in self._told:
            told(act_id)

    def of(self, kind: type[AnyAct]) -> list[Put]:
        """Return the acts of a kind, in the order in which they were put."""
        return [put for put in self.acts.values() if isinstance(put.act, kind)]


class FakeUplink:
    """A `Uplink` whose health tests set."""

    def __init__(self) -> None:
        self.now = UplinkHealth(state=UplinkHealthState.GOOD, since=0, delay_ms=210)

    def health(self) -> UplinkHealth:
        """Implement `Uplink.health`."""
        return self.now


class FakeWanted:
    """A `ChosenSessions` in memory."""

    def __init__(self) -> None:
        self.choice = SessionChoice()

    def get(self) -> SessionChoice:
        """Implement `ChosenSessions.get`."""
        return self.choice

    async def set(self, choice: SessionChoice, /) -> None:
        """Implement `ChosenSessions.set`."""
        self.choice = choice


class FakeMeetings:
    """The `Meetings` of a hall in memory, as a hub sees its public lanes, and values that tests set."""

    def __init__(self, hall: MemoryHall) -> None:
        self.hall = hall
        self.offered: list[Offered] = []
        self.left: list[HubNote] = []
        self.stopped: list[Stuck] = []
        self.fetched: list[SessionId] = []
        self.whole = True
        self.away = False

    def programme(self) -> Sequence[Offered]:
        """Implement `Meetings.programme`."""
        return self.offered

    async def state(self, session: SessionId, /) -> State | None:
        """Implement `Meetings.state`."""
        if self.away:
            raise StorageUnavailable("The copies can't be read at the moment.")
        records = await self.hall.log.read(session, 0, 100_000)
        state = State(id=session)
        for record in records:
            if (is_public(record.header.lane) or of_hub(record.header.lane, "kisumu")) and record.body is not None:
                state = evolve(state, decode_event(record.body), record.header.at)
        return state if records else None

    async def notes(self, _: SessionId, /) -> Sequence[HubNote]:
        """Implement `Meetings.notes`."""
        return self.left

    async def checked(self, _: SessionId, /) -> bool:
        """Implement `Meetings.checked`."""
        return self.whole

    async def stuck(self) -> Sequence[Stuck]:
        """Implement `Meetings.stuck`."""
        return self.stopped

    async def fetch_again(self, session: SessionId, /) -> None:
        """Implement `Meetings.fetch_again`."""
        self.fetched.append(session)


class Meeting:
    """The session at the centre, and the way in which the server above carries out a hub's acts."""

    def __init__(self, hall: MemoryHall, live: LiveSession, outbox: MemoryOutbox) -> None:
        self.hall = hall
        self.live = live
        self.outbox = outbox
        self._acts = 0

    async def do(self, *commands: do.AnyCommand, actor: Actor = MODERATOR) -> None:
        """Carry out commands at the centre."""
        self._acts += 1
        answer = await self.live.writer.send(actor, CommandId(f"act-{self._acts}"), commands)
        assert isinstance(answer, Receipt), answer

    async def take(self) -> None:
        """Accept all questions that were passed on, as the server above would."""
        for put in self.outbox.of(AskAct):
            if self.outbox.standing[put.id].state is not ActState.WAITING or not isinstance(put.act, AskAct):
                continue
            asked = do.Ask(
                intervention=put.act.intervention,
                kind=put.act.kind,
                text=put.act.text,
                language=put.act.language,
                asker=put.act.asker,
                name=put.act.name,
                origin="hub:kisumu",
            )
            actor = Actor(Role.HUB, put.act.intervention, hub="kisumu")
            assert isinstance(await self.live.writer.send(actor, put.id, asked), Receipt)
            self.outbox.answer(put.id)

    async def stand(self, what: InterventionId, status: InterventionStatus, reason: str = "") -> None:
        """Set a question's status."""
        await self.do(do.SetStatus(interventions=(what,), status=status, reason=reason))

    async def remove(self, what: InterventionId) -> None:
        """Remove the words of a question for good."""
        removed = await self.live.writer.remove(SECRETARIAT, CommandId(f"remove-{what}"), Interventions((what,)))
        assert isinstance(removed, Receipt), removed


class Room:
    """A hub's room with its parts."""

    def __init__(self, hall: MemoryHall, live: LiveSession, book: MemoryBook, clock: Clock) -> None:
        self.hall = hall
        self.clock = clock
        self.book = book
        self.outbox = MemoryOutbox()
        self.meeting = Meeting(hall, live, self.outbox)
        self.meetings = FakeMeetings(hall)
        self.uplink = FakeUplink()
        self.wanted = FakeWanted()
        self.facts = HubFacts(name="kisumu", title="Kisumu", zone=UTC_ZONE, address="https://hall.example.org")
        self.free = 10 << 30
        self.doing: list[Summary] = []
        """The state of the texts, as the server above reported it."""
        self.reports = Reports(clock=clock, randomness=SeededRandomness(9), readers=lambda _: 12)
        self.local = RoomQuestions(self.parts)
        self.presence = RoomPresence(self.parts)
        self.hands = RoomHands(self.parts)
        self.opinions = RoomOpinions(self.parts, self.hands.box)
        self.voting: asyncio.Task[None] | None = None
        """The task that runs `hands`."""
        self.links = RoleLinks(book=book, clock=clock, randomness=SeededRandomness(4))

    @property
    def parts(self) -> RoomParts:
        """The ports of parts on this room's disk, as after a restart; tests have to `load` the parts."""
        return RoomParts(
            book=self.book,
            outbox=self.outbox,
            meetings=self.meetings,
            clock=self.clock,
            randomness=SeededRandomness(5),
            node=NODE,
            up=lambda: self.uplink.now.state is UplinkHealthState.GOOD,
        )

    async def vote_again(self) -> None:
        """Start counting votes anew from this room's disk, as after a restart; the previous counter stops."""
        if self.voting is not None:
            self.voting.cancel()
            await asyncio.wait([self.voting])
        self.hands = RoomHands(self.parts)
        await self.hands.load()
        self.opinions = RoomOpinions(self.parts, self.hands.box)
        await self.opinions.load()
        assert self.hall.group is not None
        self.voting = self.hall.group.create_task(self.hands.run())


@asynccontextmanager
async def room(*, opened: bool = True) -> AsyncIterator[Room]:
    """Run a room with an open meeting."""
    async with memory_hall() as hall:
        live = await hall.session(languages=("en", "pt"))
        made = Room(hall, live, MemoryBook(), hall.clock)
        await made.local.load()
        await made.presence.load()
        await made.vote_again()
        if opened:
            await made.meeting.do(do.OpenSession(), actor=SYSTEM)
        made.meetings.offered.append(
            Offered(session=S, title="Open hall", place="Hall A", begins=None, status=Status.OPEN)
        )
        yield made
        if made.voting is not None:
            made.voting.cancel()


class Browser:
    """A browser that reads the texts of pages."""

    def __init__(self, client: TestClient[web.Request, web.Application], cookies: dict[str, str] | None = None) -> None:
        self.client = client
        self.cookies = dict(cookies or {})

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"Accept-Language": "en", **({"Cookie": cookies} if cookies else {}), **more}

    async def get(self, path: str) -> tuple[int, str]:
        """Get a page; returns its status and its text, unescaped."""
        async with self.client.get(path, headers=self._headers({}), allow_redirects=False) as answer:
            assert answer.headers["Cache-Control"] in ("no-store", "no-cache")
            for name, value in answer.cookies.items():
                self.cookies[name] = value.value
            return answer.status, unescape(await answer.text())

    async def post(self, path: str, fields: dict[str, str], origin: str = ORIGIN) -> tuple[int, str, str]:
        """Send a form; returns the status, the redirect's address, and the page."""
        headers = self._headers({"Origin": origin, "Content-Type": "application/x-www-form-urlencoded"})
        async with self.client.post(
            path, data=urlencode(fields).encode(), headers=headers, allow_redirects=False
        ) as answer:
            return answer.status, answer.headers.get("Location", ""), unescape(await answer.text())

    async def ask(self, text: str, **fields: str) -> str:
        """Ask a question; returns the address of its author's page."""
        _, form = await self.get("/s/s/ask")
        found = re.search(r'name="id" value="(.+?)"', form)
        assert found is not None
        filled = {"id": found[1], "kind": "question", "text": text, "language": "en", **fields}
        status, where, page = await self.post("/s/s/ask", filled)
        assert status == 303, page
        return where

    async def act(self, act: str, **fields: str) -> tuple[int, str, str]:
        """Press a button of the desk; returns what `post` returns."""
        _, desk = await self.get("/desk")
        token = re.search(r'name="form" value="(.+?)"', desk)
        assert token is not None
        return await self.post("/desk", {"form": token[1], "session": "s", "act": act, **fields})


class OpenRoom:
    """A room with open doors."""

    def __init__(self, made: Room, client: TestClient[web.Request, web.Application], wall: LocalWall) -> None:
        self.room = made
        self.client = client
        self.wall = wall

    def browser(self, cookie: str = "") -> Browser:
        """Return the browser of somebody in the room."""
        return Browser(self.client, {COOKIE: cookie * 22} if cookie else {})

    async def coordinator(self) -> Browser:
        """Return the coordinator's browser."""
        _, token = await self.room.links.create(Role.HUB, HALL, "Kisumu")
        entered = await self.room.links.enter(token, "")
        assert isinstance(entered, Entered)
        return Browser(self.client, {STAFF_COOKIE: entered.key})


async def _untranslated(_: WantedTranslation) -> Refusal:
    return NO_WAY


def application(made: Room, origins: frozenset[str], *, public: str = ORIGIN) -> tuple[web.Application, LocalWall]:
    """Return the doors of a room, assembled as a hub does, and its wall."""
    clock, access = made.clock, ReaderAccess(made.hall.sessions)

    async def questions(wanted: SessionRequest, ui: Catalogue) -> AskedNow:
        state = await made.meetings.state(wanted.session)
        return AskedNow() if state is None else asked_now(state.questions, ("en",), lambda *_: (None, ""), ui)

    staff = StaffDoor(
        links=made.links,
        pages=PAGES,
        gate=AddressGate(clock, SeededRandomness(6)),
        room_of=lambda _: None,
        secure=False,
    )
    guard = FormGuard(SeededRandomness(7))
    staff_pages = StaffPages(pages=PAGES, guard=guard, staff=staff.staff, key_of=staff.key_of)
    wall = LocalWall(
        PAGES,
        made.local,
        meetings=made.meetings,
        clock=clock,
        snapshot_for_all=access.snapshot,
        questions_for_all=questions,
    )
    shown = DisplayDoor(
        PAGES,
        clock=clock,
        snapshot_of=wall.snapshot_of,
        public=public,
        questions=wall.questions,
        local_questions=wall.local_questions,
    )
    turn = YourTurn(PAGES, made.local, access.snapshot, TrustingVisitors(3))
    asking = room_doors(
        visitor_context(PAGES, clock, access.snapshot, seed=8),
        made.local,
        made.hands,
        made.opinions,
        facts=lambda: made.facts,
        channel_of=access.channel_of,
        translated=QuestionTranslationsDoor(
            visitor_context(PAGES, clock, access.snapshot, seed=9),
            QuestionTranslations(_untranslated, lambda _: False, clock=clock),
            questions_of=access.questions,
        ),
    )
    desk = CoordinatorDeskDoor(
        staff_pages,
        made.local,
        made.presence,
        meetings=made.meetings,
        wanted=made.wanted,
        uplink=made.uplink,
        wall=wall,
        facts=lambda: made.facts,
        clock=clock,
        zone=lambda: UTC_ZONE,
        free_bytes=lambda: made.free,
        told=lambda: ("http://10.0.0.7:8090", "http://127.0.0.1:8090"),
        doing=lambda _: made.doing,
        snapshot_of=access.snapshot,
        reports=made.reports,
    )
    app = web.Application(middlewares=[own_pages_only(PAGES, origins), staff.middleware()])
    readers = Readers(
        find=access.find,
        may_read=access.may_read,
        clock=clock,
        randomness=SeededRandomness(10),
        origins=origins,
    )
    strip = StatusBarDoor(PAGES, uplink=lambda: UplinkNow(state=UplinkStatus.GOOD), copy=lambda _: CopyNow())
    for door in (staff, *asking, desk, wall, shown, turn, strip, EventsDoor(readers)):
        app.add_routes(door.routes())
    app.router.add_get("/static/{version}/{name:.+}", _static)
    secure(app)
    return app, wall


async def _static(request: web.Request) -> web.Response:
    file = PAGES.static.get(request.match_info["name"])
    if file is None:
        raise web.HTTPNotFound
    return web.Response(body=file.body, headers={"Content-Type": file.type})


@asynccontextmanager
async def open_room(*, opened: bool = True) -> AsyncIterator[OpenRoom]:
    """Run a room with open doors."""
    async with room(opened=opened) as made:
        app, wall = application(made, frozenset({ORIGIN}))
        async with TestClient(TestServer(app), cookie_jar=DummyCookieJar()) as client:
            yield OpenRoom(made, client, wall)


def a_note(note: str, text: str, *, by: Role = Role.MODERATOR, at: int = 0, read: tuple[Role, ...] = ()) -> HubNote:
    """Return a note to or from the hub."""
    return HubNote(note=NoteId(note), hub="kisumu", by=by, text=text, at=at, read=read)
