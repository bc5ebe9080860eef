"""The registry of hubs: their names and details, the machine paired with each, their presence and head counts.

A hub is defined by a role link (`Role.HUB`), whose label is its title. The secretariat's notes on it and the digest of
its machine's key are stored in the book. A role link of a hub without an entry in the book is a hub as well.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress

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
from moothall.core.kernel.errors import NoLink, Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import SessionId, is_name
from moothall.core.ports import Book, BookEntry, Clock, Randomness
from moothall.core.sessions.state import ON
from moothall.services.hubs.attendance import Attendance
from moothall.services.hubs.keys import NAMESPACE, HubKeys, digest, entry, label_for, new_key, unwritten
from moothall.services.hubs.ports import Fenced, Identity
from moothall.services.sessions.reader_access import LoadedSessions
from moothall.services.sessions.role_links import RoleLinks
from moothall.services.sessions.staff import HALL, LONGEST_LABEL, Staff, hub_name, hub_of
from moothall.services.supervision.waiting import Listeners

logger = logging.getLogger(__name__)

MOST_HUBS = 1_000
"""Most hubs in the registry. Overflow: another one is refused."""
RESERVED = frozenset({"link", "pair"})
"""Names that hubs can't have, since they are other addresses below `/hub/`."""
LOOK_MS = 15_000
"""How often hours of presence are added up."""
KEEP_MS = 60_000
"""How often they are stored: a killed server loses at most this much of them."""

Followed = Callable[[], Mapping[str, Collection[SessionId]]]
"""Returns, by hub, the sessions that hubs with a linked machine follow."""
Counted = Callable[[SessionId, str, str, int, int], Awaitable[Refusal | None]]
"""Called after a head count with session, dotted path, title, people and Unix ms. Returns a refusal, or None if
accepted.
"""


class Paired(msgspec.Struct, frozen=True, kw_only=True):
    """What a machine receives when it is paired."""

    hub: str
    title: str
    key: str
    """Its bearer token, which can't be shown again."""


