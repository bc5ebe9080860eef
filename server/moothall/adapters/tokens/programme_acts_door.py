"""`/api/programme` and `/api/links`: import a conference file, and make the role links of a day, with a token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

import msgspec
from aiohttp import web

from moothall.adapters.admin.link_sheets import LinkSheets
from moothall.adapters.admin.meeting_list import all_meetings
from moothall.adapters.tokens.gate import ProgramAct, ProgramProblem, TokenGate
from moothall.adapters.tokens.session_acts_door import Instant, milliseconds, moment_of
from moothall.core.events.types import Access
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import ProgrammeError
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.changes import ChangeKind
from moothall.core.programme.plan import Planned
from moothall.core.sessions.state import Status
from moothall.core.tokens.scopes import TokenScope
from moothall.services.programme.links_of_sessions import FOR_SESSIONS, MOST_AT_ONCE, wanted_links
from moothall.services.programme.office import Office
from moothall.services.programme.programme import Programme
from moothall.services.sessions.catalogue import Entry
from moothall.services.sessions.link_terms import LinkTerms
from moothall.services.sessions.role_links import RoleLinks
from moothall.services.sessions.staff import LONGEST_LABEL, Staff
from moothall.services.tokens.program_tokens import ProgramToken

MOST_ROLES = len(FOR_SESSIONS)


class ProgrammeChange(msgspec.Struct, frozen=True, kw_only=True):
    """A difference between the programme and the file."""

    kind: ChangeKind
    session: str | None
    room: str | None
    title: str


class ProgrammeClash(msgspec.Struct, frozen=True, kw_only=True):
    """Two sessions that would be in one room at the same time."""

    room: str | None
    sessions: tuple[str, ...]


class ProgrammeImport(msgspec.Struct, frozen=True, kw_only=True):
    """What an import would change; or, once it was carried out, what it has changed."""

    title: str
    zone: str
    """The conference's time zone after the import."""
    changes: tuple[ProgrammeChange, ...]
    notes: tuple[str, ...]
    """Sentences on what was left out, and why."""
    clashes: tuple[ProgrammeClash, ...]
    done: int | None
    """How many changes were made; null where it was only looked at."""
    refused: tuple[str, ...]
    """A sentence for each session that could not be changed."""


class LinksOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which role links are wanted. Sessions that are over or cancelled get none."""

    roles: Annotated[tuple[Role, ...], msgspec.Meta(min_length=1, max_length=MOST_ROLES)]
    """Of technician, captioner, interpreter, moderator, chair, rapporteur and reader."""
    day: date | None = None
    """Only sessions that are planned to begin on this day, by the conference's clock."""
    sessions: tuple[str, ...] | None = None
    """Only these sessions."""
    by_room: bool = False
    """One link for each room, in place of one for each session."""
    label: Annotated[str, msgspec.Meta(max_length=LONGEST_LABEL)] = ""
    """Who gets them, for the list of links."""
    expires: Instant | None = None
    with_session: bool = False
    """Whether they end some hours after their session's close."""
    one_browser: bool = False
    """Whether only the first browser that opens one may use it."""
    again: bool = False
    """Make them also where a good one of the same role and session or room is there."""


class MadeLink(msgspec.Struct, frozen=True, kw_only=True):
    """A role link that was made."""

    link: str
    """Id of the link, which is no secret."""
    role: Role
    good_for: str
    """`session:ID` or `room:ID`."""
    label: str
    expires: Instant | None
    address: str
    """The address to hand out: it holds the secret, and can't be had again."""


class ThereLink(msgspec.Struct, frozen=True, kw_only=True):
    """A link that was there already."""

    link: str
    role: Role
    good_for: str
    label: str


class LinksAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The links that were made, and those that were there already and were left alone."""

    made: tuple[MadeLink, ...]
    there: tuple[ThereLink, ...]


IMPORT = ProgramAct(
    "POST", "/api/programme", "importProgramme",
    "Look at a conference file (CSV, frab XML or JSON, iCalendar), or import it. It can be sent again at any time.",
    TokenScope.PROGRAMME, bytes, ProgrammeImport,
    query=(
        ("apply", "`1` makes the changes; without it they are only said."),
        ("zone", "Time zone of times that name none, such as Africa/Nairobi; the conference's unless given."),
        ("access", "Who may read the new sessions: public, link or staff; public unless given."),
        ("languages", "What is spoken in sessions that name none, such as `en,fr`."),
    ),
    refusals=(400, 413),
)  # fmt: skip
LINKS = ProgramAct(
    "POST", "/api/links", "makeLinks", "Make the role links that are missing, such as those of a day.",
    TokenScope.LINKS, LinksOrder, LinksAnswer, refusals=(400, 409),
)  # fmt: skip
ACTS = (IMPORT, LINKS)


@dataclass(eq=False, repr=False, kw_only=True)
class ProgrammeActsDoor:
    """Handlers of `/api/programme` and `/api/links`. `entries`: all sessions."""

    gate: TokenGate
    programme: Programme
    office: Office
    links: RoleLinks
    sheets: LinkSheets
    entries: Callable[[], Awaitable[Sequence[Entry]]]

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [self.gate.route(IMPORT, self.import_programme), self.gate.route(LINKS, self.make_links)]

    async def import_programme(self, request: web.Request, token: ProgramToken, file: bytes) -> ProgrammeImport:
        """Say what a file would change, or change it."""
        try:
            access = Access(request.query.get("access", Access.PUBLIC))
        except ValueError as error:
            raise ProgramProblem(400, f"`access` is one of {', '.join(Access)}.") from error
        try:
            told = await self.office.import_programme(
                file,
                zone=request.query.get("zone", ""),
                access=access,
                apply=request.query.get("apply") == "1",
                languages=request.query.get("languages", ""),
                by=token.id,
            )
        except ProgrammeError as error:
            raise ProgramProblem(400, str(error)) from error
        return ProgrammeImport(
            title=told.title,
            zone=told.zone,
            changes=tuple(
                ProgrammeChange(kind=each.kind, session=each.session, room=each.room, title=each.title)
                for each in told.changes
            ),
            notes=told.notes,
            clashes=tuple(
                ProgrammeClash(room=one.room, sessions=(one.session, other.session)) for one, other in told.clashes
            ),
            done=told.done,
            refused=told.refused,
        )

    async def make_links(self, _request: web.Request, _token: ProgramToken, order: LinksOrder) -> LinksAnswer:
        """Make the links that are missing. None is made where there would be too many."""
        if strange := [role for role in order.roles if role not in FOR_SESSIONS]:
            raise ProgramProblem(400, f"No link of the role {strange[0]} is made here: {', '.join(FOR_SESSIONS)}.")
        expires = milliseconds(order.expires) or 0
        if expires and expires <= self.programme.now():
            raise ProgramProblem(400, "A link has to expire later than now.")
        terms = LinkTerms(expires=expires, with_session=order.with_session, one_browser=order.one_browser)
        known = {each.session: each for each in await self.entries() if each.status is not Status.ABSENT}
        wanted = wanted_links(
            [(each, known[each.session].access) for each in self._meant(order, known)],
            [role for role in FOR_SESSIONS if role in order.roles],
            label=order.label,
            terms=terms,
            by_room=order.by_room,
        )
        if len(wanted) > MOST_AT_ONCE:
            raise ProgramProblem(409, f"These would be {len(wanted)} links. At most {MOST_AT_ONCE} are made at once.")
        async with self.links.making:
            lacking, there = self.links.lacking(wanted)
            made = await self.links.create_all(wanted if order.again else lacking)
        return LinksAnswer(
            made=tuple(self._made(staff, secret) for staff, secret in made),
            there=()
            if order.again
            else tuple(
                ThereLink(link=each.link, role=each.role, good_for=each.scope, label=each.label) for each in there
            ),
        )

    def _meant(self, order: LinksOrder, known: Mapping[SessionId, Entry]) -> list[Planned]:
        """The sessions for which links are wanted. Raises ProgramProblem for one that isn't there."""
        if order.sessions is not None and (strange := [each for each in order.sessions if each not in known]):
            raise ProgramProblem(400, f"There is no session {strange[0][:64]} here.")
        zone = self.programme.zone()
        return [
            each
            for each in all_meetings(known, self.programme)
            if each.session in known
            and known[each.session].status is not Status.CLOSED
            and not each.cancelled
            and (order.sessions is None or each.session in order.sessions)
            and (order.day is None or (each.starts is not None and zone.at(each.starts).date() == order.day))
        ]

    def _made(self, staff: Staff, secret: str) -> MadeLink:
        return MadeLink(
            link=staff.link,
            role=staff.role,
            good_for=staff.scope,
            label=staff.label,
            expires=moment_of(self.links.ends(staff.link)),
            address=self.sheets.address(staff, secret),
        )
