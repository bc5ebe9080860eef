"""The search of a hub: the server's own, over the public sessions that are copied here, whether there is an uplink or
not.

A hub knows no role links of the meeting and has no sound, so neither sessions by link nor sound are found. It has no
pages of speakers: who is who is said at the centre, where people can also switch their pages off.
"""

from __future__ import annotations

from moothall.adapters.http.forwarded import remote_address
from moothall.adapters.http.limits import AddressGate
from moothall.adapters.pages.templates import Pages
from moothall.adapters.search.search_door import SearchDoor
from moothall.core.kernel.ids import SessionId
from moothall.core.ports import Clock, LogReading, Randomness
from moothall.core.programme.plan import RoomId
from moothall.services.search.searching import Searching
from moothall.services.sessions.catalogue import SessionCatalogue
from moothall.wire.token_bucket import Allowance
from moothall_hub.mirror.indexed import IndexedMirror
from moothall_hub.mirror.offers import Offers

SEARCHES = Allowance(per_second=20, burst=300)
"""The rate of one address: everybody in a room may share that of its access point."""


def search_door(
    pages: Pages,
    indexed: IndexedMirror,
    log: LogReading,
    catalogue: SessionCatalogue,
    *,
    offers: Offers,
    clock: Clock,
    randomness: Randomness,
) -> SearchDoor:
    """The handler of `/search` at a hub; `log` has its copies."""

    def room_of(session: SessionId) -> RoomId | None:
        offered = offers.of(session)
        return RoomId(offered.place) if offered is not None and offered.place else None

    searching = Searching(
        indexed.index,
        log,
        indexed.index.folding,
        clock=clock,
        searchable=indexed.indexing.searchable,
        fill=catalogue.fill,
        known=catalogue.known,
        opens=lambda _session, _access: False,
        room_of=room_of,
        day_of=lambda ms: pages.zone().at(ms).date(),
    )
    return SearchDoor(
        pages,
        searching,
        gate=AddressGate(clock, randomness, SEARCHES),
        address_of=remote_address,
        place=str,
        title_of=catalogue.title_of,
        person=indexed.index.speaker_name,
        now=clock.wall,
        has_sound=False,
    )
