"""The registry of hubs: who they are, which machine speaks for each, who is there, and how many people.

A hub is known by a role link (`Role.HUB`), whose label is its title; what the secretariat writes down of it, and the
digest of its machine's key, stand in the book. Links of hubs of which nothing was written down are hubs as well.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping

import msgspec

from moothall.core.events.types import Access
from moothall.core.hubs.entry import (
    MOST_PEOPLE,
    Details,
    HeadCount,
    Hub,
    counted,
    paired,
    passed,
    people_now,
    uncounted,
)
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import SessionId, is_name
from moothall.core.ports import Book, BookEntry, Clock, Randomness
from moothall.core.session.state import ON
from moothall.services.hubs.attendance import Attendance
from moothall.services.hubs.keys import NAMESPACE, HubKeys, digest, entry, label_for, new_key, unwritten
from moothall.services.hubs.ports import Fenced, Identity
from moothall.services.sessions.reader_access import LoadedSessions
from moothall.services.sessions.role_links import RoleLinks
from moothall.services.sessions.staff import HALL, LONGEST_LABEL, Staff, hub_name, hub_of
from moothall.services.supervision.waiting import Listeners

logger = logging.getLogger(__name__)

MOST_HUBS = 1_000
"""One more is refused."""
RESERVED = frozenset({"link", "pair"})
"""Names that are addresses of something else below `/hub/`."""
LOOK_MS = 15_000
"""How often hours are added up."""
KEEP_MS = 60_000
"""How often they are written: so much of them is lost at most when the server is killed."""

Followed = Callable[[], Mapping[str, Collection[SessionId]]]
"""Which sessions the hubs follow whose machines have a link."""
Counted = Callable[[SessionId, str, str, int, int], Awaitable[Refusal | None]]
"""Is told of a head count: session, dotted path, title, people, Unix ms. Says why it isn't taken; None where it is."""


class Paired(msgspec.Struct, frozen=True, kw_only=True):
    """What a machine gets when it is paired."""

    hub: str
    title: str
    key: str
    """Its bearer token, which is never told again."""


