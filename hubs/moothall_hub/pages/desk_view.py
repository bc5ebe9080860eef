"""Plain values for the template of the coordinator's desk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC

from moothall.adapters.pages.catalogues import Catalogue, own_name
from moothall.adapters.questions import asking_texts
from moothall.core.events.question_parts import InterventionKind
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.languages import direction
from moothall.core.kernel.times import Zone
from moothall.core.sessions.state import ON
from moothall.services.questions.author_view import Own, QuestionStage
from moothall.services.sessions.reports import Tally
from moothall.wire.hubs.messages import Offered
from moothall_hub.mirror.offers import SessionChoice
from moothall_hub.node.preflight import CLOCK_MS, Check, CheckResult, Looked, ready
from moothall_hub.outbox.outbox import ActState
from moothall_hub.pages import desk_texts
from moothall_hub.room import local_questions
from moothall_hub.room.local_questions import Local, LocalQuestion, LocalQuestions
from moothall_hub.room.ports import Stuck, UplinkHealth, UplinkHealthState
from moothall_hub.room.presence import Note

OF_THE_UPLINK = frozenset({Check.PAIRED, Check.UPLINK, Check.PROGRAMME, Check.COPY})
"""Checks that are not listed as urgent: the page's frame shows them already, they follow from others, or, for a stopped
copy, the page shows it above."""


class Clocks:
    """Times as in the room's time zone, and as at the meeting where that differs."""

    def __init__(self, here: Zone, there: Zone, now: int) -> None:
        """`here` is the room's zone, `there` the conference's; `now` is in Unix ms of the meeting's clock."""
        self.here = here
        self.there = there
        self.now = now

    def time(self, at: int) -> str:
        """The time of day in the room, with the date if it is not today."""
        moment, today = self.here.at(at), self.here.at(self.now)
        return f"{moment:%H:%M}" if moment.date() == today.date() else f"{moment:%Y-%m-%d %H:%M}"

    def both(self, at: int, ui: Catalogue) -> str:
        """The time in the room, followed by the time at the meeting where that differs."""
        here, there = self.here.at(at), self.there.at(at)
        if here.replace(tzinfo=UTC) == there.replace(tzinfo=UTC):
            return self.time(at)
        other = f"{there:%H:%M}" if here.date() == there.date() else f"{there:%Y-%m-%d %H:%M}"
        return ui.text(desk_texts.TWO_TIMES, time=self.time(at), other=other)


def uplink(health: UplinkHealth, clocks: Clocks, ui: Catalogue) -> dict[str, object]:
    """The uplink in words and figures."""
    wrong = abs(health.clock_difference_ms) >= CLOCK_MS
    own = clocks.time(clocks.now + health.clock_difference_ms)
    kinds = {UplinkHealthState.GOOD: "live" if health.storing else "unsaved", UplinkHealthState.DOWN: "lost"}
    return {
        "good": health.state is UplinkHealthState.GOOD,
        "kind": kinds.get(health.state, "cut"),
        "says": desk_texts.uplink_status(health, clocks.time(health.since), ui),
        "setup": health.state in (UplinkHealthState.UNPAIRED, UplinkHealthState.REFUSED),
        "reason": health.reason if health.state is UplinkHealthState.REFUSED else "",
        "figures": desk_texts.figures(health, ui),
        "clock": ui.text(desk_texts.CLOCK, own=own, right=clocks.time(clocks.now)) if wrong else "",
    }


def checks(found: tuple[Looked, ...], ui: Catalogue) -> dict[str, object]:
    """The checks before the meeting with their results, and the overall result."""
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
    """What the coordinator should do next, urgent things first. The state of the uplink is shown elsewhere.

    `alone` says whether no other computer can reach this one; `untranslated` whether nobody chose languages although
    there are translations; `notes` counts unread notes and `questions` undecided ones.
    """
    made = [_want(ui.text(desk_texts.ALONE), urgent=True)] if alone else []
    todo = ui.group("hub-todo")
    for each in checks:
        if each.verdict is CheckResult.BAD and each.check not in OF_THE_UPLINK:
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
    """Whether there are translations, and nobody has chosen any or said that none is wanted."""
    return (
        not choice.chosen
        and not choice.languages
        and any(text.kind is not ChannelKind.FLOOR for each in offered for text in each.texts)
    )


def reported(tally: Tally, ui: Catalogue) -> list[dict[str, object]]:
    """The readers' reports that something is wrong with the text, by kind."""
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
    """A question of the room; `says` is its stage in words, `reason` why the meeting refused it."""
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
        "may_be_joined": each.kind is not InterventionKind.REQUEST,
        "may_go_on": each.stands in (Local.HERE, Local.KEPT),
        "says": says,
        "reason": reason,
    }


def stands(own: Own, ui: Catalogue) -> tuple[str, str]:
    """A question's stage in words for the coordinator, and why the meeting refused it."""
    if own.in_room is not None:
        other = desk_texts.DESK_WHERE.get(own.in_room.where)
        return asking_texts.stands(own, ui) if other is None else ui.text(other), own.in_room.message
    heading = ui.text(asking_texts.NUMBERED[own.intervention.kind], n=own.intervention.number)
    told = [heading, asking_texts.stands_for_others(own, ui), asking_texts.goes_on(own, ui)]
    return " · ".join(each for each in told if each), ""


def note(each: Note, clocks: Clocks, ui: Catalogue) -> dict[str, object]:
    """A note, with who has read it."""
    others = [ui.named(f"admin/role.{role}") for role in each.read if role is not Role.HUB]
    standing = each.standing
    if standing is not None and standing.state is ActState.REFUSED:
        says = ui.text(desk_texts.NOTE_REFUSED)
    elif standing is not None:
        says = ui.text(asking_texts.WHERE[QuestionStage.WAITING])
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
    """The sessions that can be copied, with their times here and at the meeting."""
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
    """The language of a session's title, which is that of its floor; empty where it is not known."""
    floor = (text.languages for text in each.texts if text.kind is ChannelKind.FLOOR)
    return next((tags[0] for tags in floor if tags and each.title.strip()), "")


def is_kept(each: Offered, choice: SessionChoice, clocks: Clocks) -> bool:
    """Whether a session is copied here: it was chosen, or nothing was chosen and it is on or begins today."""
    if choice.sessions is not None:
        return each.session in choice.sessions
    today = clocks.here.at(clocks.now).date()
    return each.status in ON or (each.begins is not None and clocks.here.at(each.begins).date() == today)


def languages(offered: Iterable[Offered], choice: SessionChoice, ui: Catalogue) -> list[dict[str, object]]:
    """The languages in which there are texts, each by its own name."""
    texts = [tag for each in offered for text in each.texts for tag in text.languages]
    return [
        {"tag": tag, "name": own_name(tag) or ui.language_name(tag), "chosen": tag in choice.languages}
        for tag in dict.fromkeys([*choice.languages, *sorted(texts)])
    ]


def stuck(each: Stuck, titles: dict[SessionId, str], ui: Catalogue) -> dict[str, object]:
    """A copy that accepts nothing more, and why."""
    return {
        "session": each.session,
        "title": titles.get(each.session, each.session),
        "at": "" if each.offset is None else ui.text(desk_texts.AT, n=each.offset),
        "reason": each.reason,
    }


def chosen_session(offered: Sequence[Offered], asked: str, choice: SessionChoice, clocks: Clocks) -> Offered | None:
    """The session that the desk shows: the one that is asked for, else one that is on, else the next one."""
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
