"""`/own-words/{session}`: the page of one speaker behind their private link, with their own words of one session alone,
and what they propose for these.

`/own-words/{session}/enter/{secret}` exchanges the link for a cookie that is sent to the page alone, so that no secret
stays in an address. The page shows a speaker their own finished lines, also in a session for the staff alone, and
nobody else's. Below them stand the messages of published reports that quote them. It needs no scripts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote, urlencode

from aiohttp import hdrs, web

from moothall.adapters.admin.texts import AdminText
from moothall.adapters.http.form_guard import FIELD, FormGuard
from moothall.adapters.http.forwarded import AddressOf
from moothall.adapters.http.limits import AddressGate
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import HttpProblem, language, own_html, refusal
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import DoorText, ErrorText
from moothall.adapters.pages.visitor_request import private, read_form, see_other
from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.errors import RecordBroken, Refusal, RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import SegmentId, SessionId, SpeakerId
from moothall.core.kernel.languages import direction
from moothall.core.kernel.times import Zone, media_time
from moothall.core.proposals.own_words import (
    OwnFate,
    OwnProposal,
    ProposalWindow,
    SpeakerLink,
    is_own,
    may_have_link,
    own_lines,
    window,
)
from moothall.core.rules.making import MAX_TEXT
from moothall.core.sessions.parts import Segment
from moothall.core.sessions.state import State
from moothall.record.citation.comparing import compare
from moothall.services.outcomes.messages_quoting import QuotingMessage
from moothall.services.proposals.own_words import OwnWords
from moothall.services.sessions.browsers import VISIT_MS
from moothall.wire.token_bucket import Allowance

COOKIE = "moothall_own_words"
PATH = "/own-words"
LINES = 40
"""Lines on a page."""
MAX_DIGITS = 9
LINK_TRIES = Allowance(per_second=1, burst=60)
"""Links that one address may try: nobody guesses 256 bits at this rate."""
_SECRET = {hdrs.CACHE_CONTROL: "no-store", "Referrer-Policy": "no-referrer"}


class OwnWordsText:
    """Keys of the sentences that say why a proposal was not taken."""

    MENDED = "This line was mended meanwhile. Look at both texts, then propose it once more."
    GONE = "This line is not in the text any more, or somebody else is said to have spoken it."
    SAME = "Change the words that were misheard, then propose it."
    OVER = "Nothing can be proposed now."
    FULL = "You have proposed as much as one person can in a meeting."
    DECIDED = "Somebody has decided on it meanwhile."
    LATER = "It could not be stored at the moment. Please try again in a minute."


_SENTENCES: Mapping[RefusalCode, str] = {
    RefusalCode.STALE: OwnWordsText.MENDED,
    RefusalCode.UNKNOWN: OwnWordsText.GONE,
    RefusalCode.INVALID: OwnWordsText.SAME,
    RefusalCode.CONFLICT: OwnWordsText.OVER,
    RefusalCode.FORBIDDEN: OwnWordsText.FULL,
    RefusalCode.BUSY: OwnWordsText.LATER,
    RefusalCode.UNAVAILABLE: OwnWordsText.LATER,
}


FindMessages = Callable[[State, SpeakerId], Awaitable[Sequence[QuotingMessage]]]
"""Finds the published messages that quote a speaker. May raise StorageUnavailable."""


class OpenedLink(NamedTuple):
    """A valid link, with what its page shows."""

    link: SpeakerLink
    state: State
    quoted: Sequence[QuotingMessage] = ()


@dataclass(eq=False, repr=False, kw_only=True)
class OwnWordsDoor:
    """Handlers of the page. `gate` limits how many links an address may try; `secure`: whether the house is reached
    over https only.
    """

    pages: Pages
    own_words: OwnWords
    quoting: FindMessages
    guard: FormGuard
    gate: AddressGate
    address_of: AddressOf
    secure: bool

    def __post_init__(self) -> None:
        self._making = asyncio.Lock()
        """One page is made at a time, so that long texts take one thread at most. Bound: the requests' slots."""

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/own-words/{session}/enter/{secret}", self.enter, allow_head=False),
            web.get("/own-words/{session}", self.page),
            web.post("/own-words/{session}", self.act),
        ]

    async def enter(self, request: web.Request) -> web.Response:
        """Exchange a link for a cookie, and redirect to the page."""
        ui = language(self.pages, request)
        session = SessionId(request.match_info["session"])
        if self.gate.take(self.address_of(request)):
            return private(refusal(HttpProblem(429, DoorText.OFTEN), self.pages, ui))
        proof = self.own_words.opened(session, request.match_info["secret"])
        if proof is None:
            return private(refusal(HttpProblem(404, AdminText.NO_LINK), self.pages, ui))
        path = f"{PATH}/{quote(session)}"
        response = see_other(f"{path}{ui.query}", _SECRET)
        response.set_cookie(
            COOKIE, proof, max_age=VISIT_MS // 1000, path=path, httponly=True, samesite="Lax", secure=self.secure
        )
        return response

    async def page(self, request: web.Request) -> web.Response:
        """The speaker's own words, and what they have proposed."""
        ui = language(self.pages, request)
        try:
            opened = await self._opened(request)
        except HttpProblem as wrong:
            return private(refusal(wrong, self.pages, ui))
        return await self._page(request, opened, ui)

    async def act(self, request: web.Request) -> web.Response:
        """Take a proposal, take one back, or make public that one was declined; show the page again, with the typed
        text where it was not taken.
        """
        ui = language(self.pages, request)
        try:
            opened = await self._opened(request)
            form = await read_form(request)
        except HttpProblem as wrong:
            return private(refusal(wrong, self.pages, ui))
        segment, text = SegmentId(form.get("segment", "")), " ".join(form.get("text", "")[: MAX_TEXT + 1].split())
        if not self.guard.passes(form.get(FIELD, ""), _proof_of(request)):
            return await self._page(request, opened, ui, typed=(segment, text), wrong=ui.text(AdminText.FORM))
        try:
            refused = await self._carry_out(opened.link, form, segment, text)
        except StorageUnavailable:
            return await self._page(request, opened, ui, typed=(segment, text), wrong=ui.text(OwnWordsText.LATER))
        if refused is None:
            kept = {name: request.query[name] for name in ("ui", "from") if name in request.query}
            query = f"?{urlencode(kept)}" if kept else ""
            return private(see_other(f"{quote(request.path)}{query}#{quote(segment)}"))
        try:
            opened = await self._opened(request)
        except HttpProblem as wrong:
            return private(refusal(wrong, self.pages, ui))
        sentence = _SENTENCES.get(refused.code, OwnWordsText.OVER)
        if form.get("act") != "propose" and refused.code is RefusalCode.STALE:
            sentence = OwnWordsText.DECIDED
        return await self._page(request, opened, ui, typed=(segment, text), wrong=ui.text(sentence))

    async def _carry_out(
        self, link: SpeakerLink, form: Mapping[str, str], segment: SegmentId, text: str
    ) -> Refusal | None:
        match form.get("act"):
            case "take-back":
                return await self.own_words.take_back(link, form.get("proposal", ""))
            case "publish":
                return await self.own_words.publish(link, form.get("proposal", ""))
            case _:
                revision = number_in(form.get("revision", ""), MAX_DIGITS)
                return await self.own_words.propose(link, segment, -1 if revision is None else revision, text)

    async def _opened(self, request: web.Request) -> OpenedLink:
        """The link of a request's browser. Raises HttpProblem."""
        session, proof = SessionId(request.match_info["session"]), _proof_of(request)
        link = self.own_words.of_proof(session, proof) if proof else None
        if link is None:
            raise HttpProblem(404, AdminText.NO_LINK)
        try:
            live = await self.own_words.sessions.find(session)
            if live is None or not may_have_link(live.state, link.speaker):
                raise HttpProblem(404, AdminText.NO_LINK)
            return OpenedLink(link, live.state, await self.quoting(live.state, link.speaker))
        except StorageUnavailable as error:
            raise HttpProblem(503, ErrorText.UNAVAILABLE) from error
        except RecordBroken as error:
            raise HttpProblem(500, ErrorText.BROKEN) from error

    async def _page(
        self,
        request: web.Request,
        opened: OpenedLink,
        ui: Catalogue,
        *,
        typed: tuple[SegmentId, str] = (SegmentId(""), ""),
        wrong: str = "",
    ) -> web.Response:
        async with self._making:
            text = await asyncio.to_thread(self.rendered, request, opened, ui, typed=typed, wrong=wrong)
        return private(own_html(text, ui, status=409 if wrong else 200))

    def rendered(
        self,
        request: web.Request,
        opened: OpenedLink,
        ui: Catalogue,
        *,
        typed: tuple[SegmentId, str] = (SegmentId(""), ""),
        wrong: str = "",
    ) -> str:
        """The page. It runs in a thread: comparing long texts takes long."""
        now, (link, state, quoted) = self.own_words.clock.wall(), opened
        lines, stands = own_lines(state, link.speaker, now), window(link, state, now)
        first = min(number_in(request.query.get("from", ""), MAX_DIGITS) or 0, max(0, len(lines) - 1))
        zone = self.pages.zone()
        lost = [
            each for each in link.proposals if not is_own(state, state.segments.get(each.segment), link.speaker, now)
        ]
        return self.pages.render(
            "proposals/own_words.html",
            ui=ui,
            title=state.title.strip() or ui.text("Meeting without a title"),
            title_language=next(iter(state.languages), "") if state.title.strip() else "",
            name=state.speakers[link.speaker],
            wrong=wrong,
            stands=stands.value,
            may_propose=stands is ProposalWindow.OPEN,
            until=ui.day(zone.at(link.until - 1)),
            rows=[self._row(line, link, ui, typed=typed) for line in lines[first : first + LINES]],
            lost=[proposal_values(each, None, ui, zone) for each in lost],
            quoted=[_quoting_values(each, ui, zone) for each in quoted],
            earlier=self._address(request, {"from": str(max(0, first - LINES))}) if first else "",
            later=self._address(request, {"from": str(first + LINES)}) if first + LINES < len(lines) else "",
            action=self._address(request, {}),
            field=FIELD,
            token=self.guard.token(_proof_of(request)),
            in_language=lambda tag: self._address(request, {"ui": tag}),
        )

    def _row(
        self, line: Segment, link: SpeakerLink, ui: Catalogue, *, typed: tuple[SegmentId, str]
    ) -> dict[str, object]:
        text = line.whole.strip()
        proposal = link.newest(line.id)
        waits = proposal is not None and proposal.fate is OwnFate.WAITING
        shown = proposal.text if proposal is not None and waits else text
        return {
            "id": line.id,
            "revision": line.revision,
            "time": media_time(line.t0),
            "language": line.language,
            "direction": direction(line.language),
            "text": text,
            "typed": typed[1] if typed[0] == line.id and typed[1] else shown,
            "proposal": None if proposal is None else proposal_values(proposal, text, ui, self.pages.zone()),
        }

    def _address(self, request: web.Request, changes: Mapping[str, str]) -> str:
        kept = {name: request.query[name] for name in ("ui", "from") if name in request.query}
        query = urlencode({**kept, **changes})
        return quote(request.path) + (f"?{query}" if query else "")


