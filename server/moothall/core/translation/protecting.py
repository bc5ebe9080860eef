"""Prepares a text for an engine: text in capitals gets normal case, and terms that must not be translated, or have a
fixed translation, are replaced by placeholders.

Engines copy words in capitals instead of translating them. Each protected term is replaced by a placeholder before the
engine and inserted again afterwards. Of eleven forms of placeholders that were tried, those like `XQ1X` survived all
engines (`docs/why/translation.md`). The result is checked all the same: if a placeholder is missing or doubled, the
text is translated again with placeholders of another form, and if these fail too, without protection.
"""

# ruff: noqa: RUF001  # letters and marks of other scripts are meant as such

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import msgspec

from moothall.core.kernel.languages import primary

SHOUTED = 0.7
"""The share of capitals among the letters from which on a text counts as written in capitals."""
LETTERS = 8
"""The least number of letters for that: "OK, UN" is no text in capitals."""
SENTENCE_END = ".?!…:。？！：؟"
OPENING = " \t\n\"'“”«»¿¡([「『（《"
"""Characters that may come between the end of a sentence and the first letter of the next."""
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_PRONOUN = {"en": "i"}


def shouted(text: str) -> bool:
    """Whether a text is written in capitals. A text in a script without capitals never is."""
    upper = sum(char.isupper() for char in text)
    lower = sum(char.islower() for char in text)
    return upper + lower >= LETTERS and upper >= SHOUTED * (upper + lower)


def calmed(text: str, language: str, names: Collection[str] = ()) -> str:
    """A text in capitals with capitals only at the beginnings of sentences and in `names`; any other text unchanged.

    `names` have their normal spelling: "Moothall", "WHO", "Global Digital Compact".
    """
    if not shouted(text):
        return text
    as_written = {name.lower(): name for name in names if name.strip()}
    pronoun = _PRONOUN.get(primary(language))

    def word(match: re.Match[str]) -> str:
        small = match[0].lower()
        before = text[: match.start()].rstrip(OPENING)
        begins = not before or before[-1] in SENTENCE_END
        own = pronoun is not None and re.split("['’]", small)[0] == pronoun
        return small[0].upper() + small[1:] if begins or own else small

    small = _WORD.sub(word, text)
    if not as_written:
        return small
    either = "|".join(re.escape(name) for name in sorted(as_written, key=lambda name: (-len(name), name)))
    named = re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)
    return named.sub(lambda match: as_written.get(match[0].lower(), match[0]), small)


MOST = 24
"""Terms of one text that are protected: a text of placeholders alone makes no sense to an engine."""


MARK = re.compile(r"XQ(\d{1,3})X", re.IGNORECASE)
"""The placeholder of a protected term, with its number."""
OTHER_MARK = re.compile(r"XQZ(\d{1,3})(?!\d)", re.IGNORECASE)
"""The placeholder of the second attempt. Of 178 sentences the first form was lost in two; this form survived
in both.
"""
NUMBER = " {number}"
"""Ending of a term that counts only before a number; the number stays in the text."""
QUESTION = "?"
"""Ending of a term that counts only at the end of a question; the question mark stays in the text. It may
be written ？ or ؟.
"""
ALONE = " {alone}"
"""Ending of a term that counts only as a sentence by itself; the punctuation mark stays in the text."""
_NUMBER_WORDS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety "
    "uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete "
    "dieciocho diecinueve veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa "
    "um uma dois duas três quatro sete oito nove dez onze doze treze catorze quatorze quinze dezesseis dezasseis "
    "dezessete dezassete dezoito dezenove dezanove vinte trinta quarenta cinquenta sessenta oitenta "
    "un une deux trois quatre cinq sept huit neuf dix douze treize quatorze seize vingt trente quarante cinquante "
    "soixante "
    "один одна одно одну одним одной два две двух двумя три трёх трех тремя четыре четырёх четырех четырьмя пять пяти "
    "пятью шесть шести шестью семь семи семью восемь восьми восемью девять девяти девятью десять десяти десятью "
    "одиннадцать двенадцать тринадцать четырнадцать пятнадцать шестнадцать семнадцать восемнадцать девятнадцать "
    "двадцать двадцати двадцатью тридцать тридцати тридцатью сорок сорока пятьдесят шестьдесят семьдесят восемьдесят "
    "девяносто сто "
    "واحد واحدة صوت صوتان صوتين اثنان اثنين اثنتان اثنتين دقيقة دقيقتان دقيقتين ثلاث ثلاثة أربع أربعة خمس خمسة "
    "ست ستة سبع سبعة ثمان ثماني ثمانية تسع تسعة عشر عشرة أحد إحدى اثنا اثني اثنتا اثنتي عشرون عشرين ثلاثون ثلاثين "
    "أربعون أربعين خمسون خمسين ستون ستين سبعون سبعين ثمانون ثمانين تسعون تسعين مائة مئة"
)
"""English, Spanish, Portuguese, French, Russian in the cases that forms ask for, Arabic; the first word of a number is
enough to find it. Arabic says one and two by the noun alone (صوتين, two votes).
"""
_NOTHING = "(?!)"
"""A pattern that matches nothing."""
_MEASURES = "票比对對分秒个個小点點天人位次年月日时時项項条條段名国國"
_CHINESE_NUMBER = rf"[〇零一二两兩三四五六七八九十百千万萬]+(?:[{_MEASURES}]|[\s，。,.]|\Z)"
"""A Chinese number: the measure word, or the end, tells 一票 (one vote) from 一致 (unanimous)."""


