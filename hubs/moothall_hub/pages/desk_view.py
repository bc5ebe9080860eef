"""What the coordinator's desk shows, as its template needs it: of plain values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC

from moothall.adapters.pages.catalogues import Catalogue, own_name
from moothall.adapters.questions import asking_texts
from moothall.core.events.question_parts import Kind
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.languages import direction
from moothall.core.kernel.times import Zone
from moothall.core.session.state import ON
from moothall.services.questions.author_view import Own, QuestionPlace
from moothall.services.sessions.reports import Tally
from moothall.wire.hub.messages import Offered
from moothall_hub.mirror.offers import SessionChoice
from moothall_hub.node.preflight import CLOCK_MS, Check, Looked, Readiness, ready
from moothall_hub.outbox.outbox import ActState
from moothall_hub.pages import desk_texts
from moothall_hub.room import local_questions
from moothall_hub.room.local_questions import Local, LocalQuestion, LocalQuestions
from moothall_hub.room.ports import LineHealth, LineState, Stuck
from moothall_hub.room.presence import Note

OF_THE_LINE = frozenset({Check.PAIRED, Check.LINE, Check.PROGRAMME, Check.COPY})
"""What the frame says already, what follows from it, and a text that has stopped, which stands above."""


class Clocks:
    """Times as the room has them, and as the meeting has them where that differs."""

    def __init__(self, here: Zone, there: Zone, now: int) -> None:
        """`here`: the room's zone; `there`: the conference's; `now`: Unix ms of the meeting's clock."""
        self.here = here
        self.there = there
        self.now = now

    def time(self, at: int) -> str:
        """The time of day in the room; with the date where it isn't today's."""
        moment, today = self.here.at(at), self.here.at(self.now)
        return f"{moment:%H:%M}" if moment.date() == today.date() else f"{moment:%Y-%m-%d %H:%M}"

    def both(self, at: int, ui: Catalogue) -> str:
        """The time in the room, and at the meeting where its clock shows another one."""
        here, there = self.here.at(at), self.there.at(at)
        if here.replace(tzinfo=UTC) == there.replace(tzinfo=UTC):
            return self.time(at)
        other = f"{there:%H:%M}" if here.date() == there.date() else f"{there:%Y-%m-%d %H:%M}"
        return ui.text(desk_texts.TWO_TIMES, time=self.time(at), other=other)


def line(health: LineHealth, clocks: Clocks, ui: Catalogue) -> dict[str, object]:
    """The line in words and figures."""
    wrong = abs(health.clock_difference_ms) >= CLOCK_MS
    own = clocks.time(clocks.now + health.clock_difference_ms)
    kinds = {LineState.GOOD: "live" if health.storing else "unsaved", LineState.DOWN: "lost"}
    return {
        "good": health.state is LineState.GOOD,
        "kind": kinds.get(health.state, "cut"),
        "says": desk_texts.line(health, clocks.time(health.since), ui),
        "setup": health.state in (LineState.UNPAIRED, LineState.REFUSED),
        "reason": health.reason if health.state is LineState.REFUSED else "",
        "figures": desk_texts.figures(health, ui),
        "clock": ui.text(desk_texts.CLOCK, own=own, right=clocks.time(clocks.now)) if wrong else "",
    }


def checks(found: tuple[Looked, ...], ui: Catalogue) -> dict[str, object]:
    """What was looked at before the meeting, and the verdict."""
    todo = ui.group("hub-todo")
    rows = [
        {
            "name": ui.named(f"hub/check.{each.check}"),
            "verdict": each.verdict.value,
            "says": ui.named(f"hub/verdict.{each.verdict}"),
            "todo": todo.get(f"{each.check}.{each.verdict}", ""),
        }
        for each in found
    ]
    good = ready(found)
    return {"ready": good, "verdict": ui.text(desk_texts.READY if good else desk_texts.NOT_READY), "rows": rows}


