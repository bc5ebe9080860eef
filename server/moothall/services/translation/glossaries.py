"""The names and terms that engines and translators should prefer in each channel, and lists of them for desks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar

import msgspec

from moothall.core.glossary.files import GlossaryPart
from moothall.core.glossary.fixed_wording import InTranslation
from moothall.core.glossary.merging import MOST_TERMS, Known, Preferred, known_terms, preferred
from moothall.core.glossary.translating import in_translation, translated_into, translation_forms, translation_terms
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.ports import Clock
from moothall.core.programme.plan import Room
from moothall.core.sessions.state import State
from moothall.core.terms.terms import key_of
from moothall.core.translation.inflection import Inflection
from moothall.core.views.mended_names import MendedNames

LOOK_MS = 10_000
"""How often glossary files are checked for changes."""
MOST_SHOWN = 500
"""Most terms listed at a desk. Overflow: those of lowest priority are only counted."""
KEPT = 1_000
"""Answers that each cache holds. Overflow: the cache is emptied."""


class GlossaryFiles(Protocol):
    """The glossary files. Both methods may wait for a disk."""

    def read(self) -> tuple[GlossaryPart, ...]:
        """The contents of the files. Raises ConfigurationError with a sentence."""
        ...

    def read_again(self) -> tuple[GlossaryPart, ...]:
        """The contents of the files; those of before, when they can't be read now."""
        ...


class DeskTerm(msgspec.Struct, frozen=True, kw_only=True):
    """A term as desks show it."""

    term: str
    language: str
    """BCP-47 tag; empty: every language."""
    source: str
    """`desk`, `speaker`, `title` or `file`."""
    keep: bool = False
    """Whether translations keep it unchanged."""
    written: dict[str, str] = {}
    """Its prescribed translations, by BCP-47 tag."""
    forms: dict[str, dict[str, str]] = {}
    """Other forms of these, by BCP-47 tag, as in `TermChosen`."""


class DeskTerms(msgspec.Struct, frozen=True, kw_only=True):
    """The terms of a session as desks show them."""

    terms: tuple[DeskTerm, ...]
    """In order of priority."""
    more: int
    """The number of further terms that aren't listed."""
    too_many: int
    """The number of terms beyond the most that an engine is told."""
    away: tuple[str, ...]
    """Terms that the staff have removed."""
    proposed: tuple[str, ...]
    """Terms that people had to correct twice."""
    into: tuple[str, ...] = ()
    """Languages (BCP-47) that the session is translated into."""


_Sources = tuple[object, ...]
_Key = TypeVar("_Key")
_Answer = TypeVar("_Answer")


