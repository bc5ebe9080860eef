"""Where a window can be cut, so that committed words aren't heard again and again."""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core.events.types import Word
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.text import ends_clause
from moothall_models.speech.utterance import Utterance

SLACK = 100
"""How far off a word's time may be, ms."""
WORTH = 320
"""A cut that takes away less than this isn't worth it, ms."""


def cut(
    utterance: Utterance, committed: Sequence[Word], edge: int, *, missed: bool, settings: SpeechSettings
) -> int | None:
    """Media ms where the audio of `utterance` may begin from now on, or None.

    `missed`: the decoder stopped before the end of the speech, so that another window must be tried.
    A cut in a pause needs no overlap; elsewhere the last committed words stay in front of it, for the seam.
    """
    length = edge - utterance.start
    if length < settings.trim_at and not missed:
        return None
    words = [word for word in committed if word.t1 > utterance.start]
    possible = range(utterance.start + WORTH, edge - settings.kept + 1)
    for index in range(len(words), 0, -1):
        before = words[index - 1]
        after = words[index].t0 if index < len(words) else before.t1 + SLACK
        pause = utterance.pause(before.t1 - SLACK, after + SLACK)
        if pause is not None and pause in possible:
            return pause
        clause = before.t1 - SLACK
        if index <= len(words) - settings.overlap and clause in possible and ends_clause(before.text):
            return clause
    if missed or length >= settings.trim_anywhere_at:
        anywhere = [word.t0 - SLACK for word in words[: -settings.overlap] if word.t0 - SLACK in possible]
        return anywhere[-1] if anywhere else None
    return None


def forced(utterance: Utterance, t: int) -> int:
    """Media ms where the audio begins after a window at its longest: `t`, or the start of a word that is not whole yet.

    Of a word that only fills the window's first half nothing is kept, so that the next one is shorter.
    """
    if not utterance.unconfirmed:
        return t
    begins = utterance.unconfirmed[0].t0 - SLACK
    return min(t, begins) if begins > (utterance.start + t) // 2 else t
