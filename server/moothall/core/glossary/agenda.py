"""What the programme knows: the names of those who speak, where they come from, and what a title names.

Guesses from the way things are written, on the careful side: a word too many is heard where nobody said it.
"""

from __future__ import annotations

import re

from moothall.core.kernel.languages import primary
from moothall.core.terms.terms import cleaned

MOST_OF_A_TITLE = 8
"""Terms that one title gives at most."""
_TITLES = frozenset(
    (
        *("mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "sir", "dame", "hon", "amb", "ambassador", "rev"),
        *("mme", "mlle", "sr", "sra", "srta", "dra", "herr", "frau", "justice", "minister", "hrh"),
        *("m.", "h.e.", "eng.", "ing."),
    )
)
"""What stands before a name and is not part of it, whether or not a point is behind; some only with their points."""
_BRACKETS = re.compile(r"[(\[（]([^()\[\]（）]*)[)\]）]")  # noqa: RUF001
_BESIDE = re.compile(r"\s*[,;،，؛]\s*|\s+[-–—/|@]\s+")  # noqa: RUF001
"""What parts a name from where somebody comes from."""
_WORD = re.compile(r"[^\s,;:!?()\[\]{}<>|\"“”«»„、。，：；？！،؛؟]+")  # noqa: RUF001
_NOUNS_ARE_CAPITAL = frozenset({"de", "lb"})
"""Languages in which a capital says nothing of a name."""
_SHORT = 4
"""Words of fewer letters don't tell whether a title capitalises all of its words."""


def names_in(shown: str) -> tuple[str, ...]:
    """Names out of how a speaker is shown: `Ms. Amina Diallo (AfriNIC)` → the person's name, and the institution's."""
    beside = _BRACKETS.findall(shown)
    person, *more = _BESIDE.split(_BRACKETS.sub(" ", shown).strip())
    words = person.split()
    while len(words) > 1 and not _TITLES.isdisjoint((words[0].casefold(), words[0].casefold().rstrip("."))):
        words.pop(0)
    found = (cleaned(text.strip(" .")) for text in (" ".join(words), *more, *beside))
    return tuple(dict.fromkeys(term for term in found if term is not None))


def terms_in(title: str, language: str) -> tuple[str, ...]:
    """Acronyms and proper names of a title in that language (BCP-47): `Trust in the DNS after NETmundial+10` → both.

    An acronym has two capitals, or capitals or letters with digits. Words with one capital are a name where the title
    doesn't capitalise its other words; several in a row are one.
    """
    words = _WORD.findall(title)
    if sum(word.isupper() for word in words) > len(words) / 2:
        return ()  # IT IS ALL WRITTEN SO.
    capitals_tell = primary(language) not in _NOUNS_ARE_CAPITAL and not _all_capital(words)
    found: list[str] = []
    name: list[str] = []
    for number, word in enumerate(words):
        bare = word.strip("'’.…-–—+&/*#").removesuffix("'s").removesuffix("’s")  # noqa: RUF001
        if not _is_acronym(bare) and capitals_tell and number and bare[:1].isupper():
            name.append(bare)
            continue
        found += [" ".join(name)] if name else []
        name = []
        if _is_acronym(bare):
            found.append(bare)
    found += [" ".join(name)] if name else []
    terms = (cleaned(text) for text in found)
    return tuple(dict.fromkeys(term for term in terms if term is not None))[:MOST_OF_A_TITLE]


def _is_acronym(word: str) -> bool:
    capitals = sum(map(str.isupper, word))
    mixed = any(map(str.isdigit, word)) and any(map(str.isalpha, word))
    return capitals >= 2 or (mixed and word[-1:].isalnum())


def _all_capital(words: list[str]) -> bool:
    """Whether a title Begins Its Words With Capitals: most of its longer ones."""
    telling = [word for word in words[1:] if len(word) >= _SHORT and word[0].isalpha() and not _is_acronym(word)]
    return 3 * sum(word[0].islower() for word in telling) < len(telling)
