"""Joins the tokens of a transducer or CTC model into words with times and probabilities."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence

import msgspec

from moothall_models.ports import HeardWord

SOUNDED = 240
"""How long a word's last token sounds at most, ms, when no other word begins before: models give beginnings only."""
UNKNOWN_P = 0.65
"""Probability of a word for which the model gives none: below what commits a word that only one pass has heard."""
SHORTEST = 1
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")
_APART = ("CJK", "IDEOGRAPHIC", "FULLWIDTH", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")
"""Scripts that are written without spaces between words, as Unicode names of letters begin; each token is a word."""


class HeardToken(msgspec.Struct, frozen=True):
    """A token as the model gave it."""

    text: str
    """With a leading space or `▁` where a word begins, in scripts with spaces."""
    t: int
    """When it was heard, ms after the first sample."""
    logprob: float | None
    """Natural logarithm of its probability; None when the model doesn't tell."""


def words_of(
    tokens: Sequence[HeardToken], heard: int, *, after: int = 0, lower: bool = False
) -> list[tuple[HeardWord, int]]:
    """The words of some tokens, each with the number of tokens up to its end.

    Times fit `ports.StreamHypothesis`: in order, within the `heard` ms of sound, and none before `after`. With `lower`
    the text is written in small letters.
    """
    groups = _groups(tokens) if tokens else []
    spans: list[tuple[int, int]] = []
    for number, (first, stop) in enumerate(groups):
        follows = tokens[groups[number + 1][0]].t if number + 1 < len(groups) else heard
        t0 = max(spans[-1][1] if spans else after, tokens[first].t)
        spans.append((t0, max(t0 + SHORTEST, min(follows, tokens[stop - 1].t + SOUNDED))))
    limit = heard  # Some tokens are given only in the silence behind the sound.
    for number in reversed(range(len(spans))):
        t1 = min(spans[number][1], limit)
        limit = max(after, min(spans[number][0], t1 - SHORTEST))
        spans[number] = (limit, max(limit, t1))
    return [
        (HeardWord(_text(tokens[first:stop], lower=lower), t0, t1, _probability(tokens[first:stop])), stop)
        for (first, stop), (t0, t1) in zip(groups, spans, strict=True)
    ]


def only_capitals(vocabulary: Iterable[str]) -> bool:
    """Whether a model writes capital letters only, so that its text is better written in small ones."""
    letters = "".join(_BYTE.sub("", token) for token in vocabulary if not token.startswith("<"))
    return any(map(str.isupper, letters)) and not any(map(str.islower, letters))


def _groups(tokens: Sequence[HeardToken]) -> list[tuple[int, int]]:
    """The first token of each word, and the one after its last."""
    begins = [at for at in range(len(tokens)) if at == 0 or _begins(tokens[at - 1].text, tokens[at].text)]
    return [(first, stop) for first, stop in zip(begins, [*begins[1:], len(tokens)], strict=True)]


def _begins(before: str, text: str) -> bool:
    """Whether a token begins a word behind another token."""
    inside = text.lstrip(" ▁")
    if inside and not any(map(str.isalnum, inside)) and not _BYTE.match(inside):
        return False  # punctuation
    return text[:1] in (" ", "▁") or _apart(inside[:1]) or _apart(before[-1:])


def _apart(letter: str) -> bool:
    return bool(letter) and unicodedata.name(letter, "").startswith(_APART)


def _text(tokens: Sequence[HeardToken], *, lower: bool) -> str:
    joined = "".join(token.text for token in tokens).replace("▁", " ").strip()
    pieces = re.split(r"((?:<0x[0-9A-F]{2}>)+)", joined)
    text = "".join(
        bytes(int(code, 16) for code in _BYTE.findall(piece)).decode("utf-8", "replace") if number % 2 else piece
        for number, piece in enumerate(pieces)
    )
    text = text.lower() if lower else text
    return text if _apart(text[:1]) else f" {text}"


def _probability(tokens: Sequence[HeardToken]) -> float:
    """The geometric mean over the tokens of a word."""
    known = [token.logprob for token in tokens if token.logprob is not None]
    if not known:
        return UNKNOWN_P
    return max(1e-6, min(1.0, math.exp(sum(known) / len(known))))
