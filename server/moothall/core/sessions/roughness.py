"""In which languages the text of a speech recogniser is rough: too many of its words are wrong for it to be quoted.

Only a person makes rough text fit to be quoted: who corrects a line, who types it on air, or who seals the record as
checked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Protocol, TypeVar

import msgspec

from moothall.core.events.lines import MadeFrom
from moothall.core.events.types import RecordSealed, SealVersion
from moothall.core.kernel.languages import primary

ROUGH_ABOVE = 15.0
"""Wrong words of 100, as measured with a model, above which its text in a language is rough: two in a sentence of
twelve words (docs/why/speech.md)."""
ROUGH_ABOVE_IN = {"ar": 20.0, "ru": 20.0}
"""The same where words have many forms: one with a wrong ending counts as wrong, and is understood."""


L = TypeVar("L", bound=Any)


class RoughlyHeard(Protocol):
    """A line, with what says whether it may be quoted."""

    @property
    def language(self) -> str:
        """BCP-47 tag of its text."""
        ...

    @property
    def rough(self) -> bool | msgspec.UnsetType:
        """Whether a recogniser wrote it in a language in which its text is rough."""
        ...

    @property
    def mended(self) -> bool:
        """Whether a person corrected it."""
        ...

    @property
    def made_from(self) -> MadeFrom | msgspec.UnsetType | None:
        """From which line it was translated; None or UNSET for any other line."""
        ...


def rough_above(language: str) -> float:
    """Wrong words of 100 above which text in a language (BCP-47) is rough."""
    return ROUGH_ABOVE_IN.get(primary(language), ROUGH_ABOVE)


def rough_languages(errors: Mapping[str, float]) -> tuple[str, ...]:
    """The languages (primary tags, in order) in which a model's text is rough. `errors`: of 100 words how many come out
    wrong, by language (BCP-47). A language in which nothing was measured is not known to be rough.
    """
    return tuple(sorted({primary(name) for name, wrong in errors.items() if wrong > rough_above(name)}))


def is_rough(language: str, rough: Collection[str]) -> bool:
    """Whether a language (BCP-47) is one of `rough_languages`."""
    return primary(language) in rough


def unquotable(line: RoughlyHeard) -> bool:
    """Whether a line is not for quoting, since a recogniser wrote it roughly and no person has corrected it.

    It is false for a translation into another language, of which `MadeFrom.rough` says that it gives the gist only. A
    line that is copied into a translation, since it was said in that language, is as its source is.
    """
    return not line.mended and heard_roughly(line)


def heard_roughly(line: RoughlyHeard) -> bool:
    """Whether a line is not for quoting (`unquotable`) as long as no person has corrected it."""
    made = line.made_from
    return made.rough and not made.route if isinstance(made, MadeFrom) else line.rough is True


def unquotable_languages(lines: Iterable[RoughlyHeard]) -> tuple[str, ...]:
    """The languages (primary tags, in order) of those lines that are not for quoting."""
    return tuple(sorted({primary(line.language) for line in lines if unquotable(line)}))


def vouches(sealed: RecordSealed) -> bool:
    """Whether a seal says that somebody has checked all lines that are there."""
    return sealed.version is not SealVersion.RAW


def until_checked(line: RoughlyHeard) -> bool:
    """Whether a line is not for quoting, or gives the gist only, until somebody seals the record as checked."""
    made = line.made_from
    return unquotable(line) or (isinstance(made, MadeFrom) and made.until_checked is True)


def vouched_for(line: L) -> L:
    """A line (a struct) that was marked `until_checked`, after that."""
    made = line.made_from
    if isinstance(made, MadeFrom):
        checked = msgspec.structs.replace(made, rough=False, until_checked=msgspec.UNSET)
        return msgspec.structs.replace(line, made_from=checked)
    return msgspec.structs.replace(line, rough=msgspec.UNSET)