def _number(words: Collection[str]) -> str:
    return rf"\s*(?:\d|{_CHINESE_NUMBER})|\s+(?:{'|'.join(words) or _NOTHING})(?!\w)"


_AHEAD = {
    NUMBER: _number(_NUMBER_WORDS.split()),
    QUESTION: r"\s*[?？؟]",
    ALONE: r"\s*(?:[.!…。！](?!\s*\d)|\Z)",
}
"""What has to follow a term with each of these endings, as a pattern: it is compiled when a text first has one."""
_VOWELS = "\u0640\u064b-\u065f\u0670"
"""Arabic signs that are written or left out: the stretching of a line, vowels, a hamza of its own."""
_SAME = {"'": "['’ʼ]", "е": "[её]", "ا": "[اأإآٱ]"}
"""What is written in several ways → all of them, for the search."""
_AS_ONE = str.maketrans("’ʼёأإآٱ", "''еاااا", "\u0640\u0670" + "".join(map(chr, range(0x64B, 0x660))))
_PARTICLES = (
    rf"(?:(?P<joined>[وفبكل][{_VOWELS}]*+|[وف][{_VOWELS}]*+[بكل][{_VOWELS}]*+)"
    rf"(?=[\w{_VOWELS}]{{4}}|[^\u0600-\u06ff]))??"
)
"""What Arabic joins to the next word (and, so, with, like, to), tried last. Before less than four letters it is more
often the first letter of a word.
"""
_TOGETHER = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]")
"""A letter of a script without spaces between words."""
_ARTICLE = "ال"
"""The Arabic article, of which ل alone is written behind ل."""
_JOINING = "لـ"
"""Ending of an Arabic term that is joined to the next word."""
_TO_THE = r"(?:ل(?!بنان|يبيا|يبيري|اتفيا|يتوانيا|كسمبرغ|يسوتو|يختنشتاين|جن))?(?=[\u0620-\u064a])"
"""What follows such a term: ل and الممثل are written للممثل. Countries with ل, and لجنة (committee), stay whole."""


class Protected(msgspec.Struct, frozen=True, kw_only=True):
    """A text that is ready to be translated, with the terms that are inserted afterwards."""

    text: str
    put_in: tuple[str, ...]
    """The terms for the placeholders, in the order of their numbers from 1."""


class Search(NamedTuple):
    """The search for terms, built once for all texts. For each text a pattern is compiled of the terms that it may
    have: one of all formulas takes 0.1 s for each pair of languages, in which the server answers nobody.
    """

    wanted: Mapping[str, Mapping[str, str]]
    """Term as it is said, in lower case and with plain apostrophes → condition (NUMBER, QUESTION, ALONE or empty) →
    translation.
    """
    staying: Mapping[str, str]
    """Term as it is said, with its condition → the word that stays in the text after the placeholder."""
    longest_first: tuple[tuple[str, str], ...] = ()
    """Each term with each of its conditions."""
    joining: frozenset[str] = frozenset()
    """Terms that are joined to the next word."""

    def pattern(self, text: str) -> re.Pattern[str] | None:
        """The pattern that finds the terms of a text; None when it has none."""
        plain = _plain(text)
        there = [each for each in self.longest_first if each[0].removeprefix(_ARTICLE) in plain]
        if not there:
            return None
        conditions = {ahead: _only_before(ahead, text.lower()) for ahead in {ahead for _, ahead in there}}
        apart, joined = (
            "|".join(
                f"{_however_written(begin)}{conditions[ahead]}"
                for begin, ahead in there
                if (begin in self.joining) is is_joining
            )
            for is_joining in (False, True)
        )
        begins, ends = _borders(text)
        whole_words = rf"{begins}{_PARTICLES}(?:(?:{apart or _NOTHING}){ends}|(?:{joined or _NOTHING}){_TO_THE})"
        return re.compile(whole_words, re.IGNORECASE)


def search_for(terms: Mapping[str, str], staying: Mapping[str, str] | None = None) -> Search:
    """The search for `terms`: wordings in the source language → wordings in the translation.

    Only whole words match; case, the form of apostrophes and what Russian and Arabic leave out (ё, vowels, the hamza)
    don't matter. Terms are found behind Arabic particles that are joined to them. Of two terms that begin at the same
    word the longer one matches. Of a term that ends with NUMBER, QUESTION or ALONE only the part before that is
    replaced, where the condition holds. `staying`: term → the word, in lower case, that stays in the text after it.
    """
    wanted: dict[str, dict[str, str]] = {}
    for term, written in terms.items():
        begin, ahead = parted(_plain(term))
        if begin.strip():
            wanted.setdefault(begin, {}).setdefault(ahead, parted(written)[0])
    either = [(begin, ahead) for begin, choices in wanted.items() for ahead in choices]
    return Search(
        wanted,
        {_plain(term): word for term, word in (staying or {}).items()},
        tuple(sorted(either, key=lambda each: (-len("".join(each)), each))),
        frozenset(_plain(term) for term in terms if term.endswith(_JOINING)),
    )


