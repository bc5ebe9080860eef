"""A table of phrases (formulas) that are always said in the same words, with their forms in other languages."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import msgspec

from moothall.core.kernel.decoding import Unreadable, read_toml
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.languages import primary
from moothall.core.translation.protecting import parted

MOST_BYTES = 1 << 20
MOST_PHRASES = 2_000
LONGEST = 200
"""Characters of a form."""
WHAT_FITS = (
    'A table of phrases has [[phrase]]s, and each of these a list of forms for two languages or more: en = ["I so '
    'move"], es = ["así lo propongo"]'
)

Phrase = dict[str, tuple[str, ...]]
"""The forms of one phrase by language (BCP-47 primary tag). In the target language the first form is written."""


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    phrase: tuple[Phrase, ...] = ()


@lru_cache(maxsize=4)
def read_phrases(text: str, where: str) -> tuple[Phrase, ...]:
    """Decode the phrases of a file; `where` is its name for errors. Results are cached, since tests run hundreds of
    servers in one process.

    Raises ConfigurationError with a sentence that says what is wrong and which form is expected.
    """
    try:
        found = msgspec.convert(read_toml(text), _File).phrase
    except Unreadable as error:
        raise ConfigurationError(f"{where} is not TOML: {error}.") from error
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{where}: {error}. {WHAT_FITS}.") from error
    if len(found) > MOST_PHRASES:
        raise ConfigurationError(f"{where} has {len(found)} phrases; at most {MOST_PHRASES} are read.")
    for number, phrase in enumerate(found, 1):
        bad = next((tag for tag in phrase if primary(tag) != tag), None)
        if bad is not None:
            msg = f"{where}: phrase {number} names the language {bad!r}; it is a tag of two or three small letters."
            raise ConfigurationError(msg)
        forms = [form for each in phrase.values() for form in each]
        if len(phrase) < 2 or not all(phrase.values()) or any(not 0 < len(form.strip()) <= LONGEST for form in forms):
            msg = f"{where}: phrase {number} lacks a form, or one is empty or above {LONGEST} characters. {WHAT_FITS}."
            raise ConfigurationError(msg)
        if len({parted(form)[1] for form in forms}) > 1:
            ends = "{number}, {alone} or ?"
            msg = f"{where}: some forms of phrase {number} end with {ends}, others don't; all do, or none."
            raise ConfigurationError(msg)
    return found


def from_to(phrases: Sequence[Phrase], source: str, target: str) -> dict[str, str]:
    """The forms of phrases in the source language → what is written in the target language, for `protecting.protect`.

    If two phrases have the same form, the first phrase counts.
    """
    there: dict[str, str] = {}
    for phrase in phrases:
        said, written = phrase.get(primary(source), ()), phrase.get(primary(target), ())
        if written:
            for form in said:
                there.setdefault(form, written[0])
    return there
