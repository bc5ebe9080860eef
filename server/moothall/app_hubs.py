"""The links of hubs: what they are served from, who they are, and the door where they dial."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from aiohttp import web

from moothall.adapters.hub_door import TRIES, TRIES_PATIENCE_MS, HubDoor
from moothall.adapters.limits import AddressGate
from moothall.app_house import House
from moothall.core.ids import SessionId
from moothall.core.programme.plan import RoomId
from moothall.services.catalogue import Catalogue
from moothall.services.hub_links import HubLinks
from moothall.services.hub_ports import About, ActTaker, Pack, Registry
from moothall.services.hub_source import CentreSource


def hub_door(
    house: House,
    *,
    registry: Registry,
    acts: ActTaker,
    catalogue: Catalogue,
    pack: Pack,
    public: str,
    address_of: Callable[[web.Request], str],
    erased: Callable[[str, str, SessionId, int], None] = lambda *_: None,
) -> tuple[HubDoor, HubLinks]:
    """The door, to be closed before the house is, and what it serves.

    `catalogue` has to be given what is published already. `public` is the centre's address for people.
    """
    programme = house.programme

    def place(room: RoomId) -> str:
        known = programme.room(room)
        return "" if known is None else known.title

    source = CentreSource(
        house.sessions, house.log, house.clock, catalogue=catalogue, planned=programme.planned, place=place
    )
    keys = msgspec.json.encode(house.signer.public_document())
    links = HubLinks(
        source,
        acts,
        registry,
        house.clock,
        pack=pack,
        about=lambda: About(keys=keys, zone=programme.zone().name, address=public),
        above=(house.signer.key_id,),  # One installation has one key, and keeps it.
        erased=erased,
    )
    gate = AddressGate(house.clock, house.randomness, TRIES, TRIES_PATIENCE_MS)
    return HubDoor(links, registry, gate, address_of=address_of), links
