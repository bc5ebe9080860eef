"""Utterances of a reference, as benches read them."""

from __future__ import annotations

from typing import Any


def line(text: str, start: float, end: float) -> dict[str, Any]:
    """An utterance from `start` to `end` s, over which its words are spread evenly."""
    words = text.split()
    step = (end - start) / len(words)
    spans = [[word, start + n * step, start + (n + 1) * step] for n, word in enumerate(words)]
    return {"start": start, "end": end, "text": text, "lang": "en", "words": spans}
