"""Samples for the style guide: a meeting with invented speakers, lines and questions, in the language of the page."""

from __future__ import annotations

import re

import msgspec
from aiohttp import web

from moothall.adapters.http.security_headers import security_headers
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.reading import page_choices
from moothall.core.events.lines import Origin
from moothall.core.events.question_parts import REMOTE, ROOM, InterventionKind, InterventionStatus
from moothall.core.events.types import Access, ChannelKind
from moothall.core.hubs.presence import HubNow
from moothall.core.kernel.ids import ChannelId, Epoch, InterventionId, PollId, SegmentId, SessionId, SpeakerId
from moothall.core.ports import Clock
from moothall.core.questions.interventions import Questions
from moothall.core.questions.polls import Poll
from moothall.core.sessions.state import Status
from moothall.core.views.captions import Line, ReaderChannel, Session, Snapshot

POLICY = "Content-Security-Policy"
PUBLIC = "https://moothall.example"
FLOOR = ChannelId("floor")
NOW = 60_000
"""The time of all samples of whole pages, Unix ms and media ms."""
SPEAKERS = ("Amina Diallo", "Otieno", "Chen Li", "ليلى", "Ana", "Ivan")
NAMES = {SpeakerId(mark): name for mark, name in zip("abcdef", SPEAKERS, strict=True)}
"""A speaker's name for each speaker's mark."""
_SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL)


class Still(Clock):
    """The time of the samples, which never goes on."""

    def wall(self) -> int:
        """Unix ms."""
        return NOW

    def monotonic(self) -> int:
        """In ms."""
        return NOW

    async def sleep(self, ms: int) -> None:
        """Return at once."""


def sample_sentence(ui: Catalogue) -> str:
    """A sample line, in the language of `ui`."""
    return ui.text("The universal service fund was meant for that. Nobody here has seen a report on it since 2023.")


def misheard(text: str) -> str:
    """A text with a word in place of another; where no spaces part words, without some of its characters."""
    words = text.split(" ")
    return text[:4] + text[6:] if len(words) < 4 else " ".join([*words[:2], words[0], *words[3:]])


def sample_line(n: int, ui: Catalogue, fields: dict[str, object]) -> Line:
    """A sample line with these fields, which began at `n` times ten seconds."""
    made: dict[str, object] = {
        "segment": SegmentId(f"line-{n}"),
        "t0": n * 10_000,
        "t1": n * 10_000 + 5_000,
        "language": ui.language,
        "origin": Origin.MACHINE,
        "text": sample_sentence(ui),
    }
    return Line(**{**made, **fields})  # type: ignore[arg-type]  # fields of a Line by name


def sample_poll(ui: Catalogue) -> Poll:
    """A sample show of hands, which is open."""
    return Poll(
        id=PollId("p"),
        number=1,
        question=sample_sentence(ui),
        language=ui.language,
        options=("1", "2", "3"),
        t=0,
        remote=(12, 5, 3),
        room=(20, 4, 0),
    )


def sample_questions(state: str, ui: Catalogue) -> Questions:
    """The questions of a meeting in this state: one is asked now, and two come next; or a show of hands."""
    questions = Questions()
    if state in ("hands", "hands-quiet"):
        poll = msgspec.structs.replace(sample_poll(ui), quiet=state == "hands-quiet")
        return msgspec.structs.replace(questions, polls=(poll,))
    if state not in ("question", "named", "remote", "supported", "near", "turn", "live"):
        return questions
    name = "" if state == "remote" else NAMES[SpeakerId("a")]
    rows = (
        (InterventionStatus.CALLED, name, REMOTE),
        (InterventionStatus.QUEUED, NAMES[SpeakerId("e")], REMOTE),
        (InterventionStatus.QUEUED, "", ROOM),
    )
    for number, (status, who, origin) in enumerate(rows, 1):
        questions = questions.with_(
            InterventionId(f"q{number}"),
            number=number,
            kind=InterventionKind.QUESTION,
            text=sample_sentence(ui),
            language=ui.language,
            name=who,
            origin=origin,
            status=status,
            published=True,
            t=number,
        )
    return msgspec.structs.replace(questions, last=len(rows), called=None if state == "live" else InterventionId("q1"))


def sample_snapshot(state: SessionId, ui: Catalogue) -> Snapshot:
    """Lines of a meeting in this state: two speakers, a typed line, and one that still grows."""
    status = {
        "before": Status.CREATED,
        "cancelled": Status.CREATED,
        "break": Status.PAUSED,
        "closed": Status.CLOSED,
        "chapters": Status.CLOSED,
    }
    told: tuple[dict[str, object], ...] = (
        {"speaker": SpeakerId("a")},
        {"speaker": SpeakerId("b")},
        {"origin": Origin.PERSON, "speaker": SpeakerId("b")},
        {"speaker": SpeakerId("e"), "t1": None},
    )
    begun = state not in ("before", "cancelled")
    lines = tuple(sample_line(n, ui, fields) for n, fields in enumerate(told)) if begun else ()
    if state in ("closed", "chapters"):
        lines = tuple(msgspec.structs.replace(line, t1=line.t0 + 5_000) for line in lines)
    session = Session(
        id=state,
        title=sample_sentence(ui)[:40],
        languages=(ui.language,),
        access=Access.PUBLIC,
        status=status.get(state, Status.OPEN),
        cancelled="" if state == "cancelled" else None,
        opened=0 if begun else None,
        clock=(0, 0) if begun else None,
        not_recorded=NOW if state == "not-recorded" else None,
        paused=NOW if state == "break" else None,
        speakers=NAMES,
        hubs={"b": HubNow(title=NAMES[SpeakerId("b")], people=23, most=23, here=True, since=0)},
        channels={
            FLOOR: ReaderChannel(kind=ChannelKind.FLOOR, languages=(ui.language,), of_record=True),
            ChannelId("mt-fr"): ReaderChannel(kind=ChannelKind.TRANSLATION, languages=("fr",), of_record=False),
        },
    )
    return Snapshot(epoch=Epoch("style"), offset=1, feed="", session=session, lines=lines, before=None)


def framed(response: web.Response) -> web.Response:
    """The page without its scripts, which this house's own pages may show in a frame."""
    response.text = _SCRIPT.sub("", response.text or "")
    response.headers[POLICY] = security_headers(("'self'",))[POLICY]
    return response


def in_theme(text: str, request: web.Request) -> str:
    """The page in the theme of the address, which on staff pages only a script sets."""
    theme = page_choices.chosen(request.query).get("theme", "system")
    return text.replace("<html ", f'<html data-theme="{theme}" ', 1)
