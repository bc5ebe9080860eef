"""`/admin/heard.json`: who was heard in the meetings that are over, for the figures of a year.

Apart from the doors of `/admin`'s pages: it answers machines with JSON, and has no page and no form.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from aiohttp import hdrs, web

from moothall.adapters.admin.request import Asked, StaffPages, runs_the_house, staff_page
from moothall.services.questions.balance import Balance


@dataclass(eq=False, repr=False, kw_only=True)
class SumsDoor:
    """The handler of `/admin/heard.json`, for the secretariat only."""

    pages: StaffPages
    balance: Balance

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [web.get("/admin/heard.json", self.sums)]

    @staff_page(runs_the_house)
    async def sums(self, _request: web.Request, _asked: Asked) -> web.Response:
        """`{"meetings": [{"session", "closed", "origins", "groups"}]}`, the first to be closed first."""
        found = sorted((await self.balance.sums()).items(), key=lambda each: (each[1].closed, each[0]))
        meetings = [{"session": session, **msgspec.to_builtins(sums)} for session, sums in found]
        headers = {hdrs.CACHE_CONTROL: "no-store"}
        body = msgspec.json.encode({"meetings": meetings})
        return web.Response(body=body, content_type="application/json", headers=headers)
