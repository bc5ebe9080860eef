"""Whole pages about proposals in each of their states, for the style guide: the page for checking a text, a speaker's
own words, the links to these.

The meeting and what is proposed in it are invented; the forms, doors and templates are those of the real pages.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from aiohttp import web

from moothall.adapters.desks.check_form import CheckForm, SentCheck
from moothall.adapters.desks.own_words_door import LINK_TRIES, OpenedLink, OwnWordsDoor
from moothall.adapters.desks.speakers_form import SpeakersForm, SpeakersText
from moothall.adapters.http.form_guard import FormGuard
from moothall.adapters.http.forwarded import remote_address
from moothall.adapters.http.limits import AddressGate
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import html, language
from moothall.adapters.pages.staff_frame import Asked, MeetingFacts, Tab, meeting_frame
from moothall.adapters.pages.templates import Pages
from moothall.adapters.reading.page_choices import unsure
from moothall.adapters.styles.style_samples import (
    FLOOR,
    NAMES,
    NOW,
    PUBLIC,
    Still,
    framed,
    in_theme,
    misheard,
    sample_sentence,
)
from moothall.adapters.system.clock import SystemClock, SystemRandomness
from moothall.core.commands import AnyCommand
from moothall.core.events.lines import Word
from moothall.core.events.outcome_parts import MessageKind, PublishedMessage
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import NO_SESSION, Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import ChannelId, CommandId, MessageId, SegmentId, SessionId, SpeakerId
from moothall.core.kernel.persistent import PersistentMap
from moothall.core.proposals.own_words import DAY_MS, OwnFate, OwnProposal, SpeakerLink
from moothall.core.sessions.parts import Channel, Segment
from moothall.core.sessions.state import State, Status
from moothall.services.desks.checking import CheckedLines, FoundRight
from moothall.services.outcomes.messages_quoting import QuotingMessage
from moothall.services.proposals.own_words import OwnWords
from moothall.services.sessions.staff import HALL, Staff

MEETING = SessionId("style")
CHECKS = ("lines", "refused", "proposals", "done")
OWN_WORDS = ("early", "open", "refused", "over", "none")
LINKS = ("there", "made", "refused", "none")
"""The states of the pages: of checking, of own words, and of links."""
_FATES: tuple[tuple[OwnFate, bool], ...] = (
    (OwnFate.WAITING, False),
    (OwnFate.ACCEPTED, False),
    (OwnFate.DECLINED, False),
    (OwnFate.DECLINED, True),
    (OwnFate.ERASED, False),
    (OwnFate.WAITING, False),
)
"""The fate of the proposal for each line, and whether it was made public; the last one's line was mended since."""
_OWNER = SpeakerId("a")


class _OwnWords(OwnWords):
    """The links of the speakers of a meeting in one state."""

    def __init__(self, links: list[SpeakerLink]) -> None:
        self._known, self.clock = links, Still()

    def of(self, session: SessionId) -> list[SpeakerLink]:  # as the real one
        return self._known


class _CheckedLines(CheckedLines):
    """Lines of which the first was found right, or all were."""

    def __init__(self, *, all_done: bool) -> None:
        self._done = len(_FATES) + 1 if all_done else 1
        self._taken = {}
        self.clock = Still()

    async def of(self, session: SessionId) -> dict[SegmentId, FoundRight]:  # as the real one
        right = FoundRight(revision=0, role=Role.CAPTIONER, at=NOW)
        return {SegmentId(f"line-{n}"): right for n in range(self._done)}


def _state(ui: Catalogue, status: Status, *, own: bool = True) -> State:
    """A meeting in which somebody said a line for each fate and one more; `own`: whether they are named."""
    words = sample_sentence(ui).split(" ")
    heard = [Word(f" {word}" if n else word, 0, 1, 0.3 if n % 6 == 3 else 1.0) for n, word in enumerate(words)]
    lines = PersistentMap[SegmentId, Segment]()
    for n in range(len(_FATES) + 1):
        line = Segment(
            id=SegmentId(f"line-{n}"),
            channel=FLOOR,
            language=ui.language,
            t0=10_000 * n,
            t1=10_000 * n + 5_000,
            ended=True,
            words=tuple(heard),
            speaker=_OWNER if own else None,
        )
        lines = lines.set(line.id, line)
    return State(
        id=MEETING,
        status=status,
        title=sample_sentence(ui)[:40],
        languages=(ui.language,),
        channels={FLOOR: Channel(id=FLOOR, kind=ChannelKind.FLOOR, languages=(ui.language,))},
        speakers={_OWNER: NAMES[_OWNER], SpeakerId("b"): NAMES[SpeakerId("b")]} if own else {},
        segments=lines,
    )


def _link(ui: Catalogue, *, until: int = NOW + 7 * DAY_MS) -> SpeakerLink:
    """A speaker's link, with a proposal of each fate and one for a line that is not in the text any more."""
    text = sample_sentence(ui)
    proposals = [
        OwnProposal(
            id=f"{n}",
            channel=FLOOR,
            segment=SegmentId("gone" if n == len(_FATES) else f"line-{n}"),
            revision=0,
            was=text if n < len(_FATES) - 1 else text[:-4],
            text="" if fate is OwnFate.ERASED else misheard(text),
            at=NOW,
            fate=fate,
            reason=text if fate is OwnFate.DECLINED else "",
            role=None if fate is OwnFate.WAITING else Role.CAPTIONER,
            decided=0 if fate is OwnFate.WAITING else NOW,
            public=public,
        )
        for n, (fate, public) in enumerate((*_FATES, (OwnFate.DECLINED, False)))
    ]
    return SpeakerLink(
        id="link",
        session=MEETING,
        speaker=_OWNER,
        digest="00",
        made=NOW,
        until=until,
        proposals=tuple(proposals),
    )


