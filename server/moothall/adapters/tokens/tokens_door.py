"""`/admin/tokens`: the tokens of programs, what each may do, and when it was used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from moothall.adapters.admin.request import AdminProblem, AdminRequest, StaffPages, runs_the_house, staff_page
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.admin.view import when
from moothall.adapters.pages.visitor_request import see_other
from moothall.core.kernel.decoding import number_in
from moothall.core.tokens.scopes import TokenScope
from moothall.services.sessions.staff import LONGEST_LABEL
from moothall.services.tokens.program_tokens import MOST_DAYS, USUAL_DAYS, ProgramToken, ProgramTokens

_PAGE = "/admin/tokens"
_NOTHING: Mapping[str, str] = {}


class TokenText:
    """Keys of the sentences of the page."""

    WRONG = "A token needs a name, something that it may do, and 1 to {n} days."


@dataclass(eq=False, repr=False, kw_only=True)
class TokensDoor:
    """Handlers of `/admin/tokens`."""

    pages: StaffPages
    tokens: ProgramTokens

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/admin/tokens", self.show),
            web.post("/admin/tokens", self.make),
            web.post("/admin/tokens/{token}/revoke", self.revoke),
        ]

    @staff_page(runs_the_house)
    async def show(self, _request: web.Request, asked: AdminRequest) -> web.Response:
        """List the tokens, with the form for a new one."""
        return self._page(asked)

    @staff_page(runs_the_house)
    async def make(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Make a token; answer with its secret, the only time that it is shown."""
        sent = await self.pages.sent(request)
        given, chosen = self.pages.checked(sent, asked), sent.get("scope", [])
        scopes = [scope for scope in TokenScope if scope in chosen]
        days = number_in(given.get("days", "").strip(), 4) or 0
        if not given.get("label", "").strip() or not scopes or not 1 <= days <= MOST_DAYS:
            problem = asked.ui.text(TokenText.WRONG, n=MOST_DAYS)
            return self._page(asked, problem=problem, given=given, chosen=chosen)
        if not self.pages.once(given):
            return see_other(asked.to(_PAGE))
        token, secret = await self.tokens.create(given["label"], scopes, days)
        return self._page(asked, made=token, secret=secret)

    @staff_page(runs_the_house)
    async def revoke(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Revoke a token: from now on it opens nothing."""
        await self.pages.form(request, asked)
        name = request.match_info["token"]
        if name not in {each.id for each in self.tokens.list()}:
            raise AdminProblem(404, AdminText.GONE)
        await self.tokens.revoke(name)
        return see_other(asked.to(_PAGE))

    def _page(
        self,
        asked: AdminRequest,
        *,
        problem: str = "",
        given: Mapping[str, str] = _NOTHING,
        chosen: Sequence[str] = (),
        made: ProgramToken | None = None,
        secret: str = "",
    ) -> web.Response:
        ui = asked.ui
        return self.pages.show(
            "admin/admin_tokens.html",
            asked,
            status=400 if problem else 200,
            problem=problem,
            given={"days": str(USUAL_DAYS), **given},
            longest=LONGEST_LABEL,
            most_days=MOST_DAYS,
            scopes=[
                {"value": each.value, "name": ui.named(f"tokens/scope.{each}"), "chosen": each in chosen}
                for each in TokenScope
            ],
            made=made and self._row(made, asked),
            secret=secret,
            tokens=[self._row(each, asked) for each in self.tokens.list()],
        )

    def _row(self, token: ProgramToken, asked: AdminRequest) -> dict[str, object]:
        ui, zone = asked.ui, self.pages.pages.zone()
        known = [each for each in TokenScope if token.opens(each)]
        return {
            "id": token.id,
            "label": token.label,
            "scopes": [ui.named(f"tokens/scope.{each}") for each in known],
            "made": when(token.made, None, ui, zone),
            "expires": when(token.expires, None, ui, zone),
            "expired": self.tokens.expired(token),
            "uses": token.uses,
            "last": [{"time": when(use.at, None, ui, zone), "act": use.act} for use in reversed(token.last)],
        }
