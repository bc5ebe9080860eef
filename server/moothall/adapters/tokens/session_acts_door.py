"""`/api/sessions`: make, change, open, close and seal sessions with a token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from aiohttp import web

from moothall.adapters.tokens.gate import NoBody, ProgramAct, ProgramProblem, TokenGate, refused
from moothall.core import commands as do
from moothall.core.events.types import Access, SealVersion, SoundKept, VoiceUse
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.errors import NO_SESSION, Refusal
from moothall.core.kernel.ids import SessionId, is_name
from moothall.core.kernel.languages import is_short_language
from moothall.core.programme.changes import MeetingPlan
from moothall.core.programme.plan import Planned, RoomId
from moothall.core.sessions.state import ON, Status
from moothall.core.tokens.scopes import TokenScope
from moothall.services.programme.meeting_plan import (
    LONGEST_MS,
    Differing,
    change_meeting,
    plan_of,
    two_in_a_room,
)
from moothall.services.programme.programme import Programme
from moothall.services.sessions.catalogue import Entry
from moothall.services.tokens.program_tokens import ProgramToken

LONGEST_TITLE = 500
MOST_LANGUAGES = 12

Title = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_TITLE)]
Languages = Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=MOST_LANGUAGES)]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class NewSession(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A session to be made."""

    title: Title
    languages: Languages
    """What is spoken, BCP 47, the one that is expected first."""
    room: str | None = None
    """Id of a room of the programme."""
    starts: Instant | None = None
    """When it is planned to begin, ISO 8601 with an offset."""
    ends: Instant | None = None
    access: Access = Access.PUBLIC
    """Who may read it."""
    sound: SoundKept = SoundKept.UNTIL_CHECKED
    """What is kept of its sound."""
    young_people: bool = False
    """Whether young people take part: then no names are taken over, no sound is kept, and no voice is measured."""
    voice_use: VoiceUse = VoiceUse.ALLOWED
    """What is measured of voices, within `[voices]` of the settings."""


class SessionChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be changed in a session. A field that is missing stays as it is."""

    title: Title | msgspec.UnsetType = msgspec.UNSET
    languages: Languages | msgspec.UnsetType = msgspec.UNSET
    room: str | msgspec.UnsetType | None = msgspec.UNSET
    starts: Instant | msgspec.UnsetType | None = msgspec.UNSET
    ends: Instant | msgspec.UnsetType | None = msgspec.UNSET
    access: Access | msgspec.UnsetType = msgspec.UNSET
    sound: SoundKept | msgspec.UnsetType = msgspec.UNSET
    voice_use: VoiceUse | msgspec.UnsetType = msgspec.UNSET


class SealOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which version of a record is complete."""

    version: SealVersion


class SealFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a record that is complete."""

    version: SealVersion
    n: int
    at: Instant


class SessionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A session as it stands."""

    session: str
    title: str
    languages: tuple[str, ...]
    status: Status
    access: Access
    room: str | None
    starts: Instant | None
    """When it is planned to begin."""
    ends: Instant | None
    opened: Instant | None
    closed: Instant | None
    cancelled: bool
    seals: tuple[SealFacts, ...]
    address: str
    """Of its page."""


class SessionList(msgspec.Struct, frozen=True, kw_only=True):
    """All sessions, by id."""

    sessions: tuple[SessionFacts, ...]


_ANYWAY = (("anyway", "`1` opens it though another session is on in its room."),)
LIST = ProgramAct(
    "GET", "/api/sessions", "listSessions", "All sessions, public or not, and how they stand.", TokenScope.SESSIONS,
    NoBody, SessionList, refusals=(),
)  # fmt: skip
SHOW = ProgramAct(
    "GET", "/api/sessions/{session}", "showSession", "How a session stands.", TokenScope.SESSIONS,
    NoBody, SessionFacts, refusals=(404,),
)  # fmt: skip
MAKE = ProgramAct(
    "PUT", "/api/sessions/{session}", "makeSession",
    "Make a session of this id. Sent again it changes nothing; 409 where another session has the id.",
    TokenScope.SESSIONS, NewSession, SessionFacts, refusals=(400, 409),
)  # fmt: skip
CHANGE = ProgramAct(
    "PATCH", "/api/sessions/{session}", "changeSession", "Change the plan of a session.", TokenScope.SESSIONS,
    SessionChange, SessionFacts,
)  # fmt: skip
OPEN = ProgramAct(
    "POST", "/api/sessions/{session}/open", "openSession",
    "Open a session: its text begins. Nothing changes where it is on.", TokenScope.SESSIONS,
    NoBody, SessionFacts, query=_ANYWAY, refusals=(404, 409),
)  # fmt: skip
CLOSE = ProgramAct(
    "POST", "/api/sessions/{session}/close", "closeSession",
    "Close a session, after its last words have come. Nothing changes where it is closed.",
    TokenScope.SESSIONS, NoBody, SessionFacts, refusals=(404, 409),
)  # fmt: skip
REOPEN = ProgramAct(
    "POST", "/api/sessions/{session}/reopen", "reopenSession",
    "Open a closed session again. Nothing changes where it is on.", TokenScope.SESSIONS,
    NoBody, SessionFacts, query=_ANYWAY, refusals=(404, 409),
)  # fmt: skip
SEAL = ProgramAct(
    "POST", "/api/sessions/{session}/seal", "sealRecord", "Seal a version of a closed session's record.",
    TokenScope.RECORD, SealOrder, SessionFacts,
)  # fmt: skip
ACTS = (LIST, SHOW, MAKE, CHANGE, OPEN, CLOSE, REOPEN, SEAL)


