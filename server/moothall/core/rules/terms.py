"""The rules of names and terms that a desk has preferred."""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.glossary.in_translation import WHAT_CAN_BE_WRITTEN, cleaned_written
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.session.state import State
from moothall.core.terms.terms import WHAT_FITS, cleaned, key_of

MOST_CHOSEN = 300
"""Terms of which one session's desks may say something."""


def decide_term(state: State, command: do.ChooseTerm) -> Sequence[ev.AnyEvent] | Refusal:
    """What becomes of a term; the session exists."""
    term = cleaned(command.term)
    if term is None:
        return Refusal(code=RefusalCode.INVALID, message=WHAT_FITS)
    if command.language is not None and not any(command.language in each.languages for each in state.channels.values()):
        return Refusal(
            code=RefusalCode.INVALID,
            message="The language of a term must be a language of the session, or be left empty.",
        )
    written = cleaned_written(command.written)
    if written is None:
        return Refusal(code=RefusalCode.INVALID, message=WHAT_CAN_BE_WRITTEN)
    if not command.wanted and (written or command.keep is not None):
        return Refusal(code=RefusalCode.INVALID, message="Translations can be given only for a preferred term.")
    known = key_of(term) in state.terms
    if command.wanted is None and not known:
        return Refusal(code=RefusalCode.UNKNOWN, message="This session has no choice about this term to take back.")
    if not known and len(state.terms) >= MOST_CHOSEN:
        message = f"The session has {MOST_CHOSEN} terms of its own already; put lasting ones in a glossary file."
        return Refusal(code=RefusalCode.CONFLICT, message=message)
    return [
        ev.TermChosen(term=term, wanted=command.wanted, language=command.language, keep=command.keep, written=written)
    ]
