"""What is done to a text before an engine gets it: capitals are calmed, and words that it may not translate, or has to
translate in a certain way, are protected.

Engines copy words in capitals instead of translating them. Each protected word is taken out before and put in again
afterwards. What stands in its place meanwhile survives the engines: of eleven forms that were tried, those like `XQ1X`
came through all of them (`docs/why/translation.md`). It is checked all the same: where one is missing or doubled, the
text is translated once more with others in their place, and where these don't come through either, without protection.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import msgspec

from moothall.core.kernel.languages import primary

SHOUTED = 0.7
"""Share of the letters that are capitals from which on a text counts as written in capitals."""
LETTERS = 8
"""... when it has so many letters: "OK, UN" is no text in capitals."""
SENTENCE_END = ".?!…:"
OPENING = " \t\n\"'“”«»¿¡(["
"""What may stand between the end of a sentence and the first letter of the next."""
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")  # noqa: RUF001  # both are written
_PRONOUN = {"en": "i"}


def shouted(text: str) -> bool:
    """Whether a text is written in capitals. Languages that have none never are."""
    upper = sum(char.isupper() for char in text)
    lower = sum(char.islower() for char in text)
    return upper + lower >= LETTERS and upper >= SHOUTED * (upper + lower)


def calmed(text: str, language: str, names: Collection[str] = ()) -> str:
    """A text in capitals with capitals only at the beginning of sentences and in `names`; any other text as it is.

    `names` are written as they are to stand: "Moothall", "WHO", "Global Digital Compact".
    """
    if not shouted(text):
        return text
    as_written = {name.lower(): name for name in names if name.strip()}
    pronoun = _PRONOUN.get(primary(language))

    def word(match: re.Match[str]) -> str:
        small = match[0].lower()
        before = text[: match.start()].rstrip(OPENING)
        begins = not before or before[-1] in SENTENCE_END
        own = pronoun is not None and re.split("['’]", small)[0] == pronoun  # noqa: RUF001
        return small[0].upper() + small[1:] if begins or own else small

    small = _WORD.sub(word, text)
    if not as_written:
        return small
    either = "|".join(re.escape(name) for name in sorted(as_written, key=lambda name: (-len(name), name)))
    named = re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)
    return named.sub(lambda match: as_written.get(match[0].lower(), match[0]), small)


MOST = 24
"""Words of one text that are protected: a text that is made of them says nothing to an engine."""


MARK = re.compile(r"XQ(\d{1,3})X", re.IGNORECASE)
"""What stands in a place."""
OTHER_MARK = re.compile(r"XQZ(\d{1,3})(?!\d)", re.IGNORECASE)
"""Used when the first was lost: it came through the two of 178 sentences in which that happened."""
NUMBER = " {number}"
"""End of a term that holds only where a number follows; the number stays in the text."""
QUESTION = "?"
"""End of a term that holds only where the question ends; its mark stays in the text."""
ALONE = " {alone}"
"""End of a term that holds only where it is a sentence by itself; the mark at its end stays in the text."""
_NUMBER_WORDS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety "
    "uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete "
    "dieciocho diecinueve veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa "
    "um uma dois duas três quatro sete oito nove dez onze doze treze catorze quatorze quinze dezesseis dezasseis "
    "dezessete dezassete dezoito dezenove dezanove vinte trinta quarenta cinquenta sessenta oitenta "
    "un une deux trois quatre cinq sept huit neuf dix douze treize quatorze seize vingt trente quarante cinquante "
    "soixante"
)
"""English, Spanish, Portuguese, French: the first word of a number is enough."""
_AHEAD = {
    NUMBER: re.compile(rf"\s+(?:\d|(?:{'|'.join(_NUMBER_WORDS.split())})(?!\w))", re.IGNORECASE),
    QUESTION: re.compile(r"\s*[?？؟]"),  # noqa: RUF001
    ALONE: re.compile(r"\s*(?:[.!…。！](?!\s*\d)|\Z)"),  # noqa: RUF001  # as they are written
}
"""What has to follow."""
_APOSTROPHES = str.maketrans("’ʼ", "''")  # noqa: RUF001  # as they are written
_LETTER = r"[^\W\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]"
"""A letter or digit of a script that has spaces between words: next to one a word isn't whole."""


class Protected(msgspec.Struct, frozen=True, kw_only=True):
    """A text that is ready to be translated, and what is to be put in again."""

    text: str
    put_in: tuple[str, ...]
    """What stands in the translation for the first, the second, ... place."""


