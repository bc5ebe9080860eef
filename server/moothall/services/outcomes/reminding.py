"""Reminds those who write reports of the deadline, by e-mail.

Their addresses are in the book alone, in no log and no backup: they go when the report is published or the role link is
revoked, and at the latest `KEPT_MS` after its deadline. Of the nodes of a house only the keeper reminds: a reminder is
claimed in the book, which refuses what a former keeper writes, before it is mailed. What the mail server doesn't take
is tried again as other sendings are (`core/webhooks/hooks.py`), also after a restart.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass

import msgspec

from moothall.core.events.outcome_parts import ReportStage
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.times import Zone
from moothall.core.outcomes.reminders import reminder
from moothall.core.outcomes.report import Report
from moothall.core.ports import Book, BookEntry, Clock
from moothall.core.webhooks.hooks import Tried
from moothall.services.outcomes.sending import Letter, Mailer

logger = logging.getLogger(__name__)

NAMESPACE = "rapporteur-address"
MOST_ADDRESSES = 5_000
"""Addresses of a house. Overflow: the next ones are not kept, and `assign` says so."""
KEPT_MS = 30 * 86_400_000
"""How long an address is kept after the deadline."""
LOOK_MS = 30_000
"""How often is looked for what is due."""


class Reminder(Tried, frozen=True, kw_only=True):
    """A reminder that waits to be sent."""

    days: int
    """How many days before the deadline; 0: on its day."""


class RapporteurAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody who writes a report is reminded, and what came of it."""

    session: SessionId
    link: str
    """Their link."""
    address: str
    language: str
    """BCP-47 tag of the interface in which they are written to."""
    due: int
    """The deadline, Unix ms."""
    since: int
    """When address and deadline were entered, Unix ms."""
    begun: tuple[int, ...] = ()
    """The reminders that were begun, by their days before the deadline: each is begun once."""
    waiting: Reminder | None = None
    sent: int | None = None
    """When the last reminder was taken by the mail server, Unix ms."""
    failed: int | None = None
    """When the last attempt failed, Unix ms; None where the mail server took it."""
    failure: str = ""
    """Why."""


@dataclass(eq=False, repr=False)
class RapporteurAddresses:
    """All addresses. Call `load` first."""

    _: KW_ONLY
    book: Book
    clock: Clock
    most: int = MOST_ADDRESSES

    def __post_init__(self) -> None:
        # Bound: MOST_ADDRESSES.
        self._known: dict[str, RapporteurAddress] = {}
        # Serialises changes. Bound: the requests that wait for an answer.
        self._changing = asyncio.Lock()

    async def load(self) -> None:
        """Read the book. Raises StorageUnavailable."""
        decode = msgspec.json.Decoder(RapporteurAddress).decode
        self._known = {key: decode(body) for key, body in (await self.book.read(NAMESPACE)).items()}

    def all(self) -> Sequence[RapporteurAddress]:
        """All addresses."""
        return list(self._known.values())

    def of(self, session: SessionId) -> Mapping[str, RapporteurAddress]:
        """The addresses of those who write a session's report, by their links."""
        return {each.link: each for each in self._known.values() if each.session == session}

    async def assign(self, session: SessionId, due: int | None, given: Mapping[str, str], language: str) -> bool:
        """Keep these addresses of a session, by link, and no others; none without a deadline. What was sent for the
        same address and deadline isn't sent again. Return whether there was room. Raises StorageUnavailable.
        """
        async with self._changing:
            before = {key: each for key, each in self._known.items() if each.session == session}
            after: dict[str, RapporteurAddress] = {}
            for link, address in given.items():
                if address and due is not None:
                    made = RapporteurAddress(
                        session=session, link=link, address=address, language=language, due=due, since=self.clock.wall()
                    )
                    known = before.get(_key(made))
                    same = known is not None and (known.address, known.due) == (address, due)
                    after[_key(made)] = known if known is not None and same else made
            if len(self._known) - len(before) + len(after) > self.most:
                return False
            gone = [BookEntry(NAMESPACE, key, None) for key in before if key not in after]
            new = [_entry(each) for key, each in after.items() if each is not before.get(key)]
            if gone or new:
                await self.book.write([*gone, *new])
            for key in before:
                del self._known[key]
            self._known |= after
            return True

    async def forget(self, session: SessionId) -> None:
        """Delete the addresses of a session. Raises StorageUnavailable."""
        await self.assign(session, None, {}, "")

    async def change(self, known: RapporteurAddress, now: RapporteurAddress | None) -> bool:
        """Keep `now` in place of `known`, or nothing; not where it was changed since. Return whether it was done.
        Raises StorageUnavailable.
        """
        async with self._changing:
            if self._known.get(_key(known)) is not known:
                return False
            await self.book.write([BookEntry(NAMESPACE, _key(known), None) if now is None else _entry(now)])
            if now is None:
                del self._known[_key(known)]
            else:
                self._known[_key(known)] = now
            return True


@dataclass(eq=False, repr=False)
class Reminding:
    """Sends reminders, one after the other. Keep `run` running. `days`: how many before the deadline the first is due.
    `linked`: whether there is a role link of this id. `report_of` and `letter_of` may raise StorageUnavailable.
    """

    addresses: RapporteurAddresses
    mail: Mailer
    _: KW_ONLY
    report_of: Callable[[SessionId], Awaitable[Report]]
    letter_of: Callable[[RapporteurAddress], Awaitable[Letter]]
    linked: Callable[[str], bool]
    zone: Callable[[], Zone]
    days: int
    clock: Clock

    async def run(self) -> None:
        """Look for what is due, until cancelled."""
        while True:
            await self.look()
            await self.clock.sleep(LOOK_MS)

    async def look(self) -> None:
        """Send what is due. A report that can't be read keeps no other from being reminded of."""
        for each in self.addresses.all():
            try:
                await self._look_at(each)
            except (StorageUnavailable, RecordBroken) as error:
                logger.warning("session %s: no reminder can be sent now (%s)", each.session, type(error).__name__)

    async def _look_at(self, each: RapporteurAddress) -> None:
        now, waiting = self.clock.wall(), each.waiting
        if now >= each.due + KEPT_MS or not self.linked(each.link):
            await self.addresses.change(each, None)
            return
        days = reminder(each.due, self.days, self.zone(), since=each.since, now=now)
        if days is not None and days not in each.begun:
            waiting = Reminder(made=now, days=days)
        if waiting is None or waiting.again > now:
            return
        report = await self.report_of(each.session)
        if report.stage is ReportStage.PUBLISHED or each.link not in report.links:
            await self.addresses.change(each, None)
            return
        begun = tuple(dict.fromkeys((*each.begun, waiting.days)))
        replace = msgspec.structs.replace
        if report.stage is ReportStage.SUBMITTED:
            await self.addresses.change(each, replace(each, begun=begun, waiting=None))
            return
        letter = await self.letter_of(each)
        claimed = replace(each, begun=begun, waiting=waiting.later(now))
        if not await self.addresses.change(each, claimed):
            return
        failure = await self.mail.send(each.address, letter)
        now = self.clock.wall()
        if failure:
            told = replace(claimed, waiting=waiting.failed(now), failed=now, failure=failure)
        else:
            told = replace(claimed, waiting=None, sent=now, failed=None, failure="")
        await self.addresses.change(claimed, told)


def _key(each: RapporteurAddress) -> str:
    return f"{each.session}/{each.link}"


def _entry(each: RapporteurAddress) -> BookEntry:
    return BookEntry(NAMESPACE, _key(each), msgspec.json.encode(each))
