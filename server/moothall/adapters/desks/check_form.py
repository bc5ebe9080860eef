"""The page for checking a text line by line, with its sound: plain forms, which work without scripts.

What the recogniser was least sure of comes first. Each form sends one line: where its text was changed the line is
corrected, and in either case it is noted that a person found it right.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import KW_ONLY, dataclass
from functools import partial
from urllib.parse import quote, urlencode

import msgspec
from aiohttp import web

from moothall.adapters.desks.speakers_form import ACCEPT, DECLINE, SpeakersForm
from moothall.adapters.http.form_guard import FIELD, FormGuard
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.visitor_request import read_form
from moothall.core.commands import CorrectSegment, SealRecord
from moothall.core.events.types import SealVersion
from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.errors import NO_SESSION, Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.core.kernel.languages import direction
from moothall.core.kernel.times import media_time
from moothall.core.rules.authority import COMMANDS
from moothall.core.rules.making import MAX_TEXT
from moothall.core.sessions.parts import Channel, Segment
from moothall.core.sessions.state import State, Status
from moothall.services.desks.checking import CheckedLines, doubt, to_check
from moothall.services.log.act_queue import SendCommand
from moothall.services.sessions.staff import Staff, actor_of
from moothall.wire.plain_text import behind_doubts

LINES = 12
"""Lines on a page."""
AROUND_MS = 800
"""Sound before and after a line that is heard with it, in ms."""
SEAL = "seal"
MAX_DIGITS = 9
_STALE = "Somebody else mended this line meanwhile."


class SentCheck(msgspec.Struct, frozen=True):
    """What a sent form has come to."""

    segment: str
    text: str
    """The typed text, to be shown again where it was refused."""
    refused: Refusal | None


@dataclass(eq=False, repr=False)
class CheckForm:
    """Renders and handles the page's forms. `state_of` returns a session's state; `key_of` as for `LineForm`."""

    send: SendCommand
    _: KW_ONLY
    state_of: Callable[[SessionId], Awaitable[State | None]]
    lines: CheckedLines
    speakers: SpeakersForm
    guard: FormGuard
    key_of: Callable[[web.Request], str]

    async def shown(
        self,
        request: web.Request,
        session: SessionId,
        channel: ChannelId,
        staff: Staff,
        ui: Catalogue,
        *,
        sound: bool,
        sent: SentCheck | None = None,
    ) -> dict[str, object]:
        """The values for the template. `channel`: the text that is checked where the address names none; `sent`: what
        became of a form that was refused.
        """
        state = await self.state_of(session) or State(id=session)
        asked = ChannelId(request.query.get("channel", channel))
        by_time = request.query.get("order") == "time"
        done = await self.lines.of(session)
        all_lines = to_check(state, asked)
        left = [line for line in all_lines if (found := done.get(line.id)) is None or found.revision != line.revision]
        left = left if by_time else sorted(left, key=doubt, reverse=True)
        rows = self.lines.take(session, left, self.key_of(request), LINES)
        return {
            "proposed": await self.speakers.proposals(session, state, ui, clip=partial(_clip, session, sound=sound)),
            "rows": [self._row(line, state, session, ui, sound=sound, sent=sent) for line in rows],
            "left": len(left),
            "of": len(all_lines),
            "done": len(all_lines) - len(left),
            "by_time": by_time,
            "orders": [self._address(request, order=order) for order in ("doubt", "time")],
            "texts": [
                {"address": self._address(request, channel=each.id), "name": name, "here": each.id == asked}
                for each in state.channels.values()
                for name in [_name_of(each, ui)]
            ],
            "action": self._address(request),
            "field": FIELD,
            "token": self.guard.token(self.key_of(request)),
            "seals": SealRecord in COMMANDS[staff.role] and state.status is Status.CLOSED,
            "said": "" if sent is None or sent.refused is None else ui.named(f"desk/refused.{sent.refused.code}"),
            "versions": f"/s/{quote(session)}/versions?{urlencode({'channel': asked})}",
        }

    def _row(
        self, line: Segment, state: State, session: SessionId, ui: Catalogue, *, sound: bool, sent: SentCheck | None
    ) -> dict[str, object]:
        text = line.whole.strip()
        typed = sent.text if sent is not None and sent.segment == line.id else text
        name = state.speakers.get(line.speaker, "") if line.speaker else ""
        return {
            "id": line.id,
            "revision": line.revision,
            "words": len(line.words),
            "time": media_time(line.t0),
            "to_line": ui.named("reader/to-line", time=media_time(line.t0)),
            "name": name,
            "language": line.language,
            "direction": direction(line.language),
            "pieces": behind_doubts(text, line.recognised),
            "text": typed,
            "changed": typed != text,
            "clip": _clip(session, line.channel, line.t0, line.t1, sound=sound),
        }

    def _address(self, request: web.Request, **changes: str) -> str:
        kept = {name: request.query[name] for name in ("ui", "role", "channel", "order") if name in request.query}
        query = urlencode(kept | changes)
        return quote(request.path) + (f"?{query}" if query else "")

    def address(self, request: web.Request) -> str:
        """The address of the page after a form was sent."""
        return self._address(request)

    async def submit(self, request: web.Request, session: SessionId, staff: Staff) -> SentCheck:
        """Correct a line where its text was changed, and note that it was found right; or decide on what a speaker
        proposes, or seal the text.

        Raises HttpProblem when the form can't be read, and StorageUnavailable.
        """
        form = await read_form(request)
        name, text = form.get("segment", ""), " ".join(form.get("text", "")[: MAX_TEXT + 1].split())
        token = form.get(FIELD, "")
        if not self.guard.passes(token, self.key_of(request)):
            late = refuse(RefusalCode.STALE, "The form was made before the server was started again.")
            return SentCheck(name, text, late)
        if form.get("act") == SEAL:
            return SentCheck("", "", await self._seal(session, staff, token))
        if form.get("act") in (ACCEPT, DECLINE):
            return SentCheck("", "", await self.speakers.decide(session, staff, form))
        state = await self.state_of(session)
        line = None if state is None else state.segments.get(SegmentId(name))
        if line is None or line.gone or not line.ended:
            return SentCheck(name, text, NO_SESSION)
        if number_in(form.get("revision", ""), MAX_DIGITS) != line.revision:
            return SentCheck(name, text, refuse(RefusalCode.STALE, _STALE))
        revision = line.revision
        if text and text != " ".join(line.whole.split()):
            refused = await self._correct(line, text, session, staff, token)
            if refused is not None:
                return SentCheck(name, text, refused)
            revision += 1
        await self.lines.mark(session, line.id, revision, staff.role)
        return SentCheck(name, text, None)

    async def _correct(self, line: Segment, text: str, session: SessionId, staff: Staff, token: str) -> Refusal | None:
        command = CorrectSegment(
            channel=line.channel,
            segment=line.id,
            base_revision=line.revision,
            base_words=len(line.words),
            text=text,
        )
        name = _digest("check", token, line.id, str(line.revision), text)
        answer = await self.send(actor_of(staff), session, CommandId(name), command)
        return answer if isinstance(answer, Refusal) else None

    async def _seal(self, session: SessionId, staff: Staff, token: str) -> Refusal | None:
        command = SealRecord(version=SealVersion.CHECKED)
        answer = await self.send(actor_of(staff), session, CommandId(_digest("seal", token)), command)
        return answer if isinstance(answer, Refusal) else None


def _clip(session: SessionId, channel: str, t0: int, t1: int, *, sound: bool) -> str:
    """The address of the sound of a line; empty where there is no `sound`."""
    clip = {"channel": channel, "from": max(0, t0 - AROUND_MS), "to": t1 + AROUND_MS}
    return f"/s/{quote(session)}/clip?{urlencode(clip)}" if sound else ""


def _name_of(channel: Channel, ui: Catalogue) -> str:
    language = ui.language_name(channel.languages[0]) if channel.languages else ""
    return ui.named(f"staff/kind.{channel.kind}", language=language)


def _digest(kind: str, *parts: str) -> str:
    return f"{kind}-{hashlib.sha256('/'.join(parts).encode()).hexdigest()[:24]}"
