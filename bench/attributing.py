"""Whose errors a text holds: aligns it with its reference, and gives each error to the utterance where it was made.

The whole text is aligned with the whole reference, as the scorer does it, and errors are counted by utterance only
then, so that words which a line took from its neighbour aren't counted twice.
"""

from __future__ import annotations

import importlib.util
import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

SHORT = 6
"""Most words of a short utterance."""
LITTLE = frozenset(
    # A list of strings would take seventy lines.
    "a an and are as at be been but by can could did do for from had has have he her him his i if in is it its me my of"  # noqa: SIM905
    " on or our shall she should so than that the their them then there they this to us was we were will with would"
    " you your".split()
)
"""English words that are rarely stressed."""
ROUNDING = 1e-11
"""Difference of two prices of thousands of words that is rounding."""


class Token(NamedTuple):
    """A normalised word of a text."""

    text: str
    t: float
    """Seconds: the middle of its span in the text."""
    segment: str
    language: str = "en"


class Fault(NamedTuple):
    """An error: a word of the reference without its like, a word that nobody said, or one for the other."""

    utterance: int
    ref: int | None
    """Index of the reference's word; None for a word that was added."""
    hyp: int | None
    """Index of the text's word; None for a word that is missing."""
    segment: str
    """The segment of the text's word, or of the word before one that is missing; empty before the first."""


class Reference(NamedTuple):
    """A reference by words."""

    lines: list[dict[str, Any]]
    words: list[str]
    owners: list[int]
    """The utterance of each word."""
    middles: list[float]
    others: tuple[frozenset[str], ...] = ()
    """What counts as each word besides, such as the other form of a Chinese character; empty for nothing."""

    def is_heard(self, index: int, text: str) -> bool:
        """Return whether `text` counts as word `index`."""
        return text == self.words[index] or bool(self.others and text in self.others[index])


class Heard(NamedTuple):
    """A text, and its errors by a reference."""

    tokens: list[Token]
    faults: list[Fault]

    def by_utterance(self, count: int) -> list[int]:
        """Return the number of errors in each of `count` utterances."""
        errors = [0] * count
        for fault in self.faults:
            errors[fault.utterance] += 1
        return errors

    def by_segment(self) -> dict[str, int]:
        """Return the number of errors in each segment."""
        errors: dict[str, int] = {}
        for fault in self.faults:
            errors[fault.segment] = errors.get(fault.segment, 0) + 1
        return errors


