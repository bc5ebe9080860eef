"""`/hub/pair`: exchanges six pairing words for a machine's key, or for the role link of the hub's page.

A machine sends the words as JSON and gets its key. A browser sends the form, which needs no script, and gets the cookie
of the hub's role link. The sheet's QR code has the words after the `#` of the address, which browsers never send.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass

from aiohttp import hdrs, web

from moothall.adapters.admin.staff_door import StaffDoor
from moothall.adapters.http.forwarded import AddressOf, remote_address
from moothall.adapters.http.limits import SITE, AddressGate
from moothall.adapters.http.security_headers import sent_by_a_page
from moothall.adapters.hubs.machine_pairing import ALLOWANCE, MINUTE, STATUS, pair_machine, sentence_response
from moothall.adapters.hubs.texts import TOLD, UNPAIRED
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import HttpProblem, language, own_html
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.pages.visitor_forms import AGAIN_S
from moothall.adapters.pages.visitor_request import read_form
from moothall.core.kernel.errors import NoLink, StorageUnavailable
from moothall.core.ports import Clock, Randomness
from moothall.services.hubs.pairing import PairingRefusal, PairingWords
from moothall.wire.hubs.pairing import LONGEST


@dataclass(eq=False, repr=False)
class HubPairDoor:
    """Handlers of `/hub/pair` at the centre.

    `keys`: the document of the house's public keys; `public`: the public address of the house.
    """

    pages: Pages
    pairing: PairingWords
    _: KW_ONLY
    staff: StaffDoor
    clock: Clock
    randomness: Randomness
    keys: Mapping[str, object]
    public: str
    address_of: AddressOf = remote_address

    def __post_init__(self) -> None:
        self._keys = dict(self.keys)
        self._gate = AddressGate(self.clock, self.randomness, ALLOWANCE, patience_ms=0, slower=MINUTE, prefix=SITE)

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get("/hub/pair", self.form), web.post("/hub/pair", self.submit)]

    async def form(self, request: web.Request) -> web.Response:
        """The page with the form for the words."""
        ui = language(self.pages, request)
        return self._form(ui)

    async def submit(self, request: web.Request) -> web.Response:
        """Pair the machine or admit the browser that sent the words."""
        often = self._gate.take(self.address_of(request)) > 0
        if request.content_type == "application/json":
            return await self._machine(request, often=often)
        return await self._browser(request, often=often)

    async def _machine(self, request: web.Request, *, often: bool) -> web.Response:
        if sent_by_a_page(request.headers):
            return sentence_response(403, "A page may not do this; a machine sends no Origin.")
        if often:
            return sentence_response(429, TOLD[PairingRefusal.OFTEN])
        return await pair_machine(request, self.pairing, keys=self._keys, address=self.public)

    async def _browser(self, request: web.Request, *, often: bool) -> web.Response:
        ui = language(self.pages, request)
        if often:
            return self._form(ui, status=429, sentence=ui.text(UNPAIRED[PairingRefusal.OFTEN]))
        try:
            typed = (await read_form(request)).get("words", "")[:LONGEST]
        except HttpProblem as wrong:
            return self._form(ui, status=wrong.status, sentence=ui.text(wrong.key))
        try:
            entered = await self.pairing.admit(typed, self.staff.key_of(request))
        except (StorageUnavailable, NoLink):
            return self._form(ui, typed=typed, status=503, sentence=ui.text(ErrorText.UNAVAILABLE))
        if isinstance(entered, PairingRefusal):
            sentence = ui.text(UNPAIRED[entered])
            return self._form(ui, typed=typed, status=STATUS[entered], sentence=sentence)
        return self.staff.welcome(*entered, query=ui.query)

    def _form(self, ui: Catalogue, *, status: int = 200, sentence: str = "", typed: str = "") -> web.Response:
        query = ui.query
        action = f"/hub/pair{query}"
        text = self.pages.render("hub/hub_pair.html", ui=ui, action=action, sentence=sentence, typed=typed)
        response = own_html(text, ui, status=status)
        if status in (429, 503):
            response.headers[hdrs.RETRY_AFTER] = str(AGAIN_S)
        return response
