"""Joins words at the seams between a translation and the terms that were inserted into it.

`doy la palabra a` and `el delegado` give `al delegado`. An engine doesn't know which term a placeholder stands for, and
often takes it for a masculine noun. So the engine's article gives way to that of the term: `do` and `a moção` give `da
moção`.
"""

# ruff: noqa: RUF001  # letters and marks of other scripts are meant as such

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from typing import NamedTuple

from moothall.core.kernel.languages import WRITTEN_TOGETHER, primary

JOIN = "\ue010"
"""Marks both ends of an inserted term: a character of the private use area, which no text contains."""
_BETWEEN = rf"(?=[ {JOIN}]*{JOIN})[ {JOIN}]+"


class _Articles(NamedTuple):
    before: dict[str, str]
    """What gives way before the seam, with the preposition that it contains; empty for an article."""
    behind: tuple[str, ...]
    """Words after the seam that stay: articles, and words in an article's position."""
    one: dict[tuple[str, str], str]
    """A preposition and an article → the one word that they become."""
    definite: frozenset[str]
    """The words of `before` that are or contain a definite article, and are nothing else besides."""


def _contractions(articles: tuple[str, ...], prepositions: dict[str, tuple[str, ...]]) -> dict[tuple[str, str], str]:
    pairs = (
        itertools.product([preposition], zip(articles, whole, strict=True))
        for preposition, whole in prepositions.items()
    )
    return {(preposition, article): whole for preposition, (article, whole) in itertools.chain.from_iterable(pairs)}


def _articles(
    definite: tuple[str, ...], indefinite: tuple[str, ...], possessive: tuple[str, ...], one: dict[tuple[str, str], str]
) -> _Articles:
    before = dict.fromkeys((*definite, *indefinite), "")
    before |= {whole: preposition for (preposition, _), whole in one.items()}
    before |= {preposition: preposition for preposition, _ in one}
    before |= {f"{preposition} {article}": preposition for preposition, _ in one for article in definite}
    sure = {*definite, *one.values()} - {preposition for preposition, _ in one}
    return _Articles(before, (*definite, *indefinite, *possessive), one, frozenset(sure))


_LANGUAGES = {
    "en": _articles(("the",), ("a", "an"), ("its", "their", "your"), {}),
    "es": _articles(("el", "la", "los", "las"), ("un", "una"), ("su", "sus"), {("a", "el"): "al", ("de", "el"): "del"}),
    "fr": _articles(
        ("le", "la", "les", "l'"),
        ("un", "une"),
        ("son", "sa", "ses", "leur", "leurs"),
        {("à", "le"): "au", ("à", "les"): "aux", ("de", "le"): "du", ("de", "les"): "des"},
    ),
    "pt": _articles(
        ("o", "a", "os", "as"),
        ("um", "uma"),
        (),
        _contractions(
            ("o", "a", "os", "as"),
            {
                "a": ("ao", "à", "aos", "às"),
                "de": ("do", "da", "dos", "das"),
                "em": ("no", "na", "nos", "nas"),
                "por": ("pelo", "pela", "pelos", "pelas"),
            },
        ),
    ),
}


def _meeting(articles: _Articles) -> re.Pattern[str]:
    before, begins = _either(articles.before), _either(map(str.capitalize, articles.before))
    whole = _either(each for each in articles.behind if not each.endswith("'"))
    elided = "".join(f"|{_either([each])}" for each in articles.behind if each.endswith("'"))
    # Except at the beginning of a text only lower-case words match, so that "Plan A" and "El Salvador" are never
    # joined.
    behind = rf"(?:{whole})(?![\w'’-]){elided}"
    return re.compile(rf"(?:(?<![\w'’-])({before})|\A({begins})){_BETWEEN}({behind})")


def _either(words: Iterable[str]) -> str:
    """A pattern of any of the words, with either form of apostrophe."""
    return "|".join(words).replace("'", "['’]")


def _twice(articles: _Articles) -> re.Pattern[str]:
    """A preposition at the end of a term before the same one, by itself or with an article, at a seam."""
    again = [
        (
            preposition,
            "|".join(
                [
                    *({preposition} - {*articles.behind}),
                    *(whole for (one, _), whole in articles.one.items() if one == preposition),
                ]
            ),
        )
        for preposition in {"to", "of", "por", "para", "sur", *(preposition for preposition, _ in articles.one)}
    ]
    either = "|".join(rf"{one}(?={JOIN}[ {JOIN}]+(?:{whole})(?!\w))" for one, whole in sorted(again))
    return re.compile(rf"(?<=[ ])(?:{either}){JOIN} ")


def _definite(articles: _Articles) -> re.Pattern[str]:
    ends = (each if each.endswith("'") else rf"{each}\s+" for each in sorted(articles.definite))
    return re.compile(rf"(?<![\w'’-])(?:{_either(ends)})\Z", re.IGNORECASE)


