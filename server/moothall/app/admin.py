"""The doors of `/admin` and `/staff`, and the one for the commands of this machine: what they are made of."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack

from aiohttp import web

from moothall.adapters.admin.aggregates_door import SumsDoor
from moothall.adapters.admin.import_door import ImportDoor
from moothall.adapters.admin.local_door import HOST, LocalDoor, leave_card, take_card
from moothall.adapters.admin.my_sessions_door import WorkDoor
from moothall.adapters.admin.pages_door import AdminDoor
from moothall.adapters.admin.policy_door import PolicyDoor
from moothall.adapters.admin.request import StaffPages
from moothall.adapters.admin.staff_door import StaffDoor
from moothall.adapters.http.form_guard import FormGuard
from moothall.adapters.http.limits import runner_options
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
    )
    policy = PolicyDoor(pages=shared, programme=house.programme)
    work = WorkDoor(pages=shared, programme=house.programme)
    sums = SumsDoor(pages=shared, balance=house.balance)
    return [route for door in (admin, imports, policy, work, sums) for route in door.routes()]


async def open_local_door(stack: AsyncExitStack, house: House, public: str) -> None:
    """Let the operator's commands reach the house while it is held, until the stack unwinds."""
    door = LocalDoor(house.office(public), house.randomness)
    runner = web.AppRunner(door.application(), **runner_options())
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, HOST, 0)
    await site.start()
    port: int = runner.addresses[0][1]
    leave_card(house.data, door.card(port))
    stack.callback(take_card, house.data)
