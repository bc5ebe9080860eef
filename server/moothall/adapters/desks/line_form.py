"""The form of the captioner's page for browsers without scripts. Each submission stores one whole line."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass

from aiohttp import web

from moothall.adapters.http.form_guard import FIELD, FormGuard
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.visitor_request import read_form
from moothall.core.commands import TypeSegment
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.core.rules.authority import writes_into
from moothall.core.rules.making import MAX_TEXT
from moothall.services.log.act_queue import SendCommand
from moothall.services.sessions.staff import Staff, actor_of

ChannelTexts = Sequence[tuple[ChannelId, ChannelKind, Sequence[str]]]
"""The session's channels, each with its kind and languages."""
SENT = "sent"
"""The query parameter of the address to which a browser is redirected once its line is stored."""


@dataclass(eq=False, repr=False)
class LineForm:
    """Renders and handles the form. `key_of`: returns the browser's key, to which the form's token is bound."""

    send: SendCommand
    _: KW_ONLY
    guard: FormGuard
    key_of: Callable[[web.Request], str]

    def shown(
        self, request: web.Request, texts: ChannelTexts, role: Role, ui: Catalogue, *, text: str = "", refused: str = ""
    ) -> dict[str, object]:
        """The values for the template. `text`: the text that was typed, where the line was `refused` with that
        sentence.
        """
        open_texts = [(channel, languages) for channel, kind, languages in texts if writes_into(role, kind)]
        into = [
            {"value": f"{channel}/{tag}", "name": ui.language_name(tag)}
            for channel, languages in open_texts
            for tag in languages
        ]
        sent = ui.text("Your line is in the text.") if SENT in request.query else ""
        return {
            "action": f"{request.path}?{request.query_string}",
            "field": FIELD,
            "token": self.guard.token(self.key_of(request)),
            "into": into,
            "chosen": request.query.get("into", ""),
            "text": text,
            "said": refused or sent,
            "refused": bool(refused),
        }

    async def submit(self, request: web.Request, session: SessionId, staff: Staff) -> tuple[str, str, Refusal | None]:
        """Store a line; return the typed text, its channel and language, and a refusal or None. Sending a form twice
        stores one line.

        Raises HttpProblem when the form can't be read.
        """
        form = await read_form(request)
        token, text, into = (form.get(name, "") for name in (FIELD, "text", "into"))
        channel, _, language = into.partition("/")
        if not self.guard.passes(token, self.key_of(request)):
            return text, into, refuse(RefusalCode.STALE, "The form was made before the server was started again.")
        name = hashlib.sha256(token.encode()).hexdigest()[:18]
        line = TypeSegment(
            channel=ChannelId(channel),
            segment=SegmentId(f"w{name}"),
            text=" ".join(text[: MAX_TEXT + 1].split()),
            language=language,
        )
        answer = await self.send(actor_of(staff), session, CommandId(f"line-w{name}"), line)
        return text, into, answer if isinstance(answer, Refusal) else None
