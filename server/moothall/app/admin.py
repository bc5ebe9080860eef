"""The doors of `/admin` and `/staff`: what they are made of."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from moothall.adapters.admin.aggregates_door import SumsDoor
from moothall.adapters.admin.import_door import ImportDoor
from moothall.adapters.admin.my_sessions_door import WorkDoor
from moothall.adapters.admin.pages_door import AdminDoor, runs_the_house
from moothall.adapters.admin.policy_door import PolicyDoor
from moothall.adapters.admin.request import StaffPages
from moothall.adapters.admin.staff_door import StaffDoor
from moothall.adapters.http.form_guard import FormGuard
from moothall.adapters.pages.qr import qr_svg
from moothall.adapters.pages.templates import Pages
from moothall.adapters.programme import read_icalendar
from moothall.adapters.system.time_zones import find_zone
from moothall.app.backend import House
from moothall.app.translation import Translation
from moothall.services.sessions.catalogue import Catalogue


def admin_doors(
    house: House,
    *,
    public: str,
    pages: Pages,
    staff: StaffDoor,
    catalogue: Catalogue,
    translation: Translation,
) -> Sequence[web.RouteDef]:
    """Their routes. `public`: the address on links and codes."""
    shared = StaffPages(
        pages=pages,
        guard=FormGuard(house.randomness),
        staff=staff.staff,
        key_of=staff.key_of,
    )
    admin = AdminDoor(
        pages=shared,
        programme=house.programme,
        links=house.links,
        entries=catalogue.all,
        public=public,
        qr_svg=qr_svg,
        reach=translation.reach,
        key=house.signer.key_id,
    )
    imports = ImportDoor(
        pages=shared,
        programme=house.programme,
        zones=find_zone,
        calendar=read_icalendar,
        allowed=runs_the_house,
    )
    policy = PolicyDoor(pages=shared, programme=house.programme)
    work = WorkDoor(pages=shared, programme=house.programme)
    sums = SumsDoor(pages=shared, balance=house.balance)
    return [route for door in (admin, imports, policy, work, sums) for route in door.routes()]
