"""Glossary files: TOML that people write by hand (docs/reference/glossary.md)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from moothall.core.glossary.fixed_wording import WHAT_CAN_BE_WRITTEN, InTranslation, cleaned_forms, cleaned_written
from moothall.core.kernel.decoding import Unreadable, made_of, read_toml
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import Room
from moothall.core.terms.terms import WHAT_FITS, Term, cleaned
from moothall.core.translation.inflection import Inflection

MOST_TERMS = 5_000
"""Terms in one file."""
MOST_PARTS = 1_000
MOST_BYTES = 1 << 20
_WHAT_FITS = (
    "A glossary has a list of terms, and [[part]]s with terms, languages, rooms, sessions. "
    'A term is text, or {term = "...", keep = true, in = {es = "...", ru = {nom = "...", gen = "..."}}}.'
)


class GlossaryPart(msgspec.Struct, frozen=True, kw_only=True):
    """Some terms, and where they apply: everywhere, unless the part names rooms, sessions or languages."""

    terms: tuple[str, ...]
    languages: tuple[str, ...] = ()
    """BCP-47 tags; empty: any language."""
    rooms: tuple[str, ...] = ()
    """Ids or titles; empty: any room."""
    sessions: tuple[str, ...] = ()
    """Ids or titles; empty: any session."""
    in_translation: tuple[InTranslation, ...] = ()
    """How translations write some of the terms."""

    def holds(self, session: SessionId, title: str, room: Room | None) -> bool:
        """Whether the part applies to a session with this id and title in this room."""
        here = not self.rooms or (room is not None and _names(self.rooms, room.id, room.title))
        return here and (not self.sessions or _names(self.sessions, session, title))

    def as_terms(self) -> tuple[Term, ...]:
        """The terms, once for each of the part's languages."""
        return tuple(Term(text=text, language=language) for text in self.terms for language in self.languages or ("",))


class _Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A term for which the file says more than its spelling."""

    term: str
    keep: bool | None = None
    written: dict[str, str | Inflection] = msgspec.field(name="in", default_factory=dict)
    forms: Inflection | None = None


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    terms: tuple[str | _Entry, ...]
    languages: tuple[str, ...] = ()
    rooms: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The form of a glossary file."""

    terms: tuple[str | _Entry, ...] = ()
    part: tuple[_Part, ...] = ()


def read_glossary(text: str, where: str) -> tuple[GlossaryPart, ...]:
    """Decode the parts of a file, first the terms without a part; `where` is the file's name for errors.

    Raises ConfigurationError with a sentence that says what is wrong and which form is expected.
    """
    try:
        found = msgspec.convert(read_toml(text), _File)
    except Unreadable as error:
        raise ConfigurationError(f"{where} is not TOML: {error}.") from error
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{where}: {error}. {_WHAT_FITS}") from error
    parts = [_Part(terms=found.terms), *found.part] if found.terms else list(found.part)
    many = sum(len(part.terms) for part in parts)
    if many > MOST_TERMS or len(parts) > MOST_PARTS:
        msg = f"{where} has {many} terms in {len(parts)} parts; at most {MOST_TERMS} in {MOST_PARTS} are taken."
        raise ConfigurationError(msg)
    return tuple(_as_part(part, where) for part in parts)


def _as_part(part: _Part, where: str) -> GlossaryPart:
    entries = tuple(_checked(part.terms, where))
    terms = tuple(entry.term for entry in entries)
    in_translation = tuple(entry for entry in entries if entry.says_something)
    return made_of(GlossaryPart, part, terms=terms, in_translation=in_translation)


def _checked(terms: Iterable[str | _Entry], where: str) -> Iterable[InTranslation]:
    for given in terms:
        entry = _Entry(term=given) if isinstance(given, str) else given
        term, written = cleaned(entry.term), cleaned_written(dict(_nominatives(entry)))
        inflected = {tag: each for tag, each in entry.written.items() if isinstance(each, Inflection)}
        forms = {tag: good for tag, each in inflected.items() if (good := cleaned_forms(each)) is not None}
        own = None if entry.forms is None else cleaned_forms(entry.forms, entry.term)
        lacking = len(forms) < len(inflected) or (own is None and entry.forms is not None)
        if term is None or written is None or lacking:
            said = (
                f"can't be preferred. {WHAT_FITS}" if term is None else f"can't be translated so. {WHAT_CAN_BE_WRITTEN}"
            )
            raise ConfigurationError(f"{where}: {entry.term[:80]!r} {said}")
        yield InTranslation(term=term, keep=entry.keep, written=written, forms=forms, own_forms=own)


def _nominatives(entry: _Entry) -> Iterable[tuple[str, str]]:
    return ((tag, each if isinstance(each, str) else each.nom) for tag, each in entry.written.items())


def _names(wanted: tuple[str, ...], own: str, title: str) -> bool:
    known = {own.casefold(), " ".join(title.casefold().split())}
    return any(" ".join(name.casefold().split()) in known for name in wanted)
