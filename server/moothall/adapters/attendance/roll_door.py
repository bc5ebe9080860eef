"""`/s/{session}/sign-in-sheet`: the attendance list on which people sign in themselves, where the session has one.

Whoever signs in gets a private address, with which they correct or remove their entry until the list is final. The form
sets no cookie; an error is shown above it, and it keeps what was typed.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from aiohttp import web

from moothall.adapters.attendance.texts import AttendanceText
from moothall.adapters.http.visitor_cookie import new_form
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import HttpProblem, SessionRequest, own_html
from moothall.adapters.pages.texts import DoorText, ErrorText
from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.adapters.pages.visitor_request import clean, private, read_form, see_other, title_language, title_of
from moothall.core.kernel.errors import Refusal, RefusalCode, StorageUnavailable
from moothall.core.questions.statements import CHOICES
from moothall.core.rules.attendance import LONGEST_NAME, LONGEST_REPRESENTING, SUMMED
from moothall.core.sessions.roll import RollEntry, RollStatus
from moothall.services.attendance.acts import AttendanceActs, RollWords, entry_of
from moothall.wire.token_bucket import Allowance

ALLOWANCE = Allowance(per_second=2, burst=300)
"""The rate of one address: a hall of 300 people may share one."""
MAX_BODY_BYTES = 8_192
_Handler = Callable[[web.Request, SessionRequest, Catalogue], Awaitable[web.Response]]
_SECRET = re.compile(r"[A-Za-z0-9_-]{22}\Z")


@dataclass(eq=False, repr=False)
class RollDoor:
    """Handlers of the form, and of the private page of an entry."""

    context: VisitorContext
    acts: AttendanceActs

    def __post_init__(self) -> None:
        self._senders = self.context.senders(ALLOWANCE)

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/s/{session}/sign-in-sheet", self.form),
            web.post("/s/{session}/sign-in-sheet", self.submit),
            web.get("/s/{session}/sign-in-sheet/{secret}", self.own),
            web.post("/s/{session}/sign-in-sheet/{secret}", self.change),
        ]

    async def form(self, request: web.Request) -> web.Response:
        """The empty form, or a sentence where the list is not open."""
        return await self._answer(request, self._form)

    async def _form(self, request: web.Request, wanted: SessionRequest, ui: Catalogue) -> web.Response:
        return await self._page(wanted, ui, typed={"id": new_form(self.context.randomness)})

    async def submit(self, request: web.Request) -> web.Response:
        """Sign in, and redirect to the entry's private page; or show the form again with an error."""
        return await self._answer(request, self._submit)

    async def _submit(self, request: web.Request, wanted: SessionRequest, ui: Catalogue) -> web.Response:
        typed = await read_form(request, MAX_BODY_BYTES)
        secret = typed.get("id", "")
        if not _SECRET.match(secret):
            raise HttpProblem(400, ErrorText.REQUEST)
        if self._senders.often(request):
            return await self._page(wanted, ui, typed=typed, sentence=ui.text(DoorText.OFTEN), status=429)
        return await self._signed(wanted, ui, secret, typed, own=False)

    async def own(self, request: web.Request) -> web.Response:
        """The private page of an entry."""
        return await self._answer(request, self._own)

    async def _own(self, request: web.Request, wanted: SessionRequest, ui: Catalogue) -> web.Response:
        secret, entry = await self._entry(request, wanted)
        typed = {"name": entry.name, "representing": entry.representing, "group": entry.group, "region": entry.region}
        return await self._page(wanted, ui, typed={**typed, "agreed": "yes"}, own=secret)

    async def change(self, request: web.Request) -> web.Response:
        """Correct the entry, or remove it: `act=strike`."""
        return await self._answer(request, self._change)

    async def _change(self, request: web.Request, wanted: SessionRequest, ui: Catalogue) -> web.Response:
        typed = await read_form(request, MAX_BODY_BYTES)
        secret, _ = await self._entry(request, wanted)
        self._senders.check(request)
        if typed.get("act") == "strike":
            await self.acts.strike(wanted.session, secret, entry_of(wanted.session, secret))
            return see_other(f"{_path(wanted)}{ui.query}")
        return await self._signed(wanted, ui, secret, typed, own=True)

    async def _signed(
        self, wanted: SessionRequest, ui: Catalogue, secret: str, typed: Mapping[str, str], *, own: bool
    ) -> web.Response:
        words = RollWords(
            name=_line(typed.get("name", "")),
            representing=_line(typed.get("representing", "")),
            **{each.value: _choice(typed, each.value) for each in SUMMED},
        )
        wrong = _unfit(words, typed)
        if not wrong:
            refused = await self.acts.sign(wanted.session, secret, words)
            wrong = "" if refused is None else await self._why(wanted, secret, words, refused)
        if not wrong:
            return see_other(f"{_path(wanted)}/{quote(secret)}{ui.query}")
        most = LONGEST_REPRESENTING if wrong == AttendanceText.REPRESENTING else LONGEST_NAME
        status = 503 if wrong == ErrorText.UNAVAILABLE else 422
        sentence = ui.text(wrong, n=most)
        return await self._page(wanted, ui, typed=typed, sentence=sentence, status=status, own=secret if own else "")

    async def _why(self, wanted: SessionRequest, secret: str, words: RollWords, refused: Refusal) -> str:
        """The key of the sentence for a refusal; empty where the entry reads like this already."""
        state = await self.acts.state(wanted.session)
        roll = RollStatus.NONE if state is None else state.attendance.roll
        if refused.code in (RefusalCode.UNAVAILABLE, RefusalCode.BUSY):
            return ErrorText.UNAVAILABLE
        if roll is RollStatus.FINAL:
            return AttendanceText.FINAL
        known = await self.acts.own(wanted.session, secret)
        if known is not None:
            return ""
        return AttendanceText.FULL if roll is RollStatus.OPEN else AttendanceText.NO_LIST

    async def _entry(self, request: web.Request, wanted: SessionRequest) -> tuple[str, RollEntry]:
        secret = request.match_info["secret"]
        entry = await self.acts.own(wanted.session, secret) if _SECRET.match(secret) else None
        if entry is None:
            state = await self.acts.state(wanted.session)
            final = state is not None and state.attendance.roll is RollStatus.FINAL and _SECRET.match(secret)
            raise HttpProblem(404, AttendanceText.FINAL if final else ErrorText.NOTHING)
        return secret, entry

    async def _answer(self, request: web.Request, answer: _Handler) -> web.Response:
        ui = self.context.language(request)
        try:
            return private(await answer(request, await self.context.asked(request), ui))
        except HttpProblem as wrong:
            return private(self.context.refused(wrong, ui))
        except StorageUnavailable:
            return private(self.context.refused(HttpProblem(503, ErrorText.UNAVAILABLE), ui))

    async def _page(
        self,
        wanted: SessionRequest,
        ui: Catalogue,
        *,
        typed: Mapping[str, str],
        sentence: str = "",
        status: int = 200,
        own: str = "",
    ) -> web.Response:
        state = await self.acts.state(wanted.session)
        roll = RollStatus.NONE if state is None else state.attendance.roll
        why = AttendanceText.FINAL if roll is RollStatus.FINAL else AttendanceText.NO_LIST
        shut = roll is RollStatus.FINAL or (roll is not RollStatus.OPEN and not own)
        path = _path(wanted)
        text = self.context.pages.render(
            "attendance/roll.html",
            ui=ui,
            title=title_of(wanted, ui),
            title_language=title_language(wanted),
            back=f"/s/{quote(wanted.session)}{ui.query}",
            action=f"{path}/{quote(own)}{ui.query}" if own else f"{path}{ui.query}",
            own=own,
            closed=ui.text(why) if shut else "",
            typed={name: clean(value) for name, value in typed.items()},
            choices=[
                (
                    each.value,
                    ui.named(f"asking/about.{each.value}"),
                    [(cell, ui.named(f"moderation/heard.{each.value}.{cell}")) for cell in CHOICES[each]],
                )
                for each in SUMMED
            ],
            sentence=sentence,
            most_name=LONGEST_NAME,
            most_representing=LONGEST_REPRESENTING,
            in_language=lambda tag: f"{path}{'/' + quote(own) if own else ''}?{urlencode({'ui': tag})}",
        )
        return own_html(text, ui, status=404 if shut and status == 200 else status)


def _path(wanted: SessionRequest) -> str:
    return f"/s/{quote(wanted.session)}/sign-in-sheet"


def _line(text: str) -> str:
    return " ".join(clean(text).split())


def _choice(typed: Mapping[str, str], name: str) -> str:
    """The chosen value; empty for one that isn't offered."""
    offered = {each.value: CHOICES[each] for each in SUMMED}[name]
    return typed.get(name, "") if typed.get(name, "") in offered else ""


def _unfit(words: RollWords, typed: Mapping[str, str]) -> str:
    """The key of the sentence about what does not fit; empty where all does."""
    if not 0 < len(words.name) <= LONGEST_NAME or typed.get("agreed") != "yes":
        return AttendanceText.NAME
    return AttendanceText.REPRESENTING if len(words.representing) > LONGEST_REPRESENTING else ""
