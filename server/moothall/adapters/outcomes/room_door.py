"""`/report/{session}`: the rapporteur's room. Left the record, also while the meeting is on, right the report.

Each message and each section is a form of its own, so that the page works without scripts, and two people who work at
once get in each other's way in one message alone: then both texts are shown.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from urllib.parse import quote, urlencode

from aiohttp import web

from moothall.adapters.http.form_guard import FIELD, FormGuard
from moothall.adapters.outcomes.cited_values import AROUND_MS, CitedRows
from moothall.adapters.outcomes.document_texts import drafted
from moothall.adapters.outcomes.room_forms import NEW, FormFields, act_of
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.meeting_texts import alone
from moothall.adapters.pages.request_context import HttpProblem, language, own_html, refusal
from moothall.adapters.pages.staff_frame import Asked, StaffOf, Tab, facts_of, meeting_frame
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.pages.visitor_request import private, read_fields, see_other
from moothall.core.events.notes_and_tags import PolicyQuestion
from moothall.core.events.outcome_parts import Citation, MessageKind, ReportStage
from moothall.core.events.types import ChannelKind, SoundKept
from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.errors import RecordBroken, Refusal, RefusalCode, StorageUnavailable, refuse
from moothall.core.kernel.ids import ChannelId, PolicyQuestionId, SessionId, is_name
from moothall.core.kernel.languages import direction
from moothall.core.kernel.times import media_time
from moothall.core.outcomes.commands import WriteMessage
from moothall.core.outcomes.report import DraftMessage, Report
from moothall.core.outcomes.report_rules import MAX_MESSAGE, MAX_SECTION
from moothall.core.questions.interventions import Intervention
from moothall.core.reports.drafting import DraftedSentence
from moothall.core.reports.suggestions import (
    Boost,
    PolicyQuestionText,
    SuggestedLines,
    SuggestibleLine,
    SuggestionReason,
)
from moothall.core.reports.templates import ReportTemplate, TemplateSection, counted, said_in
from moothall.core.rules.authority import COMMANDS
from moothall.core.sessions.parts import Segment
from moothall.core.sessions.state import ON, State
from moothall.core.translation.lines import stays_here
from moothall.services.outcomes.cited_words import CitedWords
from moothall.services.outcomes.prefilling import spoken_lines
from moothall.services.outcomes.publishing import check_quotations
from moothall.services.outcomes.reports import SessionReports
from moothall.services.reports.drafting import Drafting
from moothall.services.reports.suggesting import NoSuggestions, SuggestionOrder
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.staff import MayAct, Staff, actor_of

PATH = "/report"
LINES = 300
"""Lines of the record on a page."""
MAX_BODY_BYTES = 512 << 10
"""A section of 50,000 characters of four bytes takes 400 KB in a form at most in most scripts."""
MAX_FIELDS = 600
MAX_DIGITS = 6
_NOTHING: Mapping[str, object] = {"suggested": (), "none_now": False}
"""What is shown of suggestions where nobody asks for them."""
_LIVE_MS = 5_000
"""How often the page's script looks for new lines while the meeting is on and its connection is lost, ms."""


class RoomText:
    """Keys of the sentences that say why a form was not taken."""

    FORM = "The page was made before the server was started again. What you typed is still here: send it once more."
    STALE = "Somebody else has changed this meanwhile. Both texts are here: yours can be sent once more."
    NOTHING_NEW = "Choose lines or questions that this message does not cite yet."