async def _nothing(_actor: Actor, _session: SessionId, _id: CommandId, _command: AnyCommand) -> Refusal:
    return NO_SESSION


async def _unquoted(_state: State, _speaker: SpeakerId) -> Sequence[QuotingMessage]:
    return ()


class StyleProposalsDoor:
    """Serves the pages."""

    def __init__(self, pages: Pages, *, served: bool) -> None:
        self._pages = pages
        self._served = served
        self._guard = FormGuard(SystemRandomness())

    def routes(self) -> list[web.RouteDef]:
        """The pages' routes; empty where they aren't served."""
        shown = {"check/{state}": self.check, "own-words/{state}": self.own_words, "speaker-links/{state}": self.links}
        routes = [web.get(f"/about/style/views/{path}", handler) for path, handler in shown.items()]
        return routes if self._served else []

    async def check(self, request: web.Request) -> web.Response:
        """The page for checking a text line by line."""
        ui, kind = language(self._pages, request), request.match_info["state"]
        state = _state(ui, Status.CLOSED)

        async def state_of(_: SessionId) -> State:
            return state

        lines = _CheckedLines(all_done=kind == "done")
        form = CheckForm(
            _nothing,
            state_of=state_of,
            lines=lines,
            speakers=self._speakers([_link(ui)] if kind == "proposals" else []),
            guard=self._guard,
            key_of=lambda _: "style",
        )
        stale = SentCheck("line-1", misheard(sample_sentence(ui)), refuse(RefusalCode.STALE, ""))
        staff = Staff(role=Role.SECRETARIAT, scope=HALL, link="", label="")
        sent = stale if kind == "refused" else None
        shown = await form.shown(request, MEETING, ChannelId(FLOOR), staff, ui, sound=False, sent=sent)
        return self._desk(request, ui, "desk/check.html", check=shown, unsure=unsure(ui))

    async def links(self, request: web.Request) -> web.Response:
        """The page of speakers' private links."""
        ui, kind = language(self._pages, request), request.match_info["state"]
        shown = self._speakers([_link(ui)]).links(
            MEETING,
            _state(ui, Status.CLOSED, own=kind != "none"),
            ui,
            key="style",
            made=(_OWNER, "style") if kind == "made" else None,
            wrong=ui.text(SpeakersText.DAY) if kind == "refused" else "",
        )
        return self._desk(request, ui, "desk/speaker_links.html", speakers={**shown, "action": "#"})

    async def own_words(self, request: web.Request) -> web.Response:
        """The page of a speaker's own words."""
        ui, kind = language(self._pages, request), request.match_info["state"]
        link = _link(ui, until=NOW if kind == "over" else NOW + 7 * DAY_MS)
        state = _state(ui, Status.OPEN if kind == "early" else Status.CLOSED)
        if kind in ("early", "none"):
            link = msgspec.structs.replace(link, proposals=())
        if kind == "none":
            state = msgspec.structs.replace(state, segments=PersistentMap[SegmentId, Segment]())
        door = OwnWordsDoor(
            pages=self._pages,
            own_words=_OwnWords([link]),
            quoting=_unquoted,
            guard=self._guard,
            gate=AddressGate(SystemClock(), SystemRandomness(), LINK_TRIES),
            address_of=remote_address,
            secure=False,
        )
        said = PublishedMessage(id=MessageId("a"), kind=MessageKind.VIEW, text=sample_sentence(ui))
        quoting = QuotingMessage(session=MEETING, title=state.title, language=ui.language, at=NOW, message=said)
        opened = OpenedLink(link, state, [quoting] if kind == "over" else ())
        refused: dict[str, object] = {}
        if kind == "refused":
            typed = SegmentId("line-6"), misheard(sample_sentence(ui))
            refused = {
                "typed": typed,
                "wrong": ui.text("This line was mended meanwhile. Look at both texts, then propose it once more."),
            }
        return framed(html(in_theme(door.rendered(request, opened, ui, **refused), request), ui))  # type: ignore[arg-type]  # its arguments by name

    def _speakers(self, links: list[SpeakerLink]) -> SpeakersForm:
        return SpeakersForm(
            _OwnWords(links),
            lines=_CheckedLines(all_done=False),
            guard=self._guard,
            zone=self._pages.zone,
            public=PUBLIC,
        )

    def _desk(self, request: web.Request, ui: Catalogue, template: str, **values: object) -> web.Response:
        """A staff page of the meeting, in its frame."""
        staff = [Staff(role=Role.SECRETARIAT, scope=HALL, link="", label="")]
        facts = MeetingFacts(session=MEETING, room=NAMES[SpeakerId("b")], status=Status.CLOSED)
        asked = Asked(path="", language=ui.chosen)
        text = self._pages.render(
            template,
            ui=ui,
            frame=meeting_frame(facts, staff, ui, self._pages.zone(), here=Tab.TEXT, asked=asked),
            title=sample_sentence(ui)[:40],
            language=ui.language,
            job=ui.named(f"staff/role.{Role.SECRETARIAT}"),
            in_language=lambda tag: f"?ui={tag}",
            **dict.fromkeys(("desk", "speaker_links", "checking", "base"), "#"),
            **values,
        )
        return framed(html(in_theme(text, request), ui))