def _quoting_values(quoting: QuotingMessage, ui: Catalogue, zone: Zone) -> dict[str, object]:
    """The values of a message that quotes the speaker."""
    message = quoting.message
    return {
        "address": f"/s/{quote(quoting.session)}/outcome{ui.query}#Message-{quote(message.id)}",
        "text": message.text,
        "language": quoting.language,
        "direction": direction(quoting.language),
        "kind": ui.named(f"report/kind.{message.kind}"),
        "report": quoting.title,
        "at": ui.moment(zone.at(quoting.at)),
    }


def proposal_values(proposal: OwnProposal, now: str | None, ui: Catalogue, zone: Zone) -> dict[str, object]:
    """The values of a proposal for a template. `now`: what its line reads now; None where no text of the line is to be
    shown, since it may be somebody else's.
    """
    waits = proposal.fate is OwnFate.WAITING
    role = "" if proposal.role is None else ui.named(f"staff/role.{proposal.role}")
    said = {"role": role, "time": ui.moment(zone.at(proposal.decided))} if proposal.decided else {}
    before = proposal.text if now is None else now if now and waits else proposal.was
    return {
        "id": proposal.id,
        "fate": proposal.fate.value,
        "said": ui.named(f"own-words/{proposal.fate}", **said),
        "parts": [{"change": part.change.value, "text": part.text} for part in compare(before, proposal.text)],
        "was": proposal.was if waits and now and now != proposal.was else "",
        "text": proposal.text,
        "reason": proposal.reason,
        "public": proposal.public,
    }


def _proof_of(request: web.Request) -> str:
    return request.cookies.get(COOKIE, "")
