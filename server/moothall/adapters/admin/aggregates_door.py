"""`/admin/heard.json`: who was heard in the meetings that are over, for the figures of a year.

Apart from the doors of `/admin`'s pages: it answers machines with JSON, and has no page and no form.
"""

from __future__ import annotations

import msgspec
from aiohttp import hdrs, web

from moothall.adapters.admin.pages_door import runs_the_house
from moothall.adapters.admin.request import StaffPages, Wrong
from moothall.adapters.admin.texts import AdminText
from moothall.core.kernel.errors import StorageUnavailable
from moothall.services.questions.balance import Balance


class SumsDoor:
    """The handler of `/admin/heard.json`, for the secretariat only."""

    def __init__(self, *, pages: StaffPages, balance: Balance) -> None:
        self._pages = pages
        self._balance = balance

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [web.get("/admin/heard.json", self.sums)]

    async def sums(self, request: web.Request) -> web.Response:
        """`{"meetings": [{"session", "closed", "origins", "groups"}]}`, the first to be closed first."""
        try:
            self._pages.asked(request, runs_the_house)
            kept = await self._balance.sums()
        except Wrong as error:
            return self._pages.refuse(request, error)
        except StorageUnavailable:
            return self._pages.refuse(request, Wrong(503, AdminText.BUSY))
        found = sorted(kept.items(), key=lambda each: (each[1].closed, each[0]))
        meetings = [{"session": session, **msgspec.to_builtins(sums)} for session, sums in found]
        headers = {hdrs.CACHE_CONTROL: "no-store"}
        body = msgspec.json.encode({"meetings": meetings})
        return web.Response(body=body, content_type="application/json", headers=headers)
