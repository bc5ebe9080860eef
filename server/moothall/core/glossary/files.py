"""Glossary files: TOML that people write by hand (docs/reference/glossary.md)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable

import msgspec

from moothall.core.errors import ConfigurationError
from moothall.core.glossary.terms import WHAT_FITS, Term, cleaned
from moothall.core.ids import SessionId
from moothall.core.programme.plan import Room

MOST_TERMS = 5_000
"""Terms of a file."""
MOST_PARTS = 1_000
MOST_BYTES = 1 << 20


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Some terms, and where they hold: everywhere, unless it names rooms, sessions or languages."""

    terms: tuple[str, ...]
    languages: tuple[str, ...] = ()
    """BCP-47 tags; empty: in any."""
    rooms: tuple[str, ...] = ()
    """Ids or titles."""
    sessions: tuple[str, ...] = ()
    """Ids or titles."""

    def holds(self, session: SessionId, title: str, room: Room | None) -> bool:
        """Whether it is meant for a session of that id and title, in that room."""
        here = not self.rooms or (room is not None and _names(self.rooms, room.id, room.title))
        return here and (not self.sessions or _names(self.sessions, session, title))

    def as_terms(self) -> tuple[Term, ...]:
        """Its terms, once for each of its languages."""
        return tuple(Term(text=text, language=language) for text in self.terms for language in self.languages or ("",))


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a file may hold."""

    terms: tuple[str, ...] = ()
    part: tuple[Part, ...] = ()


def read_glossary(text: str, where: str) -> tuple[Part, ...]:
    """The parts of a file, those for everywhere first; `where` is what an error calls it.

    Raises ConfigurationError with a sentence that says what is wrong and what may stand there.
    """
    try:
        found = msgspec.convert(tomllib.loads(text), _File)
    except tomllib.TOMLDecodeError as error:
        msg = f"{where} is not TOML: {error}."
        raise ConfigurationError(msg) from error
    except msgspec.ValidationError as error:
        msg = f"{where}: {error}. A glossary has a list of terms, and [[part]]s with terms, languages, rooms, sessions."
        raise ConfigurationError(msg) from error
    parts = [Part(terms=found.terms), *found.part] if found.terms else list(found.part)
    many = sum(len(part.terms) for part in parts)
    if many > MOST_TERMS or len(parts) > MOST_PARTS:
        msg = f"{where} has {many} terms in {len(parts)} parts; at most {MOST_TERMS} in {MOST_PARTS} are taken."
        raise ConfigurationError(msg)
    return tuple(msgspec.structs.replace(part, terms=tuple(_checked(part.terms, where))) for part in parts)


def _checked(terms: Iterable[str], where: str) -> Iterable[str]:
    for given in terms:
        term = cleaned(given)
        if term is None:
            msg = f"{where}: {given[:80]!r} can't be preferred. {WHAT_FITS}"
            raise ConfigurationError(msg)
        yield term


def _names(wanted: tuple[str, ...], own: str, title: str) -> bool:
    known = {own.casefold(), " ".join(title.casefold().split())}
    return any(" ".join(name.casefold().split()) in known for name in wanted)
