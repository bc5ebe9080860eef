"""Extracts terms from the programme: the names of speakers, their institutions, and proper names in titles.

These are careful guesses from spelling, since a recogniser hears a wrong term where nobody said it.
"""

from __future__ import annotations

import re

from moothall.core.kernel.languages import primary
from moothall.core.terms.terms import cleaned

MOST_OF_A_TITLE = 8
"""The most terms from one title."""
_TITLES = frozenset(
    (
        *("mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "sir", "dame", "hon", "amb", "ambassador", "rev"),
        *("mme", "mlle", "sr", "sra", "srta", "dra", "herr", "frau", "justice", "minister", "hrh"),
        *("m.", "h.e.", "eng.", "ing."),
    )
)
"""Titles and forms of address before a name, in lower case, which are not part of it. An entry with a full stop matches
only with it; any other entry matches with or without one.
"""
_BRACKETS = re.compile(r"[(\[（]([^()\[\]（）]*)[)\]）]")  # noqa: RUF001
_BESIDE = re.compile(r"\s*[,;،，؛]\s*|\s+[-–—/|@]\s+")  # noqa: RUF001
"""What separates a name from the speaker's institution."""
_WORD = re.compile(r"[^\s,;:!?()\[\]{}<>|\"“”«»„、。，：；？！،؛؟]+")  # noqa: RUF001
NOUNS_ARE_CAPITAL = frozenset({"de", "lb"})
"""Languages in which a capital is no sign of a name, since all nouns have one."""
_SHORT = 4
"""A word of fewer letters is no sign of whether a title capitalises all its words."""


def names_in(shown: str) -> tuple[str, ...]:
    """Names from a speaker's shown name: `Ms. Amina Diallo (AfriNIC)` → the person's name, and the institution's."""
    beside = _BRACKETS.findall(shown)
    person, *more = _BESIDE.split(_BRACKETS.sub(" ", shown).strip())
    words = person.split()
    while len(words) > 1 and not _TITLES.isdisjoint((words[0].casefold(), words[0].casefold().rstrip("."))):
        words.pop(0)
    found = (cleaned(text.strip(" .")) for text in (" ".join(words), *more, *beside))
    return tuple(dict.fromkeys(term for term in found if term is not None))


def terms_in(title: str, language: str) -> tuple[str, ...]:
    """Acronyms and proper names of a title in this language (BCP-47): `Trust in the DNS after NETmundial+10` → both.

    An acronym has two capitals, or letters together with digits. A word with one capital is a name where the title
    doesn't capitalise its other words; several such words in a row are one name.
    """
    words = _WORD.findall(title)
    if sum(word.isupper() for word in words) > len(words) / 2:
        return ()  # The whole title is in capitals, so capitals are no sign of a name.
    capitals_tell = primary(language) not in NOUNS_ARE_CAPITAL and not _all_capital(words)
    found: list[str] = []
    name: list[str] = []
    for number, word in enumerate(words):
        bare = word.strip("'’.…-–—+&/*#").removesuffix("'s").removesuffix("’s")  # noqa: RUF001
        if not is_acronym(bare) and capitals_tell and number and bare[:1].isupper():
            name.append(bare)
            continue
        found += [" ".join(name)] if name else []
        name = []
        if is_acronym(bare):
            found.append(bare)
    found += [" ".join(name)] if name else []
    terms = (cleaned(text) for text in found)
    return tuple(dict.fromkeys(term for term in terms if term is not None))[:MOST_OF_A_TITLE]


def is_acronym(word: str) -> bool:
    """Whether a word has two capitals, or letters together with digits."""
    capitals = sum(map(str.isupper, word))
    mixed = any(map(str.isdigit, word)) and any(map(str.isalpha, word))
    return capitals >= 2 or (mixed and word[-1:].isalnum())


def _all_capital(words: list[str]) -> bool:
    """Whether most of a title's longer words begin with a capital."""
    telling = [word for word in words[1:] if len(word) >= _SHORT and word[0].isalpha() and not is_acronym(word)]
    return 3 * sum(word[0].islower() for word in telling) < len(telling)
