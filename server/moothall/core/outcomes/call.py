"""An open call for policy questions, folded from its events. Submissions are interventions
(`moothall.core.questions.interventions`).
"""

from __future__ import annotations

import msgspec

from moothall.core.events import outcomes as oe
from moothall.core.kernel.ids import InterventionId, PolicyQuestionId, SessionId


class Selected(msgspec.Struct, frozen=True):
    """What became of a proposal that was selected."""

    question: PolicyQuestionId
    sessions: tuple[SessionId, ...]


class OpenCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call."""

    text: str = ""
    language: str = ""
    """BCP-47 tag of the text; empty before the call is stated."""
    until: int | None = None
    """When it ends, Unix ms; None when somebody closes it."""
    selected: dict[InterventionId, Selected] = msgspec.field(default_factory=dict)
    """The proposals that became policy questions."""


def evolve_call(call: OpenCall, event: oe.CallFact) -> OpenCall:
    """Return the call after `event`."""
    replace = msgspec.structs.replace
    if isinstance(event, oe.CallStated):
        return replace(call, text=event.text, language=event.language, until=event.until)
    others = {name: each for name, each in call.selected.items() if name != event.intervention}
    if event.question is None:
        return replace(call, selected=others)
    return replace(call, selected={**others, event.intervention: Selected(event.question, event.sessions)})
