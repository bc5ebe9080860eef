"""The doors of hubs at the centre: the registry, pairing, the page of each, and the public list."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aiohttp import web

from moothall.adapters.admin_request import StaffPages
from moothall.adapters.form_guard import FormGuard
from moothall.adapters.hub_admin_door import HubAdminDoor
from moothall.adapters.hub_list_door import HubListDoor
from moothall.adapters.hub_page_door import HubPageDoor
from moothall.adapters.hub_pair_door import HubPairDoor
from moothall.adapters.pages import Pages
from moothall.adapters.qr import qr_svg
from moothall.adapters.staff_door import StaffDoor
from moothall.adapters.time_zones import find_zone
from moothall.app_house import House
from moothall.services.catalogue import Catalogue


def hub_doors(
    house: House,
    *,
    origins: frozenset[str],
    public: str,
    pages: Pages,
    staff: StaffDoor,
    catalogue: Catalogue,
    address_of: Callable[[web.Request], str],
) -> Sequence[web.RouteDef]:
    """Their routes. `origins`: whose pages may send; `public`: the address on sheets and codes."""
    shared = StaffPages(
        pages=pages,
        guard=FormGuard(origins=origins, randomness=house.randomness),
        staff=staff.staff,
        key_of=staff.key_of,
    )
    admin = HubAdminDoor(
        pages=shared,
        hubs=house.hubs,
        pairing=house.pairing,
        zone=house.programme.zone,
        zones=find_zone,
        public=public,
        qr_svg=qr_svg,
    )
    pair = HubPairDoor(
        pages,
        house.pairing,
        staff=staff,
        clock=house.clock,
        randomness=house.randomness,
        origins=origins,
        keys=house.signer.public_document(),
        public=public,
        address_of=address_of,
    )
    page = HubPageDoor(
        pages=shared,
        hubs=house.hubs,
        sessions=house.sessions,
        programme=house.programme,
        asking=house.asking,
        entries=catalogue.all,
        zones=find_zone,
        clock=house.clock,
        randomness=house.randomness,
    )
    return [route for door in (admin, pair, page, HubListDoor(pages, house.hubs)) for route in door.routes()]