@dataclass(eq=False, repr=False)
class RoomDoor:
    """Handlers of the room, for links that may write the report."""

    pages: Pages
    reports: SessionReports
    guard: FormGuard
    _: KW_ONLY
    staff: StaffOf
    may_act: MayAct
    key_of: Callable[[web.Request], str]
    room_title: Callable[[SessionId], str]
    suggest: Callable[[SuggestionOrder], Awaitable[SuggestedLines | NoSuggestions]]
    drafting: Drafting | None = None
    """None where no service drafts sentences."""

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get("/report/{session}", self.show), web.post("/report/{session}", self.take)]

    async def show(self, request: web.Request) -> web.Response:
        """The room, or a sentence that says why it isn't shown."""
        ui = language(self.pages, request)
        try:
            staff, about, live = await self._room(request)
            return await self._page(request, staff, about, live, ui)
        except HttpProblem as wrong:
            return private(refusal(wrong, self.pages, ui))

    async def take(self, request: web.Request) -> web.Response:
        """Carry out a form's act and show its place; where it is refused the page again, with what was typed."""
        ui = language(self.pages, request)
        try:
            staff, about, live = await self._room(request)
            sent = await read_fields(
                request, MAX_BODY_BYTES, fields=MAX_FIELDS, long=ErrorText.LONG, unread=ErrorText.REQUEST, blank=True
            )
            token = sent.get(FIELD, ("",))[-1]
            if sent.get("act", ("",))[-1] == "draft" and self.guard.passes(token, self.key_of(request)):
                drafts = await self._drafts(request, about)
                return await self._page(request, staff, about, live, ui, drafts=drafts)
            done = await self._carry_out(request, staff, about, live, sent)
            if isinstance(done, str):
                return private(see_other(f"{self._address(request)}#{done}"))
            return await self._page(request, staff, about, live, ui, sent=sent, refused=done)
        except HttpProblem as wrong:
            return private(refusal(wrong, self.pages, ui))
        except StorageUnavailable:
            return private(refusal(HttpProblem(503, ErrorText.UNAVAILABLE), self.pages, ui))

    async def _carry_out(
        self, request: web.Request, staff: Staff, about: LiveSession, live: LiveSession, sent: FormFields
    ) -> str | Refusal:
        """Return the place of the page that a form is about, or why it was not taken."""
        token = sent.get(FIELD, ("",))[-1]
        if not self.guard.passes(token, self.key_of(request)):
            return refuse(RefusalCode.FORBIDDEN, "The form was made before the server was started again.")
        drafter = "" if self.drafting is None else self.drafting.service.name
        act = act_of(sent, live.state.outcomes.report, about.state, about.writer.offset, drafter=drafter)
        if isinstance(act, Refusal):
            return act
        answer = await self.reports.send(actor_of(staff), about.id, act.name(token), act.command)
        return answer if isinstance(answer, Refusal) else act.anchor

    async def _room(self, request: web.Request) -> tuple[Staff, LiveSession, LiveSession]:
        """Who asks, the session and its report's log. Raises HttpProblem."""
        links = self.staff(request)
        if not links:
            raise HttpProblem(401, ErrorText.STAFF)
        session, role = SessionId(request.match_info["session"]), request.query.get("role")
        fitting = [
            each
            for each in links
            if WriteMessage in COMMANDS[each.role]
            and role in (None, each.role)
            and is_name(session)
            and self.may_act(each, session)
        ]
        if not fitting:
            raise HttpProblem(404, ErrorText.NO_SESSION)
        try:
            about = await self.reports.logs.sessions.find(session)
            live = None if about is None else await self.reports.open(session)
        except StorageUnavailable as error:
            raise HttpProblem(503, ErrorText.UNAVAILABLE) from error
        except RecordBroken as error:
            raise HttpProblem(500, ErrorText.BROKEN) from error
        if about is None or live is None or isinstance(live, Refusal):
            raise HttpProblem(404, ErrorText.NO_SESSION)
        return fitting[0], about, live

    async def _page(
        self,
        request: web.Request,
        staff: Staff,
        about: LiveSession,
        live: LiveSession,
        ui: Catalogue,
        *,
        sent: FormFields | None = None,
        refused: Refusal | None = None,
        drafts: tuple[DraftedSentence, ...] | NoSuggestions | None = None,
    ) -> web.Response:
        report, state = live.state.outcomes.report, about.state
        cited = await self.reports.look_up(report)
        typed = _Typed(sent or {}, refused, ui)
        sound, zone = state.sound is not SoundKept.NONE, self.pages.zone()
        rows = CitedRows(ui, zone)
        template = self.reports.templates().templates.get(report.template)
        channels = [each for each in state.channels.values() if each.kind is not ChannelKind.TRANSLATION]
        channel = _channel(request, state)
        unheard = [each for each in cited.values() if not each.heard]
        ask_for_lines = "suggest" in request.query and sent is None
        text = self.pages.render(
            "report/room.html",
            ui=ui,
            frame=meeting_frame(
                facts_of(state, self.room_title(about.id)),
                [each for each in self.staff(request) if self.may_act(each, about.id)],
                ui,
                zone,
                here=Tab.WRITING,
                asked=Asked(path=request.path, language=ui.chosen, role=request.query.get("role", "")),
            ),
            title=state.title.strip() or ui.text("Meeting without a title"),
            language=next(iter(state.languages), ""),
            job=ui.named(f"staff/role.{staff.role}"),
            session=about.id,
            action=self._address(request),
            field=FIELD,
            token=self.guard.token(self.key_of(request)),
            live=_LIVE_MS if state.status in ON else 0,
            draft=live.writer.offset,
            channel=channel,
            wrong=typed.sentence,
            stage=ui.named(f"report/stage.{report.stage}"),
            may_write=report.stage is not ReportStage.SUBMITTED,
            may_submit=report.stage in (ReportStage.DRAFT, ReportStage.RETURNED),
            note=report.note,
            due="" if report.due is None else ui.moment(zone.at(report.due)),
            written_on="" if template is None else said_in(template.name, ui.language)[0],
            lacks_template=template is None and report.template,
            texts=[
                {
                    "address": self._address(request, channel=each.id),
                    "name": ui.named(
                        f"staff/kind.{each.kind}",
                        language=ui.language_name(each.languages[0]) if each.languages else "",
                    ),
                    "here": each.id == channel,
                }
                for each in channels
            ],
            **self._record(request, state, channel, sound=sound),
            **(await self._suggested(state, channel, sound=sound) if ask_for_lines else _NOTHING),
            suggest=self._address(request, suggest="1"),
            drafter=self._drafter(state),
            no_drafts=isinstance(drafts, NoSuggestions),
            drafts=None if drafts is None or isinstance(drafts, NoSuggestions) else drafts,
            asked=[_asked(each, state.notes_and_tags.questions) for each in _questions(state)],
            policy=state.notes_and_tags.questions,
            kinds=[(each.value, ui.named(f"report/kind.{each}")) for each in MessageKind],
            sections=[self._section(each, report, template, ui, typed) for each in _section_names(report, template)],
            messages=[self._message(each, cited, rows, typed, sound=sound) for each in report.messages.values()],
            many=template is not None and 0 < template.most_messages < len(report.messages),
            most=0 if template is None else template.most_messages,
            unheard=len(unheard),
            published=f"/s/{quote(about.id)}/outcome{ui.query}" if report.newest is not None else "",
            max_section=MAX_SECTION,
            max_message=MAX_MESSAGE,
            new=NEW,
            in_language=lambda tag: self._address(request, ui=tag),
        )
        return private(own_html(text, ui, status=200 if refused is None else 409))

    def _drafter(self, state: State) -> str:
        """The name of the service that drafts; empty where none may for this session."""
        return "" if self.drafting is None or stays_here(state) else alone(self.drafting.service.name)

    async def _drafts(self, request: web.Request, about: LiveSession) -> tuple[DraftedSentence, ...] | NoSuggestions:
        if self.drafting is None:
            return NoSuggestions.FAILED
        channel = _channel(request, about.state)
        return await self.drafting.draft(about, channel, order_of(about.state, channel))

    def _record(self, request: web.Request, state: State, channel: ChannelId, *, sound: bool) -> dict[str, object]:
        """The lines of the record on this page: the newest while the meeting is on, else from the first."""
        lines = spoken_lines(state, channel) if channel in state.channels else []
        newest = max(0, len(lines) - LINES) if state.status in ON else 0
        first = number_in(request.query.get("from", ""), MAX_DIGITS)
        first = newest if first is None else min(first, max(0, len(lines) - 1))
        tags = state.notes_and_tags.tags
        return {
            "lines": [
                _line(state, each, sound=sound) | {"tags": [mark.tag.value for mark in tags.get(each.id) or ()]}
                for each in lines[first : first + LINES]
            ],
            "earlier": self._address(request, **{"from": str(max(0, first - LINES))}) if first else "",
            "later": self._address(request, **{"from": str(first + LINES)}) if first + LINES < len(lines) else "",
        }

    async def _suggested(self, state: State, channel: ChannelId, *, sound: bool) -> dict[str, object]:
        """The lines with which a report may begin, as they stand in the record; each is accepted by being cited."""
        found = await self.suggest(order_of(state, channel))
        if isinstance(found, NoSuggestions):
            return {**_NOTHING, "none_now": True}
        groups = [("", found.session), *((each, lines) for each, lines in found.questions.items())]
        texts = {each.id: each.text for each in state.notes_and_tags.questions}
        return {
            **_NOTHING,
            "suggested": [
                {
                    "question": texts.get(PolicyQuestionId(name), ""),
                    "lines": [
                        _line(state, line, sound=sound)
                        for each in lines
                        if (line := state.segments.get(each.segment)) is not None and not line.gone
                    ],
                }
                for name, lines in groups
            ],
        }

    def _section(
        self, name: str, report: Report, template: ReportTemplate | None, ui: Catalogue, typed: _Typed
    ) -> dict[str, object]:
        known, asked = report.sections.get(name), None if template is None else template.section(name)
        text, revision = ("", 0) if known is None else (known.text, known.revision)
        heading, tag = (name, "") if asked is None else said_in(asked.heading, ui.language)
        return {
            "id": name,
            "heading": heading,
            "heading_language": tag,
            "hint": "" if asked is None else said_in(asked.hint, ui.language)[0],
            "revision": revision,
            "count": count_of(text, asked, ui),
            "fits": asked is None or asked.count is None or asked.fits(counted(text, asked.count)),
            **typed.of("section", name, text),
        }

    def _message(
        self,
        message: DraftMessage,
        cited: Mapping[Citation, CitedWords],
        rows: CitedRows,
        typed: _Typed,
        *,
        sound: bool,
    ) -> dict[str, object]:
        words = [cited[each] for each in message.citations]
        return {
            "id": message.id,
            "kind": message.kind.value,
            "question": message.question or "",
            "holders": "; ".join(message.holders),
            "own": message.own,
            "drafted": drafted(message.drafted_by, rows.ui),
            "revision": message.revision,
            "citations": [rows.row(each, sound=sound) for each in words],
            "unheard": sum(not each.heard for each in words),
            "misquoted": [
                {
                    "words": each.words,
                    "found": "" if each.check is None else " … ".join(place.text for place in each.check.places),
                }
                for each in check_quotations(message, words)
            ],
            **typed.of("message", message.id, message.text),
        }

    def _address(self, request: web.Request, **changes: str) -> str:
        kept = {name: request.query[name] for name in ("ui", "role", "channel", "from") if name in request.query}
        kept = {name: value for name, value in (kept | changes).items() if name != "from" or "channel" not in changes}
        return f"{quote(request.path)}?{urlencode(kept)}" if kept else quote(request.path)


