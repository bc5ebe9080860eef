"""What desks have said of names and terms, as the fold of a session's log keeps it."""

from __future__ import annotations

import msgspec

from moothall.core.events import types as ev
from moothall.core.terms.terms import key_of


class ChosenTerm(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody at a desk said of a name or term."""

    term: str
    wanted: bool
    """Whether it is preferred; else it is not to be, wherever it comes from."""
    language: str | None = None
    keep: bool | None = None
    """Whether translations have it as it is; None leaves that to the files."""
    written: dict[str, str] = {}
    """How translations have it, by BCP-47 tag."""


Terms = dict[str, ChosenTerm]
"""By what their spellings have in common (`terms.key_of`), the newest last."""


def with_term(terms: Terms, event: ev.TermChosen) -> Terms:
    """The terms after `event`."""
    key = key_of(event.term)
    kept = {each: chosen for each, chosen in terms.items() if each != key}
    if event.wanted is None:
        return kept
    chosen = ChosenTerm(
        term=event.term, wanted=event.wanted, language=event.language, keep=event.keep, written=event.written
    )
    return {**kept, key: chosen}