@dataclass(eq=False, repr=False, kw_only=True)
class SessionActsDoor:
    """Handlers of `/api/sessions`. `entries`: all sessions; `public`: the server's public address."""

    gate: TokenGate
    programme: Programme
    entries: Callable[[], Awaitable[Sequence[Entry]]]
    public: str

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            self.gate.route(LIST, self.list),
            self.gate.route(SHOW, self.show),
            self.gate.route(MAKE, self.make),
            self.gate.route(CHANGE, self.change),
            self.gate.route(OPEN, self.open),
            self.gate.route(CLOSE, self.close),
            self.gate.route(REOPEN, self.reopen),
            self.gate.route(SEAL, self.seal),
        ]

    async def list(self, _request: web.Request, _token: ProgramToken, _: NoBody) -> SessionList:
        """All sessions but those that were just deleted."""
        gone = {each.session for each in self.programme.deleted()}
        known = [each for each in await self.entries() if each.status is not Status.ABSENT]
        return SessionList(sessions=tuple(self._facts(each) for each in known if each.session not in gone))

    async def show(self, request: web.Request, _token: ProgramToken, _: NoBody) -> SessionFacts:
        """One session."""
        return await self._now(session_named(request))

    async def make(self, request: web.Request, token: ProgramToken, wanted: NewSession) -> SessionFacts:
        """Make a session, or find that it is there as wanted."""
        name = session_named(request)
        plan = MeetingPlan(
            title=" ".join(wanted.title.split()),
            languages=wanted.languages,
            room=self._room(wanted.room),
            starts=milliseconds(wanted.starts),
            ends=milliseconds(wanted.ends),
            access=wanted.access,
            sound=SoundKept.NONE if wanted.young_people else wanted.sound,
            voice_use=VoiceUse.NONE if wanted.young_people else wanted.voice_use,
        )
        _check(plan.languages, plan.starts, plan.ends)
        planned = made_of(Planned, plan, session=name)
        async with self.programme.changing:
            there, live = await self._known(name), await self.programme.live(name)
            if there is not None and live is not None:
                # The server ended, or its disk was full, after its log began and before its plan was stored.
                unfinished = self.programme.plan_of(name) is None and live.state.status is Status.CREATED
                before = plan_of(planned if unfinished else there, live.state)
                if (before, live.state.young_people) != (plan, wanted.young_people):
                    raise ProgramProblem(409, "Another session has this id. Change it, or choose another id.")
                if not unfinished:
                    return await self._now(name)
            made = await self.programme.make(
                planned,
                access=wanted.access,
                sound=wanted.sound,
                young_people=wanted.young_people,
                voice_use=wanted.voice_use,
                by=token.id,
            )
        if isinstance(made, Refusal):
            raise refused(made)
        return await self._now(name)

    async def change(self, request: web.Request, token: ProgramToken, wanted: SessionChange) -> SessionFacts:
        """Change what is given."""
        name = session_named(request)
        planned, live = await self._known(name), await self.programme.live(name)
        if planned is None or live is None:
            raise refused(NO_SESSION)
        before = plan_of(planned, live.state)
        fields = {
            each: value for each in wanted.__struct_fields__ if (value := getattr(wanted, each)) is not msgspec.UNSET
        }
        for each in ("starts", "ends"):
            if each in fields:
                fields[each] = milliseconds(fields[each])
        if "room" in fields:
            fields["room"] = self._room(fields["room"])
        after = msgspec.structs.replace(before, **fields)
        _check(after.languages, after.starts, after.ends)
        done = await change_meeting(self.programme, name, before, after, by=token.id)
        if isinstance(done, Refusal):
            raise refused(done)
        if isinstance(done, Differing):
            raise ProgramProblem(409, "Somebody else has changed the same meanwhile, and nothing was saved.")
        return await self._now(name)

    async def open(self, request: web.Request, token: ProgramToken, _: NoBody) -> SessionFacts:
        """Open a session that has not begun, or find that it is on."""
        return await self._begin(request, token, do.OpenSession())

    async def reopen(self, request: web.Request, token: ProgramToken, _: NoBody) -> SessionFacts:
        """Open a session that was closed, or find that it is on."""
        return await self._begin(request, token, do.ReopenSession())

    async def _begin(self, request: web.Request, token: ProgramToken, command: do.AnyCommand) -> SessionFacts:
        name = session_named(request)
        if (now := await self._now(name)).status in ON:
            return now
        other = None if request.query.get("anyway") == "1" else two_in_a_room(self.programme, name)
        if other is not None:
            raise ProgramProblem(409, "Another session is on in its room. Close that first, or send `anyway=1`.")
        return await self._send(name, token, command)

    async def close(self, request: web.Request, token: ProgramToken, _: NoBody) -> SessionFacts:
        """Close a session, or find that it is closed."""
        now = await self._now(name := session_named(request))
        return now if now.status is Status.CLOSED else await self._send(name, token, do.CloseSession())

    async def seal(self, request: web.Request, token: ProgramToken, order: SealOrder) -> SessionFacts:
        """Seal a record."""
        return await self._send(session_named(request), token, do.SealRecord(version=order.version))

    async def _send(self, name: SessionId, token: ProgramToken, command: do.AnyCommand) -> SessionFacts:
        if await self._known(name) is None:
            raise refused(NO_SESSION)
        answer = await self.programme.send(name, command, by=token.id)
        if answer is not None:
            raise refused(answer)
        return await self._now(name)

    async def _known(self, name: SessionId) -> Planned | None:
        planned = await self.programme.known(name)
        return None if planned is None or planned.deleted is not None else planned

    async def _now(self, name: SessionId) -> SessionFacts:
        entry = next((each for each in await self.entries() if each.session == name), None)
        if entry is None or entry.status is Status.ABSENT or await self._known(name) is None:
            raise refused(NO_SESSION)
        return self._facts(entry)

    def _facts(self, entry: Entry) -> SessionFacts:
        planned = self.programme.plan_of(entry.session)
        return SessionFacts(
            session=entry.session,
            title=entry.title,
            languages=entry.languages,
            status=entry.status,
            access=entry.access,
            room=None if planned is None else planned.room,
            starts=None if planned is None else moment_of(planned.starts),
            ends=None if planned is None else moment_of(planned.ends),
            opened=moment_of(entry.opened),
            closed=moment_of(entry.closed),
            cancelled=entry.cancelled is not None,
            seals=tuple(SealFacts(version=each.version, n=each.n, at=_at(each.at)) for each in entry.seals),
            address=f"{self.public}/s/{entry.session}",
        )

    def _room(self, name: str | None) -> RoomId | None:
        if name is None:
            return None
        if self.programme.room(RoomId(name)) is None:
            raise ProgramProblem(400, "There is no such room in the programme.")
        return RoomId(name)


def session_named(request: web.Request) -> SessionId:
    """The session of an act's path. Raises ProgramProblem."""
    name = request.match_info["session"]
    if not is_name(name):
        raise ProgramProblem(400, "An id has 1 to 64 of a-z, 0-9, -, _ and ., and begins with a letter or a digit.")
    return SessionId(name)


def _check(languages: Sequence[str], starts: int | None, ends: int | None) -> None:
    if wrong := [tag for tag in languages if not is_short_language(tag)]:
        raise ProgramProblem(400, f"Not known as a language: {wrong[0][:35]}. Write it as en or pt-BR.")
    if ends is not None and (starts is None or not 0 < ends - starts <= LONGEST_MS):
        raise ProgramProblem(400, "A session must end after it starts, and within a week.")


def milliseconds(moment: datetime | None) -> int | None:
    """A moment in Unix ms."""
    return None if moment is None else round(moment.timestamp() * 1000)


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def moment_of(ms: int | None) -> datetime | None:
    """Unix ms as a moment, in UTC."""
    return None if ms is None else _at(ms)