def _channel(request: web.Request, state: State) -> ChannelId:
    """The text that a request names, or the first."""
    names = [each.id for each in state.channels.values() if each.kind is not ChannelKind.TRANSLATION]
    asked = request.query.get("channel")
    return next((each for each in names if each == asked), next(iter(names), ChannelId("")))


def order_of(state: State, channel: ChannelId) -> SuggestionOrder:
    """For what lines of a text are suggested: itself, and the session's policy questions; marks and answers count."""
    tags = state.notes_and_tags.tags
    lines = spoken_lines(state, channel) if channel in state.channels else []
    marked = (
        Boost(line.id, SuggestionReason.MARKED, mark.question) for line in lines for mark in tags.get(line.id) or ()
    )
    asked = (each for _, each in state.questions.interventions.items())
    answers = (Boost(each.segment, SuggestionReason.ANSWER, each.under) for each in asked if each.segment is not None)
    language = next(iter(state.languages), "en")
    return SuggestionOrder(
        session=state.id,
        lines=tuple(SuggestibleLine(line.id, line.whole.strip(), line.language) for line in lines),
        questions=tuple(PolicyQuestionText(each.id, each.text, language) for each in state.notes_and_tags.questions),
        boosts=(*marked, *answers),
    )


class _Typed:
    """What was typed into a form that was not taken, and why."""

    def __init__(self, sent: FormFields, refused: Refusal | None, ui: Catalogue) -> None:
        self._sent = sent
        self._stale = refused is not None and refused.code in (RefusalCode.STALE, RefusalCode.FORBIDDEN)
        self.sentence = "" if refused is None else _said(refused, sent, ui)

    def of(self, act: str, name: str, text: str) -> dict[str, object]:
        """The text of a form as it is shown, and the stored one beside it where they differ."""
        ours = self._sent.get("act", ("",))[-1] == act and self._sent.get(act, ("",))[-1] == name and self.sentence
        typed = self._sent.get("text", ("",))[-1].replace("\r\n", "\n") if ours else text
        return {"text": typed, "theirs": text if ours and typed != text else "", "clashes": bool(ours)}


