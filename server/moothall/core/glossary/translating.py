"""The terms of a session that have a fixed wording in translations: first those of the desk, then those of
the files.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import msgspec

from moothall.core.events.types import ChannelKind
from moothall.core.glossary.files import GlossaryPart
from moothall.core.glossary.fixed_wording import InTranslation, forms_of
from moothall.core.programme.plan import Room
from moothall.core.sessions.state import State
from moothall.core.terms.terms import key_of
from moothall.core.translation.inflection import Inflection

MOST = 1_000
"""Terms from one language to another. Overflow: the terms of the lowest precedence are left to the engine."""


def translation_terms(
    state: State, parts: Iterable[GlossaryPart], room: Room | None, source: str, target: str
) -> dict[str, str]:
    """Wording in `source` → wording in `target` (BCP-47), for `translation.wording`.

    If a term is set several times, the first counts: the desk, newest first, then the files' parts that name the
    session, its room, or neither. Terms that a desk has excluded are left to the engine. Other cases of a wording in
    `source` count after all wordings.
    """
    parts = tuple(parts)
    found: dict[str, str] = {}
    for term in in_translation(state, parts, room):
        written = term.written_in(target)
        if written is not None:
            for said in term.said_in(source):
                found.setdefault(said, written)
    forms = translation_forms(state, parts, room, source)
    for said, written in tuple(found.items()):
        for form in forms[said].texts if said in forms else ():
            found.setdefault(form, written)
    return dict(itertools.islice(found.items(), MOST))


def translation_forms(
    state: State, parts: Iterable[GlossaryPart], room: Room | None, language: str
) -> dict[str, Inflection]:
    """Wording in `language` (BCP-47) → its forms: as the desk gives them, else as the files that apply to the session
    give them, also for a wording that was chosen at the desk.
    """
    found: dict[str, Inflection] = {}
    for term in _all(state, parts, room):
        for forms in term.forms_in(language):
            found.setdefault(forms.nom, forms)
    return found


def in_translation(state: State, parts: Iterable[GlossaryPart], room: Room | None) -> list[InTranslation]:
    """All terms with a setting for translations, highest precedence first, each once in a language."""
    away = {key for key, chosen in state.terms.items() if not chosen.wanted}
    found: dict[tuple[str, str], InTranslation] = {}
    for term in _all(state, parts, room):
        key = key_of(term.term)
        if term.says_something and key not in away and (key, "") not in found:
            found.setdefault((key, term.language), term)
    return list(found.values())


def translated_into(state: State) -> tuple[str, ...]:
    """The languages (BCP-47) into which the session is translated."""
    into = (each.languages for each in state.channels.values() if each.kind is ChannelKind.TRANSLATION)
    return tuple(dict.fromkeys(tag for tags in into for tag in tags))


def _all(state: State, parts: Iterable[GlossaryPart], room: Room | None) -> Iterator[InTranslation]:
    for chosen in reversed(state.terms.values()):
        yield InTranslation(
            term=chosen.term,
            language=chosen.language or "",
            keep=chosen.keep,
            written=chosen.written,
            forms=forms_of(chosen.written, chosen.forms) or {},
        )
    yield from _of_files(state, parts, room)


def _of_files(state: State, parts: Iterable[GlossaryPart], room: Room | None) -> Iterator[InTranslation]:
    held = [part for part in parts if part.holds(state.id, state.title, room)]
    for part in sorted(held, key=lambda part: (not part.sessions, not part.rooms)):
        for term in part.in_translation:
            for language in part.languages or ("",):
                yield msgspec.structs.replace(term, language=language)
