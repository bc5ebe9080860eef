"""What the operator's commands request from the server: imports, a link to `/admin`, tokens, a second pass."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

import msgspec

from moothall.core.events.types import Access
from moothall.core.kernel.actors import OPERATOR, Actor, Role
from moothall.core.kernel.errors import ProgrammeError
from moothall.core.kernel.times import UTC_ZONE
from moothall.core.programme.changes import Change, without_language
from moothall.core.programme.drafts import CalendarReader, FileContext, languages_in
from moothall.core.programme.plan import Planned, Timetable
from moothall.core.programme.reading import read_programme
from moothall.core.programme.times import Zones
from moothall.core.retention.listing import DueList
from moothall.core.tokens.scopes import TokenScope
from moothall.record.imports.acts import ImportAct, PastMeeting
from moothall.services.programme.importing import carry_out, clashes_after, in_zone, preview, zone_after
from moothall.services.programme.past_records import ImportBegun, PastRecords, PublishOrder
from moothall.services.programme.programme import Programme
from moothall.services.proposals.proposing import Proposals, ProposeOrder
from moothall.services.proposals.refining import Refined, RefineOrder, refine
from moothall.services.sessions.link_terms import HOUR_MS, LinkTerms
from moothall.services.sessions.role_links import RoleLinks
from moothall.services.sessions.sessions import Sessions
from moothall.services.sessions.staff import HALL, Staff, opens_admin
from moothall.services.tokens.program_tokens import ProgramToken, ProgramTokens


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What an import would change; or, once it was applied, what it has changed."""

    title: str
    changes: tuple[Change, ...]
    zone: str = UTC_ZONE.name
    """Name of the conference's time zone after the import."""
    notes: tuple[str, ...] = ()
    clashes: tuple[tuple[Planned, Planned], ...] = ()
    """Pairs of sessions that would overlap in a room."""
    done: int | None = None
    refused: tuple[str, ...] = ()


class AdminLinkOrder(msgspec.Struct, frozen=True, kw_only=True):
    """The terms of a link to `/admin` that the operator makes."""

    hours: float = 0
    """The number of hours until it expires; 0: never."""
    one_browser: bool = False
    without_sign_in: bool = False
    """Whether it opens `/admin` even where that requires a sign-in."""


class TokenOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A token of a program that the operator makes."""

    label: str
    scopes: tuple[TokenScope, ...]
    days: int
    """How long it lives."""


UNLIMITED = AdminLinkOrder()


class Proposed(msgspec.Struct, frozen=True, kw_only=True):
    """The result of handing over proposals."""

    kept: int
    """The number of proposals that wait for a decision."""
    address: str
    """The page on which the staff decide on them."""


@dataclass(eq=False, kw_only=True, repr=False)
class Office:
    """Carries out operator's commands, received over the local door, or called directly while no server runs."""

    programme: Programme
    sessions: Sessions
    links: RoleLinks
    tokens: ProgramTokens
    proposals: Proposals
    due: Callable[[], Awaitable[DueList]]
    """Returns what is listed to be removed, as it is due."""
    public: str
    zones: Zones
    calendar: CalendarReader
    language_names: Callable[[], Mapping[str, str]]
    """Returns the names of languages (`FileContext`); called when a file is read."""

    async def import_programme(
        self, data: bytes, *, zone: str, access: Access, apply: bool, languages: str = "", by: str = OPERATOR
    ) -> ImportReport:
        """Report what a file would change, or with `apply` carry it out. `zone` applies to times without one; empty:
        the conference's zone. `by`: the pseudonym of whoever imports it.

        `languages` (such as `en, fr`) are used for sessions that name none; without them such sessions are not created.
        Raises ProgrammeError and StorageUnavailable.
        """
        meant = self.zones(zone) if zone else self.programme.zone().rules
        if meant is None:
            msg = f"The time zone '{zone[:60]}' is not known here; write it as Africa/Nairobi, or install tzdata."
            raise ProgrammeError(msg)
        wanted = in_zone(self.programme, await asyncio.to_thread(self._read, data, meant, languages), zone)
        found = preview(self.programme, wanted)
        asked = _ask_language(without_language(found))
        if apply and asked:
            raise ProgrammeError(asked)
        report = ImportReport(
            title=wanted.title,
            changes=found,
            zone=zone_after(self.programme, wanted, self.zones).name,
            notes=(*wanted.notes, asked) if asked else wanted.notes,
            clashes=clashes_after(self.programme, wanted),
        )
        if not apply:
            return report
        imported = await carry_out(self.programme, wanted, access=access, by=by)
        return msgspec.structs.replace(report, done=imported.done, refused=imported.refused)

    def _read(self, data: bytes, zone: tzinfo, languages: str) -> Timetable:
        names = self.language_names()
        spoken = languages_in(languages, "--languages", names)
        reading = FileContext(
            zones=self.zones, calendar=self.calendar, zone=zone, languages=spoken, language_names=names
        )
        return read_programme(data, reading)

    async def admin_link(self, *, new: bool, order: AdminLinkOrder = UNLIMITED) -> str | None:
        """The address of a link to `/admin`: created when there is none, replaced when `new`; None when one exists
        already.

        With `order.without_sign_in` another link is always created. An address can't be shown again. Raises NoLink and
        StorageUnavailable.
        """
        terms = LinkTerms(
            expires=self.programme.now() + round(order.hours * HOUR_MS) if order.hours else 0,
            one_browser=order.one_browser,
            without_sign_in=order.without_sign_in,
        )
        known = next((each for each in self.links.list() if self._is_admin_link(each)), None)
        if order.without_sign_in:
            known = None
        elif known is not None and not new:
            return None
        if known is None:
            _, token = await self.links.create(Role.SECRETARIAT, HALL, "", terms)
        else:
            token = await self.links.replace(known.link, terms)
        return f"{self.public}/enter/{token}"

    async def make_token(self, order: TokenOrder) -> str:
        """Make a token of a program; return its secret. Raises NoLink and StorageUnavailable."""
        _, secret = await self.tokens.create(order.label, order.scopes, order.days)
        return secret

    async def list_tokens(self) -> tuple[ProgramToken, ...]:
        """All tokens of programs, the oldest first."""
        return self.tokens.list()

    async def revoke_token(self, name: str) -> None:
        """End a token. Raises NoLink when there is none of that id, and StorageUnavailable."""
        await self.tokens.revoke(name)

    def _is_admin_link(self, staff: Staff) -> bool:
        return opens_admin(staff) and not self.links.terms(staff.link).without_sign_in

    async def begin_import(self, meeting: PastMeeting) -> ImportBegun:
        """Make the session of a file about a past meeting (`PastRecords.begin`)."""
        return await PastRecords(self.programme).begin(meeting)

    async def import_part(self, act: ImportAct) -> None:
        """Carry out a part of an import (`PastRecords.act`)."""
        await PastRecords(self.programme).act(act)

    async def publish_record(self, order: PublishOrder) -> None:
        """State on what ground an imported session may be read (`PastRecords.publish`)."""
        await PastRecords(self.programme).publish(order)

    async def list_due(self) -> DueList:
        """What is listed to be removed, as it is due. Raises StorageUnavailable."""
        return await self.due()

    async def refine(self, order: RefineOrder) -> Refined:
        """Apply proposals of a second pass to a session's log. Raises as `propose`."""
        live = None if order.through is None else await self.sessions.find(order.session)
        if live is not None and order.through is not None:
            await self.proposals.check(live.writer, order.through)
        return await refine(
            self.sessions,
            order,
            Actor(Role.SECRETARIAT, OPERATOR),
            lambda proposal: self.proposals.holds(order.session, proposal),
        )

    async def propose(self, order: ProposeOrder) -> Proposed:
        """Store proposals of a second pass until the staff have decided on them.

        Raises ProposalsRefused, StorageUnavailable and RecordBroken.
        """
        kept = await self.proposals.keep(order)
        return Proposed(kept=kept, address=f"{self.public}/desk/{order.session}/refinements")


def _ask_language(titles: Sequence[str]) -> str:
    """The request to give languages for sessions that name none; empty where all do."""
    if not titles:
        return ""
    some = ", ".join(f"“{title[:60]}”" for title in titles[:3]) + (" and others" if len(titles) > 3 else "")
    return f"{len(titles)} new sessions name no language ({some}): say what is spoken there, such as --languages en,fr."
