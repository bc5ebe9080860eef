"""Merges the terms for one text, by precedence: those chosen at the desk, of speakers, of the title, and of files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from moothall.core.glossary.agenda import names_in, terms_in
from moothall.core.glossary.files import GlossaryPart
from moothall.core.kernel.ids import ChannelId
from moothall.core.programme.plan import Room
from moothall.core.sessions.state import State
from moothall.core.terms.terms import Term, TermSource, key_of

MOST_TERMS = 300
"""Terms that an engine gets for one text. Overflow: the terms of the lowest precedence are left out."""
MOST_NEAR = 40
"""The most of these that may count as near."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A term of a session, and its source."""

    text: str
    language: str = ""
    source: TermSource
    near: bool = False
    """Whether the term belongs to the present speaker, to the title, or to what was added for just this session."""


class Preferred(msgspec.Struct, frozen=True, kw_only=True):
    """The terms that an engine should prefer in one text."""

    terms: tuple[str, ...] = ()
    """The terms, highest precedence first."""
    near: int = 0
    """How many of them, from the first on, are near."""


NOTHING = Preferred()


def known_terms(
    state: State, parts: Iterable[GlossaryPart], room: Room | None, channel: ChannelId | None
) -> list[Known]:
    """All terms of a session, each once, highest precedence first; without terms that a desk has excluded.

    `channel`: the channel whose present speaker is near; None: no speaker is. Near are, in this order, the present
    speaker's names, terms added at the desk (newest first), and those of the title. Then come the other speakers and
    the files, first the parts for the session, then for its room.
    """
    away = {key for key, chosen in state.terms.items() if chosen.wanted is False}
    found: dict[tuple[str, str], Known] = {}
    for known in _all_terms(state, parts, room, channel):
        key = key_of(known.text)
        if key not in away and (key, "") not in found:
            found.setdefault((key, known.language), known)
    return list(found.values())


def preferred(state: State, channel: ChannelId, parts: Iterable[GlossaryPart], room: Room | None) -> Preferred:
    """The terms of one text, at most as many as an engine gets."""
    now = state.channels[channel]
    spoken = now.languages if now.forced is None else (now.forced,)
    terms: dict[str, bool] = {}
    for known in known_terms(state, parts, room, channel):
        if Term(text=known.text, language=known.language).said_in(spoken):
            terms.setdefault(known.text, known.near)
    near = [text for text, is_near in terms.items() if is_near][:MOST_NEAR]
    ordered = dict.fromkeys((*near, *terms))
    return Preferred(terms=tuple(ordered)[:MOST_TERMS], near=len(near))


def _all_terms(
    state: State, parts: Iterable[GlossaryPart], room: Room | None, channel: ChannelId | None
) -> Iterator[Known]:
    speaker = state.channels[channel].speaker if channel is not None else None
    if speaker is not None and speaker in state.speakers:
        yield from _names(state.speakers[speaker], near=True)
    for chosen in reversed(state.terms.values()):
        if chosen.wanted:
            yield Known(text=chosen.term, language=chosen.language or "", source="desk", near=True)
    for text in terms_in(state.title, next(iter(state.languages), "")):
        yield Known(text=text, source="title", near=True)
    for shown in state.speakers.values():
        yield from _names(shown, near=False)
    held = [part for part in parts if part.holds(state.id, state.title, room)]
    for part in sorted(held, key=lambda part: (not part.sessions, not part.rooms)):
        for term in part.as_terms():
            yield Known(text=term.text, language=term.language, source="file")


def _names(shown: str, *, near: bool) -> Iterator[Known]:
    for name in names_in(shown):
        yield Known(text=name, source="speaker", near=near)
