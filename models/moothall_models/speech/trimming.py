"""Where a window can be cut, so that committed words aren't heard again and again."""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core.events import Word
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.text import ends_clause
from moothall_models.speech.utterance import Utterance

SLACK = 100
"""How far off a word's time may be, ms."""


def cut(utterance: Utterance, committed: Sequence[Word], edge: int, settings: SpeechSettings, *, missed: bool) -> int | None:
    """Media ms where the audio of `utterance` may begin from now on, or None.

    `missed`: the decoder stopped before the end of the speech, so that another window must be tried.
    A cut in a pause needs no overlap; elsewhere the last committed words stay in front of it, for the seam.
    """
    length = edge - utterance.start
    if length < settings.trim_at and not missed:
        return None
    words = [word for word in committed if utterance.start < word.t1]
    latest = edge - settings.kept
    for index in range(len(words), 0, -1):
        before = words[index - 1]
        after = words[index].t0 if index < len(words) else before.t1 + SLACK
        pause = utterance.pause(before.t1 - SLACK, after + SLACK)
        if pause is not None and pause <= latest:
            return pause
        overlapped = index <= len(words) - settings.overlap and before.t1 - SLACK <= latest
        if overlapped and ends_clause(before.text):
            return before.t1 - SLACK
    if missed or length >= settings.trim_anywhere_at:
        at = [word.t0 - SLACK for word in words[: -settings.overlap] if word.t0 - SLACK <= latest]
        return at[-1] if at else None
    return None