class Hubs:
    """The registry of all hubs. Call `load` first, after `RoleLinks.load`; `run` must be running: it adds up the hours
    of presence.
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
        # Bound: the hubs that were removed while this server ran.
        self._ended: dict[str, int] = {}
        """By name of a removed hub: the generation from which a new hub of this name counts, so that older keys stay
        fenced.
        """
        self._attendance = Attendance(clock)
        self._unkept: set[str] = set()
        """Hubs whose changes are not in the book yet."""
        self._writing = asyncio.Lock()
        self._followed: Followed = dict
        self.when_fenced = Listeners[[str, int]]()
        """Called with a hub's name and its current generation: machines of earlier generations are fenced. After the
        removal of a hub it is a generation that no machine has.
        """
        self.when_seen = Listeners[[str, str, bool, int]]()
        """Called with name, title, presence and Unix ms, whenever a hub becomes present or absent."""
        self._counted: list[Counted] = []
        self.when_removed = Listeners[[str]]()
        """Called with the name of each hub that is removed."""
        self.when_retitled = Listeners[[str, str]]()
        """Called with the name and new title of each hub that is renamed."""

    async def load(self) -> None:
        """Read the book. Raises StorageUnavailable."""
        kept = (await self._book.read(NAMESPACE)).items()
        self._hubs = {name: msgspec.json.decode(body, type=Hub) for name, body in kept}
        self._keys.learn(self._hubs.values())

    def when_counted(self, tell: Counted) -> None:
        """Call `tell` from now on with each head count that is the newest of its room. It may wait."""
        self._counted.append(tell)

    # Queries

    def list(self) -> tuple[Hub, ...]:
        """All hubs, sorted by title."""
        links = {hub_of(staff): staff for staff in reversed(self._links.list()) if staff.role is Role.HUB}
        others = [unwritten(staff) for name, staff in links.items() if name not in self._hubs]
        return tuple(sorted((*self._hubs.values(), *others), key=lambda hub: (hub.title.casefold(), hub.name)))

    def listed(self) -> tuple[tuple[Hub, int | None], ...]:
        """All hubs, each with its number of people as from `people`."""
        on = self.on()
        return tuple((hub, people_now(hub, on)) for hub in self.list())

    def unlisted(self) -> frozenset[str]:
        """The names of the hubs that no list names."""
        return frozenset(hub.name for hub in self.list() if hub.details.unlisted)

    def there_are(self) -> bool:
        """Whether any hub exists."""
        return bool(self._hubs) or any(staff.role is Role.HUB for staff in self._links.list())

    def get(self, name: str) -> Hub | None:
        """The hub of that name; None where there is none."""
        if name in self._hubs:
            return self._hubs[name]
        return next((unwritten(staff) for staff in self._links.list() if name and hub_of(staff) == name), None)

    def title_of(self, name: str) -> str | None:
        """The title of the hub of that name; None where there is none."""
        hub = self.get(name)
        return None if hub is None else hub.title

    def here(self, name: str) -> bool:
        """Whether a hub is present: its machine has a link, or its page was refreshed lately."""
        return self._attendance.here(name)

    def has_machine(self, name: str) -> bool:
        """Whether a machine is paired with this hub, so that it has an uplink that may be down."""
        hub = self.get(name)
        return hub is not None and bool(hub.digest)

    def on(self) -> frozenset[SessionId]:
        """The public sessions that are on, rehearsals aside: hubs may take part in these."""
        return frozenset(
            live.id
            for live in self._sessions.all_loaded
            if live.state.status in ON and live.state.access is Access.PUBLIC and not live.state.rehearsal
        )

    def people(self, name: str) -> int | None:
        """How many people at the hub take part in sessions that are on; None where nobody counted."""
        hub = self.get(name)
        return None if hub is None else people_now(hub, self.on())

    # Acts of the secretariat

    async def add(self, title: str, details: Details) -> tuple[Hub, str] | Refusal:
        """Create a hub with its role link. Return the hub and the link's token, which can't be shown again.

        Raises NoLink when there are too many links, and StorageUnavailable.
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
        """Replace the details of a hub, and its title unless `title` is empty; None when there is no such hub.

        Refused where another hub has this title. Raises StorageUnavailable.
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
        """Give a hub a new role link in place of the old one, which becomes invalid; None when there is no such hub.

        Raises NoLink and StorageUnavailable.
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
        """The staff member that the hub's role link belongs to; a revoked link is made anew. Raises like `new_link`."""
        hub = self.get(name)
        staff = None if hub is None else self._links.get(hub.link)
        if hub is None or staff is not None:
            return staff
        made = await self.new_link(name)
        return None if made is None else made[0]

    async def remove(self, name: str) -> bool:
        """Remove a hub, with its links and its machine's key. Return whether it existed.

        Raises StorageUnavailable.
        """
        hub = self.get(name)
        if hub is None:
            return False
        for staff in self._links.list():
            if hub_of(staff) == name:
                with suppress(NoLink):  # Somebody else revoked it meanwhile.
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
        """Pair a machine with a hub in place of an earlier machine; None when there is no such hub.

        `node` is the machine's own id, `machine` what people call it; `with_` is written to the book atomically with
        the hub. Raises StorageUnavailable.
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
        """The hub that a key belongs to; Fenced for a key of a replaced machine, None for an unknown key."""
        return self._keys.of(token)

    def seen(self, hub: str, node: str, connected: bool, wall: int) -> None:
        """Note that a machine's link was established, is still up or was cut, at Unix ms `wall`."""
        if self.get(hub) is None:
            return  # It was removed meanwhile.
        self._attendance.linked(hub, node, connected=connected)
        self._note(hub, wall)
        self._tell(hub, wall)

    def hear_followed(self, followed: Followed) -> None:
        """Use `followed` from now on to find the sessions for which hours of presence count."""
        self._followed = followed

    def visited(self, name: str, session: SessionId | None = None, *, renews: bool) -> None:
        """Note that somebody opened a hub's page, of a session or of none. `renews`: the page refreshes itself."""
        if self.get(name) is not None:
            self._attendance.visited(name, session, renews=renews)
            self._note(name, self._clock.wall())
            self._tell(name, self._clock.wall())

    # People

    async def count(self, path: str, session: SessionId, people: int, at: int) -> Refusal | None:
        """Store a head count, and call the callbacks of `when_counted`, which may refuse it.

        They are called again for a repeated count, since they may have refused it before.
        """
        refused = await self.keep_count(path, session, people, at)
        hub = self._hubs.get(path.partition(".")[0])
        if hub is not None and hub.counts.get(path) == HeadCount(people=people, session=session, at=at):
            for tell in self._counted:
                refused = refused or await tell(session, path, hub.title if path == hub.name else path, people, at)
        return refused

    async def keep_count(self, path: str, session: SessionId, people: int, at: int) -> Refusal | None:
        """Store the head count of the room at the dotted `path`, made at Unix ms `at` of our clock; None once it is on
        the disk.

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
        """Delete the head counts of a session that was removed. Raises StorageUnavailable."""
        for name, hub in list(self._hubs.items()):
            if uncounted(hub, session) is not hub:
                await self._keep(name, lambda kept: uncounted(kept, session))

    async def run(self) -> None:
        """Add up the hours of presence, and notice that pages were closed, until cancelled."""
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
        """Store the hours added up since the last time. Raises StorageUnavailable."""
        async with self._writing:
            due, self._unkept = self._unkept, set()
            try:
                await self._book.write([entry(self._hubs[name]) for name in sorted(due) if name in self._hubs])
            except BaseException:
                self._unkept |= due
                raise

    async def _keep(self, name: str, change: Callable[[Hub], Hub], with_: Collection[BookEntry] = ()) -> Hub | None:
        """Change a hub, in memory once the book has stored it; hours that were added up during the write are kept."""
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