def _said(refused: Refusal, sent: FormFields, ui: Catalogue) -> str:
    match refused.code:
        case RefusalCode.FORBIDDEN:
            return ui.text(RoomText.FORM)
        case RefusalCode.STALE:
            return ui.text(RoomText.STALE)
        case RefusalCode.INVALID if sent.get("act", ("",))[-1] == "cite":
            return ui.text(RoomText.NOTHING_NEW)
        case _:
            return ui.named(f"desk/refused.{refused.code}")


def _section_names(report: Report, template: ReportTemplate | None) -> list[str]:
    """The template's sections, and behind them others that have a text."""
    names = [] if template is None else [each.id for each in template.sections]
    return [*names, *(name for name, each in report.sections.items() if name not in names and each.text)]


def count_of(text: str, section: TemplateSection | None, ui: Catalogue) -> str:
    """How many sentences, paragraphs or words a section has, with the limits; empty where nothing is counted."""
    if section is None or section.count is None:
        return ""
    n = counted(text, section.count)
    limits = {"n": n, "least": section.least, "most": section.most or "∞"}
    return ui.named(f"report/count.{section.count}", **limits)


def _questions(state: State) -> list[Intervention]:
    found = [each for _, each in state.questions.interventions.items() if each.readable]
    return sorted(found, key=lambda each: each.number)


def _asked(each: Intervention, policy: Sequence[PolicyQuestion]) -> dict[str, object]:
    return {
        "under": next((n for n, question in enumerate(policy, 1) if question.id == each.under), 0),
        "id": each.id,
        "number": each.number,
        "name": each.name,
        "text": each.text,
        "language": each.language,
        "direction": direction(each.language),
    }


def _line(state: State, line: Segment, *, sound: bool) -> dict[str, object]:
    clip = {"channel": line.channel, "from": max(0, line.t0 - AROUND_MS), "to": line.t1 + AROUND_MS}
    return {
        "id": line.id,
        "time": media_time(line.t0),
        "name": state.speakers.get(line.speaker, "") if line.speaker else "",
        "text": line.whole.strip(),
        "language": line.language,
        "direction": direction(line.language),
        "clip": f"/s/{quote(state.id)}/clip?{urlencode(clip)}" if sound else "",
    }
