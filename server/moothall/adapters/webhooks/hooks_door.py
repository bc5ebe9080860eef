"""`/admin/webhooks`: to which addresses news are sent, which, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from moothall.adapters.admin.request import AdminProblem, AdminRequest, StaffPages, runs_the_house, staff_page
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.admin.view import when
from moothall.adapters.pages.visitor_request import see_other
from moothall.adapters.webhooks.hook_client import LONGEST
from moothall.core.programme.plan import RoomId
from moothall.core.webhooks.hooks import CHOSEN, HookOutcome, Webhook
from moothall.services.programme.programme import Programme
from moothall.services.sessions.staff import LONGEST_LABEL
from moothall.services.webhooks.webhooks import MOST_HOOKS, Webhooks

_PAGE = "/admin/webhooks"
_NOTHING: Mapping[str, str] = {}
MOST_SHOWN = 20
"""Attempts of each webhook that the page shows, the newest."""


class HookText:
    """Keys of the sentences of the page."""

    WRONG = "It needs a name, and an address that begins with https:// and leads outside."
    MANY = "There are {n} of them already. Remove one that nobody needs."


@dataclass(eq=False, repr=False, kw_only=True)
class HooksDoor:
    """Handlers of `/admin/webhooks`."""

    pages: StaffPages
    hooks: Webhooks
    programme: Programme

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/admin/webhooks", self.show),
            web.post("/admin/webhooks", self.make),
            web.post("/admin/webhooks/{hook}", self.act),
        ]

    @staff_page(runs_the_house)
    async def show(self, _request: web.Request, asked: AdminRequest) -> web.Response:
        """List the webhooks and what became of their messages, with the form for a new one."""
        return self._page(asked)

    @staff_page(runs_the_house)
    async def make(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Make a webhook; answer with its secret, the only time that it is shown."""
        sent = await self.pages.sent(request)
        given, chosen = self.pages.checked(sent, asked), sent.get("event", [])
        label, address = given.get("label", "").strip(), given.get("address", "").strip()
        room = RoomId(given.get("place", ""))
        problem = ""
        if len(self.hooks.all()) >= MOST_HOOKS:
            problem = asked.ui.text(HookText.MANY, n=MOST_HOOKS)
        elif not label or not self.hooks.client.fits(address):
            problem = asked.ui.text(HookText.WRONG)
        if problem:
            return self._page(asked, problem=problem, given=given, chosen=chosen)
        if room and self.programme.room(room) is None:  # Removed meanwhile. Of all rooms is not what was chosen.
            raise AdminProblem(404, AdminText.GONE)
        if not self.pages.once(given):
            return see_other(asked.to(_PAGE))
        events = [event for event in CHOSEN if event in chosen]
        hook, secret = await self.hooks.make(label, address, events, room or None)
        return self._page(asked, made=hook, secret=secret)

    @staff_page(runs_the_house)
    async def act(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Send a message as a test (`act=test`), replace the secret (`secret`), or remove a webhook (`remove`)."""
        given = await self.pages.form(request, asked)
        name, act = request.match_info["hook"], given.get("act", "")
        hook = next((each for each in self.hooks.all() if each.id == name), None)
        if hook is None:
            raise AdminProblem(404, AdminText.GONE)
        if not self.pages.once(given):
            return see_other(asked.to(_PAGE))
        if act == "secret":
            return self._page(asked, made=hook, secret=await self.hooks.replace_secret(name))
        if act == "test":
            await self.hooks.test(name)
        elif act == "remove":
            await self.hooks.remove(name)
        else:
            raise AdminProblem(400, AdminText.CONFLICT)
        return see_other(asked.to(_PAGE))

    def _page(
        self,
        asked: AdminRequest,
        *,
        problem: str = "",
        given: Mapping[str, str] = _NOTHING,
        chosen: Sequence[str] = tuple(CHOSEN),
        made: Webhook | None = None,
        secret: str = "",
    ) -> web.Response:
        ui = asked.ui
        return self.pages.show(
            "admin/admin_webhooks.html",
            asked,
            status=400 if problem else 200,
            problem=problem,
            given=given,
            longest=LONGEST_LABEL,
            longest_address=LONGEST,
            events=[
                {"value": each.value, "name": ui.named(f"webhooks/event.{each}"), "chosen": each in chosen}
                for each in CHOSEN
            ],
            places=[{"value": room.id, "name": room.title} for room in self.programme.rooms()],
            made=made and made.label,
            secret=secret,
            hooks=[self._row(each, asked) for each in self.hooks.all()],
        )

    def _row(self, hook: Webhook, asked: AdminRequest) -> dict[str, object]:
        ui, zone = asked.ui, self.pages.pages.zone()
        room = None if hook.room is None else self.programme.room(hook.room)
        lines = self.hooks.lines(hook.id)
        return {
            "id": hook.id,
            "label": hook.label,
            "address": hook.address,
            "events": [ui.named(f"webhooks/event.{each}") for each in CHOSEN if each in hook.events],
            "place": hook.room if room is None else room.title,
            "made": when(hook.made, None, ui, zone),
            "gone": hook.gone,
            "waiting": len(self.hooks.waiting(hook.id)),
            "failing": bool(lines) and lines[-1].outcome is not HookOutcome.TAKEN,
            "lines": [
                {
                    "time": when(line.at, None, ui, zone),
                    "event": line.event.value,
                    "session": line.session,
                    "message": line.message,
                    "answer": f"{line.status or '-'} \N{MIDDLE DOT} {line.size} B \N{MIDDLE DOT} {line.attempt}",
                    "outcome": ui.named(f"webhooks/outcome.{line.outcome}"),
                }
                for line in reversed(lines[-MOST_SHOWN:])
            ],
        }