def load_scorer(path: Path) -> Any:
    """Load the scorer as a module, for its normalisation of words."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        msg = f"{path} can't be loaded as a module: name the scorer with --scorer (score_stream.py)."
        raise ValueError(msg)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def reference(scorer: Any, path: Path) -> Reference:
    """Read a reference, normalised by the scorer."""
    lines, tokens = scorer.load_reference(path)
    return Reference(
        lines,
        [token.text for token in tokens],
        [token.utt for token in tokens],
        [(token.start + token.end) / 2 for token in tokens],
        tuple(frozenset(token.alts) for token in tokens),
    )


def text_of(scorer: Any, events: Iterable[dict[str, Any]], *, corrected: bool) -> list[Token]:
    """Return the normalised words of a text, as it was committed or, `corrected`, as it is in the record."""
    segments: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        if event["kind"] == "commit":
            segments.setdefault(event["segment"], []).extend(scorer.committed_words(event, event.get("lang", "en")))
        elif event["kind"] == "correct" and corrected:
            segments[event["segment"]] = scorer.committed_words(event, event.get("lang", "en"))
    words = [(segment, word) for segment, told in segments.items() for word in told]
    found: list[Token] = []
    for language, run in itertools.groupby(words, key=lambda each: str(each[1]["lang"])):
        together = list(run)
        mapped = scorer.normalise_mapped([word["word"] for _, word in together], language)
        found += [Token(text, together[index][1]["t"], together[index][0], language) for text, index in mapped]
    return found


def align(ref: Reference, tokens: Sequence[Token]) -> list[tuple[int | None, int | None]]:
    """Return the shortest alignment as pairs of indices, None for a gap; of equal ones that of the words closest in
    time, as the scorer takes it, in a hundredth of the scorer's time.
    """
    numbers = {text: number for number, text in enumerate({*ref.words, *(token.text for token in tokens)})}
    others = ref.others or [frozenset[str]()] * len(ref.words)
    heard = np.array([numbers[token.text] for token in tokens], np.int64)
    times = np.array([token.t for token in tokens])
    steps = np.arange(len(tokens) + 1, dtype=np.float64)
    slight = 1e-4 / (len(ref.words) + len(tokens) + 1)
    rows: list[NDArray[np.float64]] = [steps]
    prices: list[NDArray[np.float64]] = []
    for word, also, middle in zip(ref.words, others, ref.middles, strict=True):
        wrong = heard != numbers[word]
        for other in also & numbers.keys():
            wrong &= heard != numbers[other]
        price = wrong + slight * np.minimum(1.0, np.abs(times - middle) / 30)
        up = rows[-1]
        best = np.minimum(up[:-1] + price, up[1:] + 1)
        rows.append(np.minimum.accumulate(np.concatenate([[up[0] + 1], best]) - steps) + steps)
        prices.append(price)
    pairs: list[tuple[int | None, int | None]] = []
    i, j = len(ref.words), len(tokens)
    while i or j:
        both = rows[i - 1][j - 1] + prices[i - 1][j - 1] if i and j else np.inf
        missing = rows[i - 1][j] + 1 if i else np.inf
        added = rows[i][j - 1] + 1 if j else np.inf
        if both <= min(missing, added) + ROUNDING:
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif missing <= added + ROUNDING:
            i -= 1
            pairs.append((i, None))
        else:
            j -= 1
            pairs.append((None, j))
    return pairs[::-1]


def judge(ref: Reference, tokens: list[Token]) -> Heard:
    """Return the errors of a text. A word that nobody said belongs to the nearest utterance between its neighbours'."""
    faults: list[Fault] = []
    pairs = align(ref, tokens)
    following = [len(ref.lines) - 1] * (len(pairs) + 1)
    for number in range(len(pairs) - 1, -1, -1):
        index = pairs[number][0]
        following[number] = following[number + 1] if index is None else ref.owners[index]
    before, segment = 0, ""
    for number, (index, other) in enumerate(pairs):
        segment = segment if other is None else tokens[other].segment
        if index is not None:
            before = ref.owners[index]
            if other is None or not ref.is_heard(index, tokens[other].text):
                faults.append(Fault(before, index, other, segment))
        elif other is not None:
            near = range(before, max(before, following[number]) + 1)
            lies = min((_away(ref.lines[each], tokens[other].t), each) for each in near)[1]
            faults.append(Fault(lies, None, other, segment))
    return Heard(tokens, faults)


def _away(line: dict[str, Any], t: float) -> float:
    return float(max(line["start"] - t, t - line["end"], 0.0))


def kinds(ref: Reference, heard: Heard, judged: set[int]) -> dict[str, tuple[int, int]]:
    """Return the errors of each kind in the utterances `judged`, and how many words they could have been made in."""
    sizes = [0] * len(ref.lines)
    for owner in ref.owners:
        sizes[owner] += 1
    firsts = {owner: index for index, owner in reversed(list(enumerate(ref.owners)))}
    first_ones = {firsts[owner] for owner in judged if owner in firsts}
    words = [index for index, owner in enumerate(ref.owners) if owner in judged]
    faults = [fault for fault in heard.faults if fault.utterance in judged]
    short = {owner for owner in judged if sizes[owner] <= SHORT}
    lost = {fault.ref for fault in faults if fault.ref is not None}
    little = {index for index in words if ref.words[index] in LITTLE}
    digits = [index for index in words if ref.words[index].isdigit()]
    twice = [
        fault.hyp
        for fault in faults
        if fault.ref is None and fault.hyp is not None and heard.tokens[fault.hyp].text.isdigit()
    ]
    return {
        "short utterances": (sum(fault.utterance in short for fault in faults), sum(sizes[owner] for owner in short)),
        "first word after a pause": (len(first_ones & lost), len(first_ones)),
        "words joined": (_joined(faults), len(words)),
        "a number said twice": (len(twice), len(digits)),
        "unstressed short words": (len(lost & little), len(little)),
        "all": (len(faults), len(words)),
    }


def _joined(faults: Sequence[Fault]) -> int:
    """How often two words or more have fewer words, but at least one, in their place."""
    ranked = sorted((fault for fault in faults if fault.ref is not None), key=lambda fault: fault.ref or 0)
    joined = 0
    for _, run in itertools.groupby(enumerate(ranked), key=lambda each: (each[1].ref or 0) - each[0]):
        together = [fault for _, fault in run]
        others = sum(fault.hyp is not None for fault in together)
        joined += 0 < others < len(together)
    return joined
