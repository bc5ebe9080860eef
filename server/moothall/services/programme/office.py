"""What the operator's commands ask of the house: an import, the link to `/admin`, and what a second pass proposes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
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
from moothall.services.programme.importing import carry_out, clashes_after, in_zone, preview, zone_after
from moothall.services.programme.programme import Programme
from moothall.services.proposals.proposing import Proposals, ProposeOrder
from moothall.services.proposals.refining import Refined, RefineOrder, refine
from moothall.services.sessions.link_terms import HOUR_MS, LinkTerms
from moothall.services.sessions.role_links import RoleLinks
from moothall.services.sessions.sessions import Sessions
from moothall.services.sessions.staff import HALL, Staff, opens_admin


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What an import would change, or what became of it."""

    title: str
    changes: tuple[Change, ...]
    zone: str = UTC_ZONE.name
    """The conference's time zone with the file's word taken, by its name."""
    notes: tuple[str, ...] = ()
    clashes: tuple[tuple[Planned, Planned], ...] = ()
    """Sessions that would be in one room at the same time."""
    done: int | None = None
    refused: tuple[str, ...] = ()


class AdminLinkOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What limits a link to `/admin` that the operator makes."""

    hours: float = 0
    """After so many it expires; 0: never."""
    one_browser: bool = False
    without_sign_in: bool = False
    """Whether it opens `/admin` also where that demands a sign-in."""


UNLIMITED = AdminLinkOrder()


class Proposed(msgspec.Struct, frozen=True, kw_only=True):
    """What became of proposals that were handed over."""

    kept: int
    """How many wait for somebody who decides on them."""
    address: str
    """The page where that is done."""


@dataclass(eq=False, kw_only=True, repr=False)
class Office:
    """Answers them, over the local door or directly while no server runs."""

    programme: Programme
    sessions: Sessions
    links: RoleLinks
    proposals: Proposals
    public: str
    zones: Zones
    calendar: CalendarReader
    language_names: Callable[[], Mapping[str, str]]
    """Finds what languages are called (`FileContext`); it is asked when a file is read."""

    async def import_programme(
        self, data: bytes, *, zone: str, access: Access, apply: bool, languages: str = ""
    ) -> ImportReport:
        """Say what a file would change, or change it. `zone` is of times that name none; empty is the conference's.

        `languages` are spoken in sessions that name none, such as `en, fr`; without them none of those is made.
        Raises ProgrammeError, StorageUnavailable.
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
        imported = await carry_out(self.programme, wanted, access=access, by=OPERATOR)
        return msgspec.structs.replace(report, done=imported.done, refused=imported.refused)

    def _read(self, data: bytes, zone: tzinfo, languages: str) -> Timetable:
        names = self.language_names()
        spoken = languages_in(languages, "--languages", names)
        reading = FileContext(
            zones=self.zones, calendar=self.calendar, zone=zone, languages=spoken, language_names=names
        )
        return read_programme(data, reading)

    async def admin_link(self, *, new: bool, order: AdminLinkOrder = UNLIMITED) -> str | None:
        """The address of a link to `/admin`: made when there is none, replaced when `new`; None when there is one.

        One without a sign-in is always another. It can't be looked up again. Raises NoLink, StorageUnavailable.
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

    def _is_admin_link(self, staff: Staff) -> bool:
        return opens_admin(staff) and not self.links.terms(staff.link).without_sign_in

    async def refine(self, order: RefineOrder) -> Refined:
        """Put what a second pass proposed into a session's log. Raises StorageUnavailable, RecordBroken."""
        return await refine(
            self.sessions,
            order,
            Actor(Role.SECRETARIAT, OPERATOR),
            lambda proposal: self.proposals.holds(order.session, proposal),
        )

    async def propose(self, order: ProposeOrder) -> Proposed:
        """Keep what a second pass found until the staff have decided on it.

        Raises ProposalsRefused, StorageUnavailable, RecordBroken.
        """
        kept = await self.proposals.keep(order)
        return Proposed(kept=kept, address=f"{self.public}/desk/{order.session}/refinements")


def _ask_language(titles: Sequence[str]) -> str:
    """What is to be said of sessions that name no language; empty where all do."""
    if not titles:
        return ""
    some = ", ".join(f"“{title[:60]}”" for title in titles[:3]) + (" and others" if len(titles) > 3 else "")
    return f"{len(titles)} new sessions name no language ({some}): say what is spoken there, such as --languages en,fr."