_PATTERNS = {tag: _meeting(articles) for tag, articles in _LANGUAGES.items()}
"""For each language, the pattern of two words at a seam."""
_DEFINITE = {tag: _definite(articles) for tag, articles in _LANGUAGES.items()}
"""For each language, the pattern of a definite article at the end of a text."""
_TWICE = {tag: _twice(articles) for tag, articles in _LANGUAGES.items()}
"""For each language, the pattern of a preposition that the form has and the engine wrote again: Russian and Arabic say
*to* by a case or a letter of the next word (слово предоставляется делегату), so it stays in the text.
"""
_ELIDED = re.compile(rf"(?<!\w)(?:(d|qu|l)[ea]|(du)|(au)|(ce)){_BETWEEN}(?=[aeiouâàéèêîôûœ])(?!onz|oui)", re.IGNORECASE)
"""French `de`, `que`, `le`, `la`, `du`, `au` and `ce` before a vowel."""
_ARABIC = re.compile(
    rf"(?<!\w)([وف]?[بكل]?)(?:ال|(?<=ل)ل)?\u0640*(?=[ {JOIN}]*{JOIN})[ {JOIN}]+(?=[\u0620-\u064a])(ال)?"
)
"""Arabic particles, or an article, at a seam: both are joined to the next word, and a form brings its own article."""
_RUSSIAN = re.compile(rf"(?<![\w-])(об?|во?|со?|ко?)({_BETWEEN})(?=(\w+))", re.IGNORECASE)
"""Russian prepositions that have another form before some sounds, at a seam."""
_CONSONANT = "[бвгджзклмнпрстфхцчшщ]"
_LONGER = {
    "о": ("об", re.compile("[аоуэи]", re.IGNORECASE)),
    "в": ("во", re.compile(f"[вф]{_CONSONANT}", re.IGNORECASE)),
    "с": ("со", re.compile(f"[сзшж]{_CONSONANT}|вс", re.IGNORECASE)),
    "к": ("ко", re.compile("вс|мн", re.IGNORECASE)),
}
"""For each of them its other form, and how the words before which it stands begin (во Всемирном банке)."""
_TOGETHER = re.compile(rf"(.?)(?=[ {JOIN}]*{JOIN})[ {JOIN}]+(?=(.?))", re.DOTALL)
_APART = re.compile(
    rf"(?<=\w){JOIN}(?={JOIN}|[\d\u3040-\u30ff\u3400-\u9fff])|(?<=[\d\u3040-\u30ff\u3400-\u9fff]){JOIN}(?=\w)"
)
"""Where no space is between two terms, or to a number or a word that an engine left, since the original has none."""
_HAN = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef\U00020000-\U0003ffff]")
_INDEFINITE = re.compile(
    rf"(?<!\w)(a)n?({_BETWEEN})(?:(?=(?P<vowel>[aei]|o(?!n[ec])))|(?=[bcdfgjklmnpqrstvwxyz]))(?!eu)", re.IGNORECASE
)
"""The English indefinite article before a letter with which it is certain whether the article is `a` or `an`."""


def joined(text: str, language: str) -> str:
    """The text without JOIN; words at each seam are joined by the rules of the language (BCP-47)."""
    tag = primary(language)
    found = _LANGUAGES.get(tag)
    if found is not None:
        text = _TWICE[tag].sub("", text)
        text = _PATTERNS[tag].sub(lambda match: _as_one(found, match), text)
    if tag == "en":
        text = _INDEFINITE.sub(lambda match: f"{match[1]}{'n' if match['vowel'] else ''}{match[2]}", text)
    if tag == "fr":
        text = _ELIDED.sub(_elided, text)
    if tag == "ru":
        text = _RUSSIAN.sub(_easily_said, text)
    if tag == "ar":
        text = text.replace(f"إلى{JOIN} إلى ", f"إلى{JOIN} ")
        text = _ARABIC.sub(_as_one_word, text)
    text = _TOGETHER.sub(_without_space, text) if tag in WRITTEN_TOGETHER else _APART.sub(" ", text)
    return text.replace(JOIN, "")


def _as_one_word(match: re.Match[str]) -> str:
    particles, article = match[1], match[2] or ""
    if not particles and match[0][0] in f" {JOIN}":
        return match[0]  # Nothing but the seam.
    if article and particles.endswith("ل"):
        # ل and الاقتراح are written للاقتراح, but no three in a row: ل and اللجنة are للجنة.
        return particles if match.string[match.end() : match.end() + 1] == "ل" else f"{particles}ل"
    return f"{particles}{article}"


def _elided(match: re.Match[str]) -> str:
    if match[1]:
        return f"{match[1]}'"
    word = match[2] or match[3]
    if not word:
        return f"{match[4]}t{match[0][2:]}"
    # du and Union are de l'Union, au and Union à l'Union.
    begin = "de l'" if match[2] else "à l'"
    return begin.capitalize() if word[0].isupper() else begin


def _easily_said(match: re.Match[str]) -> str:
    short = match[1][0].lower()
    longer, begins = _LONGER[short]
    return f"{match[1][0]}{(longer if begins.match(match[3]) else short)[1:]}{match[2]}"


def _without_space(match: re.Match[str]) -> str:
    before, behind = match[1], match[2]
    apart = " " in match[0][1:] and not _HAN.match(before) and not _HAN.match(behind)
    return f"{before} " if apart else before


def has_article(before: str, language: str) -> bool:
    """Whether the words before a place end with a definite article, by itself or in one word with a preposition."""
    pattern = _DEFINITE.get(primary(language))
    return pattern is not None and pattern.search(before) is not None


def parted_words(term: str, language: str) -> dict[str, str]:
    """Variants of a term that ends with a preposition: the term with each article that the language contracts with it →
    the article.

    `doy la palabra a` → `{"doy la palabra al": "el"}`.
    """
    found = _LANGUAGES.get(primary(language))
    begin, _, last = term.rpartition(" ")
    if found is None or not begin:
        return {}
    return {f"{begin} {whole}": article for (preposition, article), whole in found.one.items() if preposition == last}


def _as_one(articles: _Articles, match: re.Match[str]) -> str:
    word = (match[1] or match[2].lower()).replace("’", "'")
    preposition, article = articles.before[word], match[3]
    one = articles.one.get((preposition, article)) or " ".join(filter(None, (preposition, article)))
    return one.capitalize() if match[2] else one