def wants(
    ui: Catalogue,
    *,
    alone: bool,
    checks: Iterable[Looked],
    untranslated: bool,
    notes: int,
    questions: int,
) -> list[dict[str, object]]:
    """What wants an act next, the urgent first. How the line stands is said elsewhere.

    `alone`: whether no other computer reaches this one; `untranslated`: whether nobody chose languages though there
    are; `notes` unread and `questions` undecided.
    """
    made = [_want(ui.text(desk_texts.ALONE), urgent=True)] if alone else []
    todo = ui.group("hub-todo")
    for each in checks:
        if each.verdict is Readiness.BAD and each.check not in OF_THE_LINE:
            said = todo.get(f"{each.check}.{each.verdict}", "") or ui.named(f"hub/verdict.{each.verdict}")
            name = ui.named(f"hub/check.{each.check}")
            made.append(_want(f"{name}: {said}", "#Ready", ui.text("Ready?"), urgent=True))
    if untranslated:
        made.append(_want(ui.text(desk_texts.UNTRANSLATED), "#Programme", ui.text(desk_texts.CHOOSE)))
    if notes:
        made.append(_want(ui.counted(desk_texts.UNREAD, notes), "#Notes", ui.text("Notes to and from the meeting")))
    if questions:
        made.append(
            _want(ui.counted(desk_texts.WAITING_HERE, questions), "#Questions", ui.text("Questions of the group"))
        )
    return made


def _want(text: str, to: str = "", do: str = "", *, urgent: bool = False) -> dict[str, object]:
    return {"text": text, "to": to, "do": do, "urgent": urgent}


def unread(notes: Iterable[Note]) -> int:
    """How many notes from the meeting nobody here has read."""
    return sum(not each.own and Role.HUB not in each.read for each in notes)


def untranslated(offered: Iterable[Offered], choice: SessionChoice) -> bool:
    """Whether there are translations, and nobody has chosen any yet or said that none is wanted."""
    return (
        not choice.chosen
        and not choice.languages
        and any(text.kind is not ChannelKind.FLOOR for each in offered for text in each.texts)
    )


def reported(tally: Tally, ui: Catalogue) -> list[dict[str, object]]:
    """What the room's readers say is wrong with the text."""
    return [
        {
            "kind": kind.value,
            "says": ui.named(
                "staff/report", n=count, all=max(count, tally.readers), what=ui.named(f"staff/report.{kind}")
            ),
            "seen": kind not in tally.unseen,
        }
        for kind, count in tally.counts.items()
    ]


def question(
    each: LocalQuestion, local: LocalQuestions, ui: Catalogue, says: str = "", reason: str = ""
) -> dict[str, object]:
    """One of the room's questions; `says`: where it stands, `reason`: why the meeting didn't take it."""
    many = local_questions.count(local, each.id)
    return {
        "id": each.id,
        "number": each.number,
        "heading": ui.text(desk_texts.HERE, n=each.number),
        "kind": ui.text(asking_texts.KINDS[each.kind]),
        "text": each.text,
        "language": each.language,
        "direction": direction(each.language),
        "name": each.name,
        "support": ui.counted(desk_texts.SUPPORT_HERE, many) if many else "",
        "on_wall": each.on_wall,
        "may_be_on_wall": local_questions.may_be_on_wall(each),
        "may_be_joined": each.kind is not Kind.REQUEST,
        "may_go_on": each.stands in (Local.HERE, Local.KEPT),
        "says": says,
        "reason": reason,
    }


def stands(own: Own, ui: Catalogue) -> tuple[str, str]:
    """Where a question is, for the coordinator; and why the meeting didn't take it."""
    if own.in_room is not None:
        other = desk_texts.DESK_WHERE.get(own.in_room.where)
        return asking_texts.stands(own, ui) if other is None else ui.text(other), own.in_room.message
    heading = ui.text(asking_texts.NUMBERED[own.intervention.kind], n=own.intervention.number)
    told = [heading, asking_texts.stands_for_others(own, ui), asking_texts.goes_on(own, ui)]
    return " · ".join(each for each in told if each), ""


