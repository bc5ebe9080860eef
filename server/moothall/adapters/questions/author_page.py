"""The private page of a question's author: its status, a field to type in during its turn, and the form about
authors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from urllib.parse import quote

import msgspec
from aiohttp import web

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import SessionRequest, own_html
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.visitor_request import answer_links, kept_query, page_of, private, title_language, title_of
from moothall.adapters.questions import asking_texts as texts
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.ids import Position
from moothall.core.kernel.languages import direction
from moothall.core.ports import Randomness
from moothall.core.questions.statements import YES, Dimension, Statement
from moothall.core.rules.turns import MAX_TYPED
from moothall.services.questions.author_view import Own, OwnTurn
from moothall.services.questions.balance import BalanceFigures
from moothall.services.questions.ports import TypedTurns
from moothall.services.questions.typing import InProgress


class _Running(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence with a running time, and the sentence that replaces it when the time is over."""

    before: str
    shown: str
    behind: str
    left: int
    """Ms that remain; 0 or less when the time is over."""
    over: str


ROOM_MS = 5_000
"""How often, in ms, the page of a hub requests what no event of the meeting reports."""
More = Callable[[SessionRequest, Own], Mapping[str, object]]
"""Returns further values that a template needs of a session and of a question there."""


@dataclass(eq=False, repr=False)
class AuthorPage:
    """Renders the private page of an author, at the centre and at a hub.

    `template`: a template that extends `asked.html`; `more`: the values that it needs besides.
    """

    pages: Pages
    typing: TypedTurns
    randomness: Randomness
    balance: BalanceFigures | None = None
    _: KW_ONLY
    template: str = "questions/asked.html"
    more: More = lambda _wanted, _own: {}

    def choices(self, wanted: SessionRequest) -> dict[Dimension, tuple[str, ...]]:
        """The values that authors may choose from, for each dimension of a statement; empty when no statement is
        accepted.
        """
        if self.balance is None or not self.balance.may_say(wanted.session):
            return {}
        return self.balance.choices(young_people=wanted.snapshot.session.young_people)

    def answer(
        self,
        request: web.Request,
        wanted: SessionRequest,
        own: Own,
        ui: Catalogue,
        *,
        sentence: str = "",
        written: str = "",
        status: int = 200,
    ) -> web.Response:
        """Answer with the page. `sentence`: why the text `written` in the turn was not taken; the field then still
        holds it.
        """
        each, base = own.intervention, f"/s/{quote(wanted.session)}"
        token = request.match_info["token"]
        query, page = kept_query(request, ui), page_of(wanted.session, token)
        answered = own if own.goes_on is None else own.goes_on
        heard = answered.intervention
        line, live = answer_links(base, answered.questions, heard, query, there=bool(answered.channel))
        put_off = each.status is InterventionStatus.LATER and each.own
        voice = own.voice if own.voice is not None and own.voice.may_type else None
        in_progress = self._in_progress(wanted, own, written)
        room = own.room
        text = self.pages.render(
            self.template,
            ui=ui,
            title=title_of(wanted, ui),
            title_language=title_language(wanted),
            heading=texts.yours(own, ui),
            turn=each.status is InterventionStatus.CALLED and not own.over,
            stands=ui.text(texts.PUT_OFF) if put_off else texts.stands(own, ui),
            goes_on=texts.goes_on(own, ui),
            hint=texts.hint(own, ui),
            reason="" if own.in_room is None else own.in_room.message,
            waiting=[] if room is None else [texts.waits(act, ui) for act in room.waiting],
            refused="" if room is None or room.refused is None else texts.act_refused(room.refused, ui),
            refused_because="" if room is None or room.refused is None else room.refused.message,
            times=[] if own.voice is None else _times(own.voice, ui),
            thrice=own.voice is not None and own.voice.turn.time > 0,
            typing=own.voice is not None and own.voice.turn.typed,
            received=each.received,
            read=each.text if each.text not in ("", each.received) else "",
            language=each.language,
            direction=direction(each.language),
            removed=each.removed,
            answer=heard.answer,
            answer_language=heard.answer_language,
            answer_direction=direction(heard.answer_language),
            line=line,
            live=live,
            may_go=own.may_go,
            may_put_off=own.may_put_off,
            may_return=own.may_return,
            may_ask_again=own.may_ask_again,
            may_hold=own.may_hold,
            sentence=sentence,
            typed=[(line.text, line.language, direction(line.language)) for line in own.typed],
            voice=voice,
            voice_direction="auto" if voice is None else direction(voice.language),
            written=in_progress,
            shown_at_once=room is None,
            not_kept=ui.text(texts.UNRECORDED if room is None else texts.NOT_RECORDED),
            now_kept=ui.text(texts.RECORDED),
            every=0 if room is None else ROOM_MS,
            most=MAX_TYPED,
            words=f"{page}/words{query}",
            here=f"{page}{query}",
            over=own.over,
            more=f"{base}/ask{query}",
            questions=f"{base}/questions{query}",
            back=f"{base}{query}",
            events=f"{base}/events?feed=lines",
            position=Position(wanted.snapshot.epoch, wanted.snapshot.offset),
            about=about_fields(self.choices(wanted), {}, ui),
            has_said=self.balance is not None and self.balance.has_said(wanted.session, each.id),
            about_to=f"{page}/about{query}",
            **self.more(wanted, own),
        )
        return private(own_html(text, ui, status=status))

    def _in_progress(self, wanted: SessionRequest, own: Own, written: str) -> InProgress:
        """The content of the field: the text that was refused, else the text of a line that isn't finished."""
        new = self.randomness.bytes(8).hex()
        known = self.typing.in_progress(wanted.session, own.intervention.id)
        if written or known is None:
            return InProgress(line=new, text=written)
        return known


