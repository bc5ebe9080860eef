"""The rules of flags: what says of an intervention that a person should look at it."""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import is_name
from moothall.core.questions.interventions import Intervention

REPORTED = "reported"
"""Readers say that it is rude."""
ABUSE = "abuse"
"""The staff says so."""
MOST_FLAGS = 10
"""Flags of one intervention, beside that of readers."""


def flag(each: Intervention, command: do.Flag) -> Sequence[ev.AnyEvent] | Refusal:
    """What the staff says of it; no flags: that nothing is wrong."""
    flags = tuple(dict.fromkeys(command.flags))
    if len(set(flags) - {REPORTED}) > MOST_FLAGS or not all(map(is_name, flags)):
        return Refusal(
            code=RefusalCode.INVALID, message=f"A question has at most {MOST_FLAGS} flags, each a short name."
        )
    if flags == each.flags:
        return Refusal(code=RefusalCode.CONFLICT, message="The question already has these flags.")
    return [ev.InterventionFlagged(intervention=each.id, flags=flags)]


def report_abuse(each: Intervention) -> Sequence[ev.AnyEvent] | Refusal:
    """A reader says that it is rude; readers know of published ones alone."""
    if not each.published or each.removed:
        return Refusal(code=RefusalCode.UNKNOWN, message="The session has no such question or comment.")
    if REPORTED in each.flags:
        return Refusal(code=RefusalCode.CONFLICT, message="This question was reported already.")
    return [ev.InterventionFlagged(intervention=each.id, flags=(*each.flags, REPORTED))]