class Glossaries:
    """Preferred names and terms of each channel. `load` reads the files, `run` reads them again when they change."""

    def __init__(self, files: GlossaryFiles, clock: Clock, room_of: Callable[[SessionId], Room | None]) -> None:
        self._files = files
        self._clock = clock
        self._room_of = room_of
        self._parts: tuple[GlossaryPart, ...] = ()
        # Caches of answers with the objects that they depend on, since they are asked for each second. Bound: KEPT.
        self._preferred: dict[tuple[SessionId, ChannelId], tuple[_Sources, Preferred]] = {}
        self._shown: dict[SessionId, tuple[_Sources, DeskTerms]] = {}
        self._names: dict[SessionId, tuple[_Sources, tuple[str, ...]]] = {}
        self._translated: dict[tuple[SessionId, str, str], tuple[_Sources, dict[str, str]]] = {}
        self._forms: dict[tuple[SessionId, str], tuple[_Sources, dict[str, Inflection]]] = {}

    async def load(self) -> None:
        """Read the files. Raises ConfigurationError with a sentence."""
        self._parts = await asyncio.to_thread(self._files.read)

    async def change(self, files: GlossaryFiles) -> None:
        """Read other files, or the same again. Raises ConfigurationError with a sentence; then nothing changes."""
        self._parts = await asyncio.to_thread(files.read)
        self._files = files

    async def run(self) -> None:
        """Read the files again when they change, until cancelled."""
        while True:
            await self._clock.sleep(LOOK_MS)
            self._parts = await asyncio.to_thread(self._files.read_again)

    def preferred(self, state: State, channel: ChannelId) -> Preferred:
        """The preferred names and terms of a channel, for its engine."""
        now, room = state.channels[channel], self._room_of(state.id)
        sources = (*self._sources(state, room), now.speaker, now.forced, now.languages)
        return _kept(
            self._preferred, (state.id, channel), sources, lambda: preferred(state, channel, self._parts, room)
        )

    def translation_terms(self, state: State, source: str, target: str) -> dict[str, str]:
        """The prescribed translations into `target` of terms said in `source` (BCP-47)."""
        room = self._room_of(state.id)
        return _kept(
            self._translated,
            (state.id, source, target),
            (state.terms, state.title, self._parts, room),
            lambda: translation_terms(state, self._parts, room, source, target),
        )

    def translation_forms(self, state: State, target: str) -> dict[str, Inflection]:
        """The forms of prescribed translations into `target` (BCP-47), by the wording."""
        room = self._room_of(state.id)
        return _kept(
            self._forms,
            (state.id, target),
            (state.terms, state.title, self._parts, room),
            lambda: translation_forms(state, self._parts, room, target),
        )

    def names(self, state: State) -> tuple[str, ...]:
        """Names and terms in their correct spelling, to restore it in texts in capitals (`translating.wording`)."""
        room = self._room_of(state.id)
        return _kept(
            self._names,
            state.id,
            self._sources(state, room),
            lambda: tuple(known.text for known in known_terms(state, self._parts, room, None)),
        )

    def for_desks(self, state: State, mended: MendedNames) -> DeskTerms:
        """The list of terms for desks."""
        room = self._room_of(state.id)
        sources = (*self._sources(state, room), mended, state.segments if mended.lines else None)
        sources = (*sources, *(each.languages for each in state.channels.values()))
        return _kept(self._shown, state.id, sources, lambda: self._for_desks(state, mended, room))

    def _sources(self, state: State, room: Room | None) -> _Sources:
        return (state.terms, state.speakers, state.title, state.languages, self._parts, room)

    def _for_desks(self, state: State, mended: MendedNames, room: Room | None) -> DeskTerms:
        known = known_terms(state, self._parts, room, None)
        spoken = {key_of(each.text) for each in known}
        said = {(key_of(each.term), each.language): each for each in in_translation(state, self._parts, room)}
        terms = tuple(_for_desks(each, said) for each in known)
        return DeskTerms(
            terms=terms[:MOST_SHOWN],
            more=max(0, len(terms) - MOST_SHOWN),
            too_many=max(0, len(terms) - MOST_TERMS),
            into=translated_into(state),
            away=tuple(chosen.term for chosen in state.terms.values() if not chosen.wanted),
            proposed=tuple(
                term
                for term in mended.proposed(state)
                if key_of(term) not in spoken and key_of(term) not in state.terms
            ),
        )


def _for_desks(known: Known, said: Mapping[tuple[str, str], InTranslation]) -> DeskTerm:
    key = key_of(known.text)
    found = said.get((key, "")) or said.get((key, known.language))
    shown = DeskTerm(term=known.text, language=known.language, source=known.source)
    if found is None:
        return shown
    forms = {tag: beside for tag, each in found.forms.items() if (beside := each.beside)}
    return msgspec.structs.replace(shown, keep=bool(found.keep), written=found.written, forms=forms)


def _kept(
    kept: dict[_Key, tuple[_Sources, _Answer]], key: _Key, sources: _Sources, work: Callable[[], _Answer]
) -> _Answer:
    """The answer for these sources, from the cache if they are the identical objects as before."""
    known = kept.get(key)
    same = known is not None and len(known[0]) == len(sources)
    if known is not None and same and all(new is old for new, old in zip(sources, known[0], strict=True)):
        return known[1]
    if len(kept) >= KEPT:
        kept.clear()
    answer = work()
    kept[key] = (sources, answer)
    return answer
