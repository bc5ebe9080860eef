"""One glossary for a text: what was said at the desk, who speaks, the title, the files; in order of their standing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from moothall.core.glossary.agenda import names_in, terms_in
from moothall.core.glossary.files import GlossaryPart
from moothall.core.kernel.ids import ChannelId
from moothall.core.programme.plan import Room
from moothall.core.session.state import State
from moothall.core.terms.terms import Source, Term, key_of

MOST_TERMS = 300
"""Terms that an engine gets for one text. Overflow: those of the least standing are left out."""
MOST_NEAR = 40
"""Of these, how many may count as belonging to what is going on."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A term of a session."""

    text: str
    language: str = ""
    source: Source
    near: bool = False
    """Whether it belongs to the current speaker, or to what was announced or added for just this session."""


class Preferred(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine is told to prefer in a text."""

    terms: tuple[str, ...] = ()
    """In order of their standing."""
    near: int = 0
    """How many of them, the first, belong to what is going on."""


NOTHING = Preferred()


def known_terms(
    state: State, parts: Iterable[GlossaryPart], room: Room | None, channel: ChannelId | None
) -> list[Known]:
    """All terms of a session, each once, in order of their standing; without those that were taken away.

    `channel`: the one whose speaker stands near; with None nobody does. Near come those who have the floor, what was
    added at the desk (the newest first), and the title's; then the other speakers and the files, the session's parts
    before the others.
    """
    away = {key for key, chosen in state.terms.items() if chosen.wanted is False}
    found: dict[tuple[str, str], Known] = {}
    for known in _all_terms(state, parts, room, channel):
        key = key_of(known.text)
        if key not in away and (key, "") not in found:
            found.setdefault((key, known.language), known)
    return list(found.values())


def preferred(state: State, channel: ChannelId, parts: Iterable[GlossaryPart], room: Room | None) -> Preferred:
    """The terms of one text, as many as an engine gets."""
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