def protect(text: str, search: Search) -> Protected:
    """Replace the terms that the search finds by placeholders, at most `MOST` of them."""
    pattern = None if MARK.search(text) else search.pattern(text)
    if pattern is None:
        return Protected(text=text, put_in=())
    put_in: list[str] = []

    def take(match: re.Match[str]) -> str:
        joined = match["joined"] or ""
        said = _plain(match[0].removeprefix(joined))
        # To an article: ل and الاقتراح are written للاقتراح, ل and اللجنة are written للجنة.
        whole = (said, f"ا{said}", f"ال{said}") if joined else (said,)
        said = next((each for each in whole if each in search.wanted), said)
        article = said not in search.wanted and said.endswith("لل")
        said = said[:-1] if article else said
        choices = search.wanted.get(said, {})
        fitting = [ahead for ahead in (*_AHEAD, "") if ahead in choices and _holds(ahead, text, match)]
        if not fitting or len(put_in) == MOST:
            return match[0]
        put_in.append(choices[fitting[0]])
        stays = search.staying.get(f"{said}{fitting[0]}")
        if "\u0620" <= text[match.end() : match.end() + 1] <= "\u064a":
            # Only a form that is joined to the next word ends before a letter, as in لممثل and للممثل.
            return f"{joined} {_mark(len(put_in))} {'ال' if article else ''}".lstrip()
        return " ".join(filter(None, (joined, _mark(len(put_in)), stays)))

    taken = pattern.sub(take, text)
    return Protected(text=taken, put_in=tuple(put_in))


def marked_otherwise(text: str) -> str:
    """The text with placeholders of the second form in place of the first."""
    return MARK.sub(r"Xqz\1", text)


def marked_as_first(text: str) -> str:
    """The text with placeholders of the first form in place of the second."""
    return OTHER_MARK.sub(r"XQ\1X", text)


def parted(term: str) -> tuple[str, str]:
    """The part of a term that is replaced, and its condition: NUMBER, QUESTION, ALONE or empty."""
    if term.endswith(("？", "؟")):
        return term[:-1], QUESTION
    ahead = next((end for end in _AHEAD if term.endswith(end)), "")
    return term.removesuffix(ahead), ahead


def restore(translated: str, put_in: Sequence[str]) -> str | None:
    """The translation with all terms inserted; None when a placeholder is missing, or is there more than once.

    At the beginning of a sentence the term gets a capital.
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
    """The text with a capital as its first letter: `¿alguien` → `¿Alguien`. A first word that has a capital stays:
    `eGov`.
    """
    if any(map(str.isupper, text.partition(" ")[0])):
        return text
    at = next((index for index, char in enumerate(text) if char.isalpha()), None)
    return text if at is None else f"{text[:at]}{text[at].upper()}{text[at + 1 :]}"


def _plain(text: str) -> str:
    return text.lower().translate(_AS_ONE)


def _however_written(term: str) -> str:
    def sign(each: str) -> str:
        one = _SAME.get(each, re.escape(each))
        return f"{one}[{_VOWELS}]*+" if "\u0620" <= each <= "\u06ff" else one

    if not term.startswith(_ARTICLE):
        return "".join(map(sign, term))
    written = "".join(map(sign, term.removeprefix(_ARTICLE)))
    again = "?" if term.startswith("الل") else ""
    return f"(?:{sign('ا')}{sign('ل')}|(?<=ل)(?:{sign('ل')}){again}){written}"


def _holds(ahead: str, text: str, match: re.Match[str]) -> bool:
    if ahead and re.compile(_AHEAD[ahead], re.IGNORECASE).match(text, match.end()) is None:
        return False
    before = text[: match.start()].rstrip(OPENING)
    return ahead != ALONE or not before or before[-1] in SENTENCE_END


def _only_before(ahead: str, text: str) -> str:
    """The pattern of a condition, with those words for numbers that the text has: all of them take 4 ms to compile."""
    if ahead == NUMBER:
        return f"(?={_number([word for word in _NUMBER_WORDS.split() if word in text])})"
    return f"(?={_AHEAD[ahead]})" if ahead else ""


def _borders(text: str) -> tuple[str, str]:
    """The patterns of where a whole word of the text begins and ends. Next to a letter or digit of a script with spaces
    between words there is no border. They name the letters of other scripts that the text has: patterns of all such
    letters take 5 ms to compile.
    """
    together = "".join(sorted(set(_TOGETHER.findall(text))))
    letter, own = rf"[^\W{together}]", f"[{together}]" if together else _NOTHING
    return rf"(?:(?<!{letter})(?<![{_VOWELS}])|(?={own}))", rf"(?:(?!{letter})|(?<={own}))"


def _mark(number: int) -> str:
    return f"XQ{number}X"
