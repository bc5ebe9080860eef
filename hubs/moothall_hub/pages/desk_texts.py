"""The texts of a hub's own pages. The keys are the English texts (`web/locales`, local_desk.po)."""

from __future__ import annotations

from collections.abc import Sequence

from babel.numbers import format_decimal

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.texts import SCRIPT_TEXTS, STANDING
from moothall.core.session.state import ON, State, Status
from moothall.core.signals import ChannelState, LastWords, Sound, Summary
from moothall.services.hubs.ports import spoken_in
from moothall.services.questions.author_view import Where
from moothall_hub.node.preflight import Check, Verdict
from moothall_hub.room.ports import LineHealth, LineState, Saving
from moothall_hub.uplink.strip import TEXTS

MEGABYTE = 1_000_000

DESK_WHERE = {
    Where.HERE: "Nothing was decided yet",
    Where.KEPT: "Kept in the group",
    Where.WITHDRAWN: "Taken back by whoever asked it",
}
"""Where a question is, for the coordinator, where that is said to its author in other words."""
HERE = "No. {n} of your group"
SUPPORT_HERE = "{n} here would ask this too"
"""Counted."""

LINE = {
    LineState.UNPAIRED: "This computer isn't connected yet.",
    LineState.GOOD: "The line is good.",
    LineState.DOWN: "No line since {time}. What is here stays, and the rest comes by itself.",
    LineState.REFUSED: "This computer is let in no more, since {time}.",
}
DELAY = "An answer takes {n} ms."
TO_SEND = "{n} thing done here waits to be sent"
"""Counted."""
TO_COME = "{n} piece of text is still missing"
"""Counted."""
TODAY = "Today: {n} MB"
TODAY_OF = "Today: {n} MB of {all} MB"
SAVING = {
    Saving.NOTHING: "Nothing is left out to save data.",
    Saving.WORDS: "To save data only finished lines come.",
    Saving.LANGUAGES: "To save data only finished lines of one language come.",
}
CLOCK = "This computer's clock says {own}, the meeting's {right}. Everything here goes by the meeting's."

CHECKS = {
    Check.PAIRED: "Connected to the meetings",
    Check.LINE: "Line",
    Check.DELAY: "Speed of the line",
    Check.BUDGET: "Data of today",
    Check.CLOCK: "Clock",
    Check.DISK: "Space on the disk",
    Check.PROGRAMME: "A meeting to follow",
    Check.COPY: "The copy of the text",
    Check.WALL: "The big screen",
}
TO_DO = {
    (Check.PAIRED, Verdict.BAD): "Ask those who run the meetings for six new words, and type them in on this computer.",
    (
        Check.LINE,
        Verdict.BAD,
    ): "Check the cable, the wireless network and the router. What is here can still be read.",
    (Check.DELAY, Verdict.CARE): "It is slow: text comes late. Keep other programs off the line.",
    (Check.BUDGET, Verdict.CARE): "Much of today's data is used up. The text goes on, with less beside it.",
    (Check.CLOCK, Verdict.CARE): "It is wrong. That does no harm here; set it when there is time.",
    (Check.DISK, Verdict.CARE): "There is little space left. Delete something before the meeting.",
    (Check.DISK, Verdict.BAD): "There is no space left. Delete something now, or nothing more can be kept.",
    (Check.PROGRAMME, Verdict.BAD): "Choose below which meetings are to be kept here.",
    (Check.COPY, Verdict.BAD): "It differs from what was written. Look above, and fetch it again.",
    (Check.WALL, Verdict.CARE): "No big screen has asked for the text lately. Open its page and leave it open.",
}
"""What to do; nothing where nothing has to be done."""
VERDICTS = {
    Verdict.GOOD: "Good",
    Verdict.CARE: "Works",
    Verdict.BAD: "Not good",
    Verdict.UNKNOWN: "Not known yet",
}
READY = "Ready."
NOT_READY = "Not ready yet: see what to do."

CHECKED_COPY = "The copy of the text is checked: it is what was written and signed."
BEING_CHECKED = "What came last of the text is being checked."
AT = "Piece no. {n}"

NOTE_OWN = "From you, {time}"
NOTE_THEIRS = "From the meeting, {time}"
NOTE_UNREAD = "Nobody has said yet that they have read it."
NOTE_REFUSED = "The meeting did not take it."
NO_ROOM = "So many notes wait for the line that no more can be kept."
PEOPLE_WRONG = "Write how many people are here, as a number."
COUNTED_AT = "Counted at {time}"
TWO_TIMES = "{time} here, {other} at the meeting"


def line(health: LineHealth, time: str, ui: Catalogue) -> str:
    """How the line stands, as a sentence; `time`: since when."""
    key = LINE[health.state]
    if health.state is LineState.GOOD and not health.storing:
        return ui.text(TEXTS["full"])
    return ui.text(key, time=time) if "{time}" in key else ui.text(key)


def doing(state: State | None, signals: Sequence[Summary], ui: Catalogue) -> list[str]:
    """How the text of a meeting is doing, where it isn't as usual: as its readers are told."""
    if state is None or state.status not in ON:
        return []
    kept = [] if state.recorded else [ui.text(SCRIPT_TEXTS["unrecorded"])]
    if state.status is Status.PAUSED:
        return [ui.text(STANDING["break"]), *kept]
    spoken = spoken_in(state)
    if any(isinstance(each, LastWords) for each in signals):
        return [ui.text(STANDING["last-words"]), *kept]
    found = next((each for each in signals if isinstance(each, ChannelState) and each.channel in spoken), None)
    if found is None:
        return kept
    if found.sound is Sound.NONE:
        return [ui.text(STANDING["soundless"]), *kept]
    if found.lag:
        return [ui.text(STANDING["late"], n=round(found.lag / 1000)), *kept]
    return [ui.text(STANDING["silence"]), *kept]


def figures(health: LineHealth, ui: Catalogue) -> list[str]:
    """The line in figures, a short sentence each."""
    found: list[str] = []
    if health.state is LineState.GOOD and health.delay_ms is not None:
        found.append(ui.text(DELAY, n=health.delay_ms))
    if health.acts_waiting:
        found.append(ui.counted(TO_SEND, health.acts_waiting))
    if health.events_missing:
        found.append(ui.counted(TO_COME, health.events_missing))
    if health.state is LineState.UNPAIRED:
        return found
    used = format_decimal(health.bytes_today / MEGABYTE, "0.0", locale=ui.locale)
    if health.budget is None:
        return [*found, ui.text(TODAY, n=used)]
    budget = format_decimal(health.budget / MEGABYTE, "0.###", locale=ui.locale)
    return [*found, ui.text(TODAY_OF, n=used, all=budget), ui.text(SAVING[health.saving])]