def _times(voice: OwnTurn, ui: Catalogue) -> list[_Running]:
    """The running times: until when to begin, and how much time is left."""
    turn, running = voice.turn, list[_Running]()
    if turn.begin is not None:
        running.append(_run(texts.BEGIN, texts.BEGIN_LATE, turn.begin - voice.now, ui))
    # While the turn is held for the author, their time doesn't run.
    if turn.time and not (turn.longer and turn.begin is not None):
        left = turn.since + turn.time - voice.now
        running.append(_run(texts.LEFT, texts.LEFT_OVER, left, ui))
    return running


def _run(key: str, over: str, left: int, ui: Catalogue) -> _Running:
    before, behind = texts.around_time(key, ui)
    return _Running(before=before, shown=texts.clock(left), behind=behind, left=left, over=ui.text(over))


PREFIX = "about-"
"""The prefix of the fields' names."""
APART = frozenset({Dimension.YOUNG, Dimension.DISABILITY})
"""Dimensions that are separate from the others in the form."""


class ChoiceField(msgspec.Struct, frozen=True, kw_only=True):
    """A question with options of which one is chosen, or, without options, a checkbox."""

    name: str
    """Name of the form field."""
    text: str
    options: tuple[tuple[str, str, bool], ...] = ()
    """Value, text, and whether the option is chosen."""
    chosen: bool = False
    apart: bool = False


def about_fields(choices: Mapping[Dimension, Sequence[str]], given: Statement, ui: Catalogue) -> list[ChoiceField]:
    """The form's fields with the values of `given` (see `about_given`); a dimension that is missing there has no
    choice.
    """
    return [
        ChoiceField(
            name=f"{PREFIX}{each.value}",
            text=ui.named(f"asking/about.{each}"),
            options=()
            if tuple(may) == (YES,)
            else tuple(
                (value, ui.named(f"moderation/heard.{each}.{value}"), given.get(each) == value) for value in may
            ),
            chosen=given.get(each) == YES,
            apart=each in APART,
        )
        for each, may in choices.items()
    ]


def about_given(form: Mapping[str, str]) -> Statement:
    """The answers about the author in a form's fields, unchecked; the service that stores them checks them."""
    return {each: value for each in Dimension if (value := form.get(f"{PREFIX}{each.value}", ""))}