def note(each: Note, clocks: Clocks, ui: Catalogue) -> dict[str, object]:
    """A note with its receipts."""
    others = [ui.named(f"admin/role.{role}") for role in each.read if role is not Role.HUB]
    standing = each.standing
    if standing is not None and standing.state is ActState.REFUSED:
        says = ui.text(desk_texts.NOTE_REFUSED)
    elif standing is not None:
        says = ui.text(asking_texts.WHERE[QuestionPlace.WAITING])
    elif not each.own:
        says = ""
    else:
        says = ui.text("Read by: {names}", names=", ".join(others)) if others else ui.text(desk_texts.NOTE_UNREAD)
    heading = desk_texts.NOTE_OWN if each.own else desk_texts.NOTE_THEIRS
    return {
        "id": each.note,
        "heading": ui.text(heading, time=clocks.time(each.at)),
        "text": each.text,
        "says": says,
        "reason": standing.message if standing is not None and standing.state is ActState.REFUSED else "",
        "may_be_read": not each.own and Role.HUB not in each.read,
        "was_read": not each.own and Role.HUB in each.read,
    }


def programme(
    offered: Sequence[Offered], choice: SessionChoice, clocks: Clocks, ui: Catalogue
) -> list[dict[str, object]]:
    """What may be followed, with the times of both places."""
    return [
        {
            "id": each.session,
            "title": each.title.strip() or ui.text("Meeting without a title"),
            "language": title_language(each),
            "place": each.place,
            "when": "" if each.begins is None else clocks.both(each.begins, ui),
            "state": ui.named(f"page/state.{each.status}"),
            "on": each.status in ON,
            "kept": is_kept(each, choice, clocks),
        }
        for each in offered
    ]


def title_language(each: Offered) -> str:
    """The language of its title, that of the floor; empty where that isn't known."""
    floor = (text.languages for text in each.texts if text.kind is ChannelKind.FLOOR)
    return next((tags[0] for tags in floor if tags and each.title.strip()), "")


def is_kept(each: Offered, choice: SessionChoice, clocks: Clocks) -> bool:
    """Whether a session is kept here: it was chosen, or nothing was and it is on or comes today."""
    if choice.sessions is not None:
        return each.session in choice.sessions
    today = clocks.here.at(clocks.now).date()
    return each.status in ON or (each.begins is not None and clocks.here.at(each.begins).date() == today)


def languages(offered: Iterable[Offered], choice: SessionChoice, ui: Catalogue) -> list[dict[str, object]]:
    """The languages in which there is text, each in its own words."""
    texts = [tag for each in offered for text in each.texts for tag in text.languages]
    return [
        {"tag": tag, "name": own_name(tag) or ui.language_name(tag), "chosen": tag in choice.languages}
        for tag in dict.fromkeys([*choice.languages, *sorted(texts)])
    ]


def stuck(each: Stuck, titles: dict[SessionId, str], ui: Catalogue) -> dict[str, object]:
    """A copy of which nothing more is taken, and why."""
    return {
        "session": each.session,
        "title": titles.get(each.session, each.session),
        "at": "" if each.offset is None else ui.text(desk_texts.AT, n=each.offset),
        "reason": each.reason,
    }


def chosen_session(offered: Sequence[Offered], asked: str, choice: SessionChoice, clocks: Clocks) -> Offered | None:
    """Which session the desk is about: the one that is asked for, else what is on, else what comes next."""
    named = next((each for each in offered if each.session == asked), None)
    if named is not None:
        return named
    kept = [each for each in offered if is_kept(each, choice, clocks)]
    on = [each for each in kept if each.status in ON]
    coming = sorted(
        (each for each in kept if each.begins is not None and each.begins >= clocks.now),
        key=lambda each: each.begins or 0,
    )
    return next(iter([*on, *coming, *reversed(kept), *offered]), None)
