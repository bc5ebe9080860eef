"""`/admin/bodies`: the secretariat keeps the register of bodies, has documents sent, and notes what came back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from moothall.adapters.admin.request import AdminProblem, AdminRequest, StaffPages, newest, runs_the_house, staff_page
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.pages.visitor_request import see_other
from moothall.core.events.outcome_parts import SendingState, SendingWay
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.command import Command
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import CommandId, MessageId, PolicyQuestionId, RecipientId, ReplyId
from moothall.core.kernel.languages import direction
from moothall.core.outcomes import commands as oc
from moothall.core.outcomes.register import Recipient, Register
from moothall.core.ports import Randomness
from moothall.services.outcomes.documents import Documents, ListedDocument
from moothall.services.outcomes.sending import DocumentSending, OrderedSending

PATH = "/admin/bodies"
SHOWN = 200
"""Sendings that the page lists. Overflow: older ones are left out."""
WAYS = {
    SendingWay.EMAIL: "By e-mail",
    SendingWay.WEBHOOK: "By webhook",
    SendingWay.FEED: "Not at all: it looks for news itself",
}
STATES = {
    SendingState.SENT: "sent",
    SendingState.FAILED: "failed",
    SendingState.ACKNOWLEDGED: "acknowledged",
}


ANSWERED = "answered"
"""The message key of what a body has answered."""


class BodiesDeskText:
    """Message keys of the sentences that handlers show."""

    WRONG = "This can't be noted. Check the names and addresses: a page begins with https://."
    NOBODY = "Choose a document that is published, and at least one body."
    NO_MESSAGE = "The document has no message with that number."
    BUSY = "Too many documents wait to be sent. Try again later."


@dataclass(eq=False, repr=False, kw_only=True)
class BodiesDeskDoor:
    """Handlers of the page."""

    pages: StaffPages
    documents: Documents
    sending: DocumentSending
    randomness: Randomness

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/admin/bodies", self.show),
            web.post("/admin/bodies", self.register),
            web.post("/admin/bodies/{recipient}/address", self.address),
            web.post("/admin/bodies/{recipient}/reply", self.reply),
            web.post("/admin/bodies/send", self.send),
        ]

    @staff_page(runs_the_house)
    async def show(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Show the register, the forms, and what became of what was sent; `change` names a body for the form."""
        return await self._page(asked, change=request.query.get("change", ""))

    @staff_page(runs_the_house)
    async def register(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Set what the register says of the body `id`: `name`, `issues` (one a line), `site`, `symbol`, any number of
        `question`; an empty name takes it away.
        """
        sent = await self.pages.sent(request)
        fields = self.pages.checked(sent, asked)
        command = oc.RegisterRecipient(
            recipient=RecipientId(fields.get("id", "").strip()),
            name=fields.get("name", ""),
            issues=tuple(fields.get("issues", "").splitlines()),
            questions=tuple(map(PolicyQuestionId, sent.get("question", ()))),
            site=fields.get("site", "").strip(),
            symbol=fields.get("symbol", "").strip(),
        )
        return await self._told(asked, command, given=sent)

    @staff_page(runs_the_house)
    async def address(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Set where documents for a body are sent: `way` (`email`, `webhook`, `feed` or nothing) and `address`."""
        fields = await self.pages.form(request, asked)
        way = next((each for each in SendingWay if each == fields.get("way")), None)
        recipient = RecipientId(request.match_info["recipient"])
        command = oc.AddressRecipient(recipient=recipient, way=way, address=fields.get("address", ""))
        return await self._told(asked, command)

    @staff_page(runs_the_house)
    async def reply(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Note what a body did: `text`, the `document`, the number of a `paragraph` with a message if it is about one,
        `address`. The text is in the language of the page.
        """
        fields = await self.pages.form(request, asked)
        if not self.pages.once(fields):
            return see_other(asked.to(PATH))
        listed = await self.documents.find(fields.get("document", ""))
        if listed is None:
            raise AdminProblem(404, AdminText.GONE)
        number = fields.get("paragraph", "").strip()
        message = _message(listed, number)
        if number and message is None:
            return await self._page(asked, BodiesDeskText.NO_MESSAGE)
        command = oc.NoteReply(
            reply=ReplyId(self.randomness.bytes(8).hex()),
            recipient=RecipientId(request.match_info["recipient"]),
            text=fields.get("text", "").strip() or " ",
            language=asked.ui.language,
            document=listed.id,
            message=message,
            address=fields.get("address", "").strip(),
        )
        return await self._told(asked, command)

    @staff_page(runs_the_house)
    async def send(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Send the newest version of `document` to any number of `body`."""
        sent = await self.pages.sent(request)
        fields = self.pages.checked(sent, asked)
        listed = await self.documents.find(fields.get("document", ""))
        version = None if listed is None else listed.document.newest
        known = (await self.documents.register()).recipients
        chosen = [known[RecipientId(each)] for each in sent.get("body", ()) if each in known]
        if listed is None or version is None or not chosen:
            return await self._page(asked, BodiesDeskText.NOBODY)
        if self.pages.once(fields):
            orders = [OrderedSending(recipient=each, document=listed.id, n=version.n) for each in chosen]
            if isinstance(await self.sending.order(orders), Refusal):
                return await self._page(asked, BodiesDeskText.BUSY)
        return see_other(asked.to(PATH))

    async def _told(
        self, asked: AdminRequest, command: Command, given: Mapping[str, Sequence[str]] | None = None
    ) -> web.Response:
        live = await self.documents.logs.register()
        if isinstance(live, Refusal):
            raise AdminProblem(503, AdminText.BUSY)
        by = Actor(Role.SECRETARIAT, asked.staff[0].link)
        name = CommandId(f"register:{self.randomness.bytes(8).hex()}")
        answer = await live.writer.send(by, name, command)  # type: ignore[arg-type]  # one of the register's commands
        if isinstance(answer, Refusal):
            return await self._page(asked, BodiesDeskText.WRONG, given=given)
        return see_other(asked.to(PATH))

    async def _page(
        self,
        asked: AdminRequest,
        problem: str = "",
        *,
        change: str = "",
        given: Mapping[str, Sequence[str]] | None = None,
    ) -> web.Response:
        register, listed = await self.documents.register(), await self.documents.all()
        changed = register.recipients.get(RecipientId(change))
        fields = newest(given) if given is not None else _fields(changed)
        chosen = frozenset((given or {}).get("question", () if changed is None else changed.questions))
        return self.pages.show(
            "outcomes/admin_bodies.html",
            asked,
            status=409 if problem else 200,
            problem=asked.ui.text(problem) if problem else "",
            given=fields,
            rows=[await self._row(each, register) for each in register.recipients.values()],
            ways=[{"name": way.value, "text": asked.ui.text(key)} for way, key in WAYS.items()],
            documents=[
                {"id": each.id, "title": each.title, "language": each.language}
                for each in listed
                if each.document.newest is not None
            ],
            questions=[
                {
                    "id": each.id,
                    "text": each.text,
                    "language": each.language,
                    "direction": direction(each.language),
                    "chosen": each.id in chosen,
                }
                for each in register.questions.values()
            ],
            sendings=list(self._sendings(register, listed, asked)),
            waiting=len(self.sending.waiting),
        )

    async def _row(self, each: Recipient, register: Register) -> dict[str, object]:
        address = register.addresses.get(each.id)
        hooked = address is not None and address.way is SendingWay.WEBHOOK
        return {
            "id": each.id,
            "name": each.name,
            "issues": each.issues,
            "way": "" if address is None else address.way.value,
            "address": "" if address is None else address.address,
            "secret": await self.sending.secret(each.id) if hooked else "",
        }

    def _sendings(
        self, register: Register, listed: Sequence[ListedDocument], asked: AdminRequest
    ) -> Sequence[dict[str, object]]:
        titles, zone = {each.id: each for each in listed}, self.pages.pages.zone()
        rows: list[dict[str, object]] = []
        for each in [*reversed(register.sendings.values())][:SHOWN]:
            again = self.sending.waiting.get(each.id)
            body, document = register.recipients.get(each.recipient), titles.get(each.document)
            rows.append(
                {
                    "at": asked.ui.moment(zone.at(each.at)),
                    "name": each.recipient if body is None else body.name,
                    "title": each.document if document is None else document.title,
                    "language": "" if document is None else document.language,
                    "n": each.n,
                    "state": asked.ui.text(ANSWERED if register.answered(each) else STATES[each.state]),
                    "again": "" if again is None else asked.ui.moment(zone.at(again.again)),
                    "failed": each.state is SendingState.FAILED,
                    "detail": each.detail,
                }
            )
        return rows


def _message(listed: ListedDocument, number: str) -> MessageId | None:
    """The message that stands in a numbered paragraph of the newest version."""
    version = listed.document.newest
    paragraphs = () if version is None else version.paragraphs
    found = (each.message for each in paragraphs if str(each.n) == number and each.message is not None)
    return next((each.message for each in found), None)


def _fields(changed: Recipient | None) -> dict[str, str]:
    if changed is None:
        return {}
    return {
        "id": changed.id,
        "name": changed.name,
        "issues": "\n".join(changed.issues),
        "site": changed.site,
        "symbol": changed.symbol,
    }
