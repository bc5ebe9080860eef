"""The texts of a hub's own pages. The keys are the English texts (`web/locales`, local_desk.po)."""

from __future__ import annotations

from collections.abc import Sequence

from babel.numbers import format_decimal

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.meeting_texts import delay_told
from moothall.adapters.pages.texts import HUB_LINE
from moothall.core.sessions.state import ON, State, Status
from moothall.core.signals import ChannelState, LastWords, Sound, Summary
from moothall.services.hubs.ports import spoken_in
from moothall.services.questions.author_view import QuestionStage
from moothall_hub.room.ports import UplinkHealth, UplinkHealthState

MEGABYTE = 1_000_000

DESK_WHERE = {
    QuestionStage.HERE: "Nothing was decided yet",
    QuestionStage.KEPT: "Kept in the group",
    QuestionStage.WITHDRAWN: "Taken back by whoever asked it",
}
"""What the coordinator reads of a question's stage, where the text for its author does not fit."""
HERE = "No. {n} of your group"
SUPPORT_HERE = "{n} here would ask this too"
"""A text with plural forms."""

DELAY = "An answer takes {n} ms."
TO_SEND = "{n} thing done here waits to be sent"
"""A text with plural forms."""
TO_COME = "{n} piece of text is still missing"
"""A text with plural forms."""
TODAY = "Today: {n} MB"
TODAY_OF = "Today: {n} MB of {all} MB"
CLOCK = "This computer's clock says {own}, the meeting's {right}. Everything here goes by the meeting's."

READY = "Ready."
NOT_READY = "Not ready yet: see what to do."

ALONE = "Only this computer reaches its pages: there is no local network, or the program runs for this computer alone."
UNTRANSLATED = (
    "No translation is kept here yet: phones here are offered only what is spoken."
    " Tick the languages that are to come too."
)
CHOOSE = "Choose languages"
WAITING_HERE = "{n} question of the group waits for you"
"""A text with plural forms."""
UNREAD = "{n} note from the meeting was not read yet"
"""A text with plural forms."""

CHECKED_COPY = "The copy of the text is checked: it is what was written and signed."
BEING_CHECKED = "What came last of the text is being checked."
AT = "Piece no. {n}"

NOTE_OWN = "From you, {time}"
NOTE_THEIRS = "From the meeting, {time}"
NOTE_UNREAD = "Nobody has said yet that they have read it."
NOTE_REFUSED = "The meeting did not take it."
NO_ROOM = "Too many notes are waiting for the connection. No more can be kept until it is back."
PEOPLE_WRONG = "Write how many people are here, as a number."
COUNTED_AT = "Counted at {time}"
TWO_TIMES = "{time} here, {other} at the meeting"


def uplink_status(health: UplinkHealth, time: str, ui: Catalogue) -> str:
    """The state of the uplink as a sentence; `time` is since when it has this state."""
    if health.state is UplinkHealthState.GOOD and not health.storing:
        return ui.text(HUB_LINE["full"])
    return ui.named(f"hub/line.{health.state}", time=time)


def doing(state: State | None, signals: Sequence[Summary], ui: Catalogue) -> list[str]:
    """Unusual states of a meeting's text, in the sentences that its readers get; empty when all is as usual."""
    if state is None or state.status not in ON:
        return []
    kept = [] if state.recorded else [ui.named("reader/unrecorded")]
    if state.status is Status.PAUSED:
        return [ui.named("standing/standing.break"), *kept]
    spoken = spoken_in(state)
    if any(isinstance(each, LastWords) for each in signals):
        return [ui.named("standing/standing.last-words"), *kept]
    found = next((each for each in signals if isinstance(each, ChannelState) and each.channel in spoken), None)
    if found is None:
        return kept
    if found.sound is Sound.NONE:
        return [ui.named("standing/standing.soundless"), *kept]
    if found.lag:
        unit, n = delay_told(found.lag)
        return [ui.named(f"standing/standing.late{unit}", n=n), *kept]
    return [ui.named("standing/standing.silence"), *kept]


def figures(health: UplinkHealth, ui: Catalogue) -> list[str]:
    """The uplink in figures, each as a short sentence."""
    found: list[str] = []
    if health.state is UplinkHealthState.GOOD and health.delay_ms is not None:
        found.append(ui.text(DELAY, n=health.delay_ms))
    if health.acts_waiting:
        found.append(ui.counted(TO_SEND, health.acts_waiting))
    if health.events_missing:
        found.append(ui.counted(TO_COME, health.events_missing))
    if health.state is UplinkHealthState.UNPAIRED:
        return found
    used = format_decimal(health.bytes_today / MEGABYTE, "0.0", locale=ui.locale)
    if health.budget is None:
        return [*found, ui.text(TODAY, n=used)]
    budget = format_decimal(health.budget / MEGABYTE, "0.###", locale=ui.locale)
    return [*found, ui.text(TODAY_OF, n=used, all=budget), ui.named(f"hub/saving.{health.saving}")]