class Search(NamedTuple):
    """How terms are looked for: made once for all texts, since a table of formulas has some hundreds of them."""

    pattern: re.Pattern[str] | None
    """None where there are none."""
    wanted: Mapping[str, Mapping[str, str]]
    """The spoken wording, in plain letters → the condition → the wording of the translation."""
    staying: Mapping[str, str]
    """As it is said, with what has to hold → the word that stays."""


def search_for(terms: Mapping[str, str], staying: Mapping[str, str] | None = None) -> Search:
    """Look for `terms`: words as they are said, and what is to stand for them in the translation.

    Whole words count, case and the form of apostrophes don't; where two begin at the same word the longer one does. Of
    one that ends with NUMBER, QUESTION or ALONE only what stands before is taken out, where that holds. `staying`:
    words that stay behind a term in small letters.
    """
    stays_behind = {_plain(term): word for term, word in (staying or {}).items()}
    wanted: dict[str, dict[str, str]] = {}
    for term, written in terms.items():
        begin, ahead = parted(_plain(term))
        if begin.strip():
            wanted.setdefault(begin, {})[ahead] = parted(written)[0]
    if not wanted:
        return Search(None, wanted, stays_behind)
    either = [(begin, ahead) for begin, choices in wanted.items() for ahead in choices]
    longest_first = sorted(either, key=lambda each: (-len("".join(each)), each))
    pattern = "|".join(f"{_either_apostrophe(begin)}{_only_before(ahead)}" for begin, ahead in longest_first)
    whole_words = rf"(?<!{_LETTER})(?:{pattern})(?!{_LETTER})"
    return Search(re.compile(whole_words, re.IGNORECASE), wanted, stays_behind)


def protect(text: str, search: Search) -> Protected:
    """Take out what is looked for, MOST times at most."""
    if search.pattern is None or MARK.search(text):
        return Protected(text=text, put_in=())
    put_in: list[str] = []

    def take(match: re.Match[str]) -> str:
        choices = search.wanted.get(_plain(match[0]), {})
        fitting = [ahead for ahead in (*_AHEAD, "") if ahead in choices and _holds(ahead, text, match)]
        if not fitting or len(put_in) == MOST:
            return match[0]
        put_in.append(choices[fitting[0]])
        stays = search.staying.get(f"{_plain(match[0])}{fitting[0]}")
        return _mark(len(put_in)) if stays is None else f"{_mark(len(put_in))} {stays}"

    taken = search.pattern.sub(take, text)
    return Protected(text=taken, put_in=tuple(put_in))


def marked_otherwise(text: str) -> str:
    """The text with the other marks in place of the first."""
    return MARK.sub(r"Xqz\1", text)


def marked_as_first(text: str) -> str:
    """The text with the first marks again."""
    return OTHER_MARK.sub(r"XQ\1X", text)


def parted(term: str) -> tuple[str, str]:
    """What is taken out of a text, and on what condition: NUMBER, QUESTION, ALONE or nothing."""
    ahead = next((end for end in _AHEAD if term.endswith(end)), "")
    return term.removesuffix(ahead), ahead


def restore(translated: str, put_in: Sequence[str]) -> str | None:
    """The translation with all of it in its place; None where a place is missing or is there more than once.

    At the beginning of a sentence it gets a capital.
    """
    found = [int(match[1]) for match in MARK.finditer(translated)]
    if sorted(found) != list(range(1, len(put_in) + 1)):
        return None

    def put(match: re.Match[str]) -> str:
        written = put_in[int(match[1]) - 1]
        before = translated[: match.start()].rstrip(OPENING)
        return written if before and before[-1] not in SENTENCE_END else _capital(written)

    return MARK.sub(put, translated)


def _capital(text: str) -> str:
    """With the first letter as a capital: `¿alguien` → `¿Alguien`. A word with a capital stays: `eGov`."""
    if any(map(str.isupper, text.partition(" ")[0])):
        return text
    at = next((place for place, char in enumerate(text) if char.isalpha()), None)
    return text if at is None else f"{text[:at]}{text[at].upper()}{text[at + 1 :]}"


def _plain(text: str) -> str:
    return text.lower().translate(_APOSTROPHES)


def _either_apostrophe(term: str) -> str:
    return re.escape(term).replace("'", "['’ʼ]")  # noqa: RUF001  # as they are written


def _holds(ahead: str, text: str, match: re.Match[str]) -> bool:
    if ahead and _AHEAD[ahead].match(text, match.end()) is None:
        return False
    before = text[: match.start()].rstrip(OPENING)
    return ahead != ALONE or not before or before[-1] in SENTENCE_END


def _only_before(ahead: str) -> str:
    return f"(?={_AHEAD[ahead].pattern})" if ahead else ""


def _mark(number: int) -> str:
    return f"XQ{number}X"