class Hubs:
    """The registry of all hubs. Call `load` first, after that of the role links; `run` must be running: it adds up
    the hours of presence.
    """

    def __init__(
        self, *, book: Book, sessions: LoadedSessions, links: RoleLinks, clock: Clock, randomness: Randomness
    ) -> None:
        self._book = book
        self._sessions = sessions
        self._links = links
        self._clock = clock
        self._randomness = randomness
        self._hubs: dict[str, Hub] = {}
        self._keys = HubKeys()
        # Bound: the hubs that were taken out while this server ran.
        self._ended: dict[str, int] = {}
        """By name, from which generation on a hub that is made anew goes on: what is older stays fenced off."""
        self._attendance = Attendance(clock)
        self._unkept: set[str] = set()
        """Hubs of which the book is behind."""
        self._writing = asyncio.Lock()
        self._followed: Followed = dict
        self.when_fenced = Listeners[[str, int]]()
        """Told of a hub's name and the generation before which no machine speaks for it any more. For a hub that was
        removed it is one that no machine has."""
        self.when_seen = Listeners[[str, str, bool, int]]()
        """Told of name, title, whether it is there, and Unix ms, whenever a hub comes or goes."""
        self._counted: list[Counted] = []
        self.when_removed = Listeners[[str]]()
        """Told of the name of each hub that is taken out."""
        self.when_retitled = Listeners[[str, str]]()
        """Told of the name and title of each hub that is called otherwise."""

    async def load(self) -> None:
        """Read the book; raises StorageUnavailable."""
        kept = (await self._book.read(NAMESPACE)).items()
        self._hubs = {name: msgspec.json.decode(body, type=Hub) for name, body in kept}
        self._keys.learn(self._hubs.values())

    def when_counted(self, tell: Counted) -> None:
        """From now on tell of each head count that holds; `tell` may wait."""
        self._counted.append(tell)

    # What is known

    def list(self) -> tuple[Hub, ...]:
        """All hubs, by title."""
        links = {hub_of(staff): staff for staff in reversed(self._links.list()) if staff.role is Role.HUB}
        others = [unwritten(staff) for name, staff in links.items() if name not in self._hubs]
        return tuple(sorted((*self._hubs.values(), *others), key=lambda hub: (hub.title.casefold(), hub.name)))

    def listed(self) -> tuple[tuple[Hub, int | None], ...]:
        """All hubs, each with how many take part there now, as `people` says."""
        on = self.on()
        return tuple((hub, people_now(hub, on)) for hub in self.list())

    def there_are(self) -> bool:
        """Whether there is any hub."""
        return bool(self._hubs) or any(staff.role is Role.HUB for staff in self._links.list())

    def get(self, name: str) -> Hub | None:
        """The hub of that name."""
        if name in self._hubs:
            return self._hubs[name]
        return next((unwritten(staff) for staff in self._links.list() if name and hub_of(staff) == name), None)

    def title_of(self, name: str) -> str | None:
        """What people call the hub of that name; None where there is none."""
        hub = self.get(name)
        return None if hub is None else hub.title

    def here(self, name: str) -> bool:
        """Whether a hub is there: its machine has a link, or its page renews itself."""
        return self._attendance.here(name)

    def has_machine(self, name: str) -> bool:
        """Whether a machine was paired as this hub, so that there is a line that may be down."""
        hub = self.get(name)
        return hub is not None and bool(hub.digest)

    def on(self) -> frozenset[SessionId]:
        """The public meetings that are on: those that hubs may take part in."""
        return frozenset(
            live.id
            for live in self._sessions.all_loaded
            if live.state.status in ON and live.state.access is Access.PUBLIC and not live.state.rehearsal
        )

    def people(self, name: str) -> int | None:
        """How many take part there in meetings that are on; None where nobody counted."""
        hub = self.get(name)
        return None if hub is None else people_now(hub, self.on())

    # What the secretariat does

    async def add(self, title: str, details: Details) -> tuple[Hub, str] | Refusal:
        """Make a hub with its role link; returns it and the link's token, which is never told again.

        Raises NoLink when there are too many links, StorageUnavailable.
        """
        shown = " ".join(title.split())
        if not 0 < len(shown) <= LONGEST_LABEL:
            return refuse(RefusalCode.INVALID, f"A hub needs a title of 1 to {LONGEST_LABEL} characters.")
        name = hub_name(shown)
        if name in RESERVED or (name and self.get(name) is not None):
            return refuse(RefusalCode.CONFLICT, "A hub with this name already exists.")
        if len(self._hubs) >= MOST_HUBS:
            return refuse(RefusalCode.CONFLICT, f"There are too many hubs (limit {MOST_HUBS}).")
        staff, token = await self._links.create(Role.HUB, HALL, shown)
        hub = await self.change(hub_of(staff), details)
        return hub if isinstance(hub, Hub) else unwritten(staff), token

    async def change(self, name: str, details: Details, title: str = "") -> Hub | Refusal | None:
        """Write down something else of a hub, and what people call it unless that is empty; None when there is none.

        Refused where another hub is called so. Raises StorageUnavailable.
        """
        shown = " ".join(title.split())
        if len(shown) > LONGEST_LABEL:
            return refuse(RefusalCode.INVALID, f"A hub's title has at most {LONGEST_LABEL} characters.")
        if shown and any(hub.name != name and hub.title.casefold() == shown.casefold() for hub in self.list()):
            return refuse(RefusalCode.CONFLICT, "A hub with this title already exists.")
        known = self.get(name)
        hub = await self._keep(
            name, lambda hub: msgspec.structs.replace(hub, details=details, title=shown or hub.title)
        )
        if hub is not None and known is not None and hub.title != known.title:
            self._keys.learn(self._hubs.values())
            self.when_retitled.tell(name, hub.title)
        return hub

    async def new_link(self, name: str) -> tuple[Staff, str] | None:
        """Give a hub's page a new link, and the old one is dead; None when there is no such hub.

        Raises NoLink, StorageUnavailable.
        """
        hub = self.get(name)
        if hub is None:
            return None
        staff = self._links.get(hub.link)
        if staff is not None:
            return staff, await self._links.replace(staff.link)
        made = await self._links.create(Role.HUB, HALL, label_for(hub))
        await self._keep(name, lambda kept: msgspec.structs.replace(kept, link=made[0].link))
        return made

    async def link_of(self, name: str) -> Staff | None:
        """Whom the hub's role link stands for, made again where it was revoked. Raises as `new_link` does."""
        hub = self.get(name)
        staff = None if hub is None else self._links.get(hub.link)
        if hub is None or staff is not None:
            return staff
        made = await self.new_link(name)
        return None if made is None else made[0]

    async def remove(self, name: str) -> bool:
        """Take a hub out of the registry, with its links and its machine's key; whether there was one.

        Raises StorageUnavailable.
        """
        hub = self.get(name)
        if hub is None:
            return False
        for staff in self._links.list():
            if hub_of(staff) == name:
                await self._links.revoke(staff.link)
        async with self._writing:
            await self._book.write([BookEntry(NAMESPACE, name, None)])
            self._hubs.pop(name, None)
        self._attendance.forget(name)
        self._keys.learn(self._hubs.values())
        ended = self._ended[name] = max(hub.generation, self._ended.get(name, 0)) + 1
        self.when_fenced.tell(name, ended)
        self.when_removed.tell(name)
        return True

    # Machines

    async def pair(self, name: str, *, node: str, machine: str, with_: Collection[BookEntry] = ()) -> Paired | None:
        """A machine speaks for a hub from now on, and the one before doesn't; None when there is no such hub.

        `node` is the machine's own name, `machine` what people call it; `with_` is written in the same act. Raises
        StorageUnavailable.
        """
        key, at, ended = new_key(self._randomness), self._clock.wall(), self._ended.get(name, 0)

        def change(kept: Hub) -> Hub:
            known = msgspec.structs.replace(kept, generation=max(kept.generation, ended))
            return paired(known, digest(key), node=node, machine=machine, at=at)

        hub = await self._keep(name, change, with_=with_)
        if hub is None:
            return None
        self._keys.learn(self._hubs.values())
        self.when_fenced.tell(name, hub.generation)
        logger.info("hub %s: machine %s is paired, generation %d", name, node, hub.generation)
        return Paired(hub=name, title=hub.title, key=key)

    def of_key(self, token: str) -> Identity | Fenced | None:
        """For which hub a key speaks; `Fenced` when another machine does by now, None for one that isn't ours."""
        return self._keys.of(token)

    def seen(self, hub: str, node: str, connected: bool, wall: int) -> None:
        """A machine's link came, goes on or is cut, at Unix ms `wall`."""
        if self.get(hub) is None:
            return  # It was removed meanwhile.
        self._attendance.linked(hub, node, connected=connected)
        self._note(hub, wall)
        self._tell(hub, wall)

    def hear_followed(self, followed: Followed) -> None:
        """From now on ask `followed` for which meetings hours count."""
        self._followed = followed

    def visited(self, name: str, session: SessionId | None = None, *, renews: bool) -> None:
        """Somebody looks at a hub's page of a session; `renews`: and it will be heard of again by itself."""
        if self.get(name) is not None:
            self._attendance.visited(name, session, renews=renews)
            self._note(name, self._clock.wall())
            self._tell(name, self._clock.wall())

    # People

    async def count(self, path: str, session: SessionId, people: int, at: int) -> Refusal | None:
        """Keep a head count, and tell the listeners of counts, who may refuse it.

        Of the same count they are told again: they may have refused it before.
        """
        refused = await self.keep_count(path, session, people, at)
        hub = self._hubs.get(path.partition(".")[0])
        if hub is not None and hub.counts.get(path) == HeadCount(people=people, session=session, at=at):
            for tell in self._counted:
                refused = refused or await tell(session, path, hub.title if path == hub.name else path, people, at)
        return refused

    async def keep_count(self, path: str, session: SessionId, people: int, at: int) -> Refusal | None:
        """So many are in the room at the dotted `path`, counted at Unix ms `at` of our clock; None: it is on the disk.

        Raises StorageUnavailable.
        """
        name = path.partition(".")[0]
        if not is_name(path) or self.get(name) is None:
            return refuse(RefusalCode.UNKNOWN, "There is no such hub.")
        if not 0 <= people <= MOST_PEOPLE:
            return refuse(RefusalCode.INVALID, f"A head count is from 0 to {MOST_PEOPLE}.")
        await self._keep(name, lambda kept: counted(kept, path, HeadCount(people=people, session=session, at=at)))
        return None

    async def forget(self, session: SessionId) -> None:
        """Drop the head counts of a session that is no more. Raises StorageUnavailable."""
        for name, hub in list(self._hubs.items()):
            if uncounted(hub, session) is not hub:
                await self._keep(name, lambda kept: uncounted(kept, session))

    async def run(self) -> None:
        """Add up the hours, and notice pages that are gone, until cancelled."""
        last = kept = self._clock.monotonic()
        while True:
            await self._clock.sleep(LOOK_MS)
            now, on, followed = self._clock.monotonic(), self.on(), self._followed()
            for hub in self.list():
                part = self._attendance.takes_part(hub.name, followed.get(hub.name, ()))
                after = passed(hub, now - last, here=not on.isdisjoint(part), on=on)
                if after is not hub:
                    self._hubs[hub.name] = after
                    self._unkept.add(hub.name)
                self._tell(hub.name, self._clock.wall())
            last = now
            if now - kept >= KEEP_MS:
                kept = now
                await self.keep()

    async def keep(self) -> None:
        """Write down what was added up. Raises StorageUnavailable."""
        async with self._writing:
            due, self._unkept = self._unkept, set()
            try:
                await self._book.write([entry(self._hubs[name]) for name in sorted(due) if name in self._hubs])
            except BaseException:
                self._unkept |= due
                raise

    async def _keep(self, name: str, change: Callable[[Hub], Hub], with_: Collection[BookEntry] = ()) -> Hub | None:
        """Change what is known of a hub, once it is on the disk; hours that were added up meanwhile stay."""
        async with self._writing:
            hub = self.get(name)
            if hub is None:
                return None
            await self._book.write([entry(change(hub)), *with_])
            kept = self._hubs[name] = change(self._hubs.get(name, hub))
            return kept

    def _note(self, name: str, wall: int) -> None:
        hub = self.get(name)
        if hub is not None and (hub.seen or 0) < wall:
            self._hubs[name] = msgspec.structs.replace(hub, seen=wall)
            self._unkept.add(name)

    def _tell(self, name: str, wall: int) -> None:
        hub = self.get(name)
        here = None if hub is None else self._attendance.news(name, machine=bool(hub.digest))
        if hub is None or here is None:
            return
        logger.info("hub %s: %s", name, "is connected" if here else "is not connected any more")
        self.when_seen.tell(name, hub.title, here, wall)
