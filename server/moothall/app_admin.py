"""The doors of `/admin` and `/staff`: what they are made of."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from moothall.adapters.admin_door import AdminDoor, runs_the_house
from moothall.adapters.admin_request import StaffPages
from moothall.adapters.form_guard import FormGuard
from moothall.adapters.import_door import ImportDoor
from moothall.adapters.pages import Pages
from moothall.adapters.policy_door import PolicyDoor
from moothall.adapters.qr import qr_svg
from moothall.adapters.staff_door import StaffDoor
from moothall.adapters.sums_door import SumsDoor
from moothall.adapters.time_zones import find_zone
from moothall.adapters.work_door import WorkDoor
from moothall.app_house import House
from moothall.app_translating import Translation
from moothall.services.catalogue import Catalogue


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
    imports = ImportDoor(pages=shared, programme=house.programme, zones=find_zone, allowed=runs_the_house)
    policy = PolicyDoor(pages=shared, programme=house.programme)
    work = WorkDoor(pages=shared, programme=house.programme)
    sums = SumsDoor(pages=shared, balance=house.balance)
    return [route for door in (admin, imports, policy, work, sums) for route in door.routes()]
