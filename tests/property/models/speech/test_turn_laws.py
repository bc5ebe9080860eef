"""Whatever is heard of voices, and whenever: no word is lost, doubled or moved past another, and every split can be
accepted by a server.
"""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.commands import CommitWords, EndSegment, SplitSegment
from moothall.core.events.lines import EndReason, Word
from moothall.core.kernel.ids import SegmentId
from moothall_models.speech.segmentation import Segmenter, SegmentOutput
from moothall_models.speech.settings import SpeechSettings, VoiceSettings
from moothall_models.speech.turns.lines import LineTurns
from support.sound.speech_strategies import talks
from support.sound.talking import attach

SETTINGS = SpeechSettings(longest_segment=4_000, clause_break=2_000, voices=VoiceSettings(split_within=60_000))


class Record:
    """Lines as a server would have them."""

    def __init__(self) -> None:
        self.lines: dict[SegmentId, list[Word]] = {}
        self._ended: set[SegmentId] = set()
        self._split: set[SegmentId] = set()
        self._followed: set[SegmentId] = set()

    def take(self, outputs: list[SegmentOutput]) -> None:
        for output in outputs:
            match output:
                case CommitWords():
                    assert output.segment not in self._ended
                    self.lines.setdefault(output.segment, []).extend(output.words)
                case EndSegment():
                    self._ended.add(output.segment)
                case SplitSegment():
                    self._divide(output)
                case _:
                    pass

    def _divide(self, split: SplitSegment) -> None:
        words = self.lines[split.segment]
        assert split.segment in self._ended
        assert split.segment not in self._split, "a line is split once, and nothing is said of it then"
        if split.into is None:
            assert split.word == len(words)
            assert split.segment not in self._followed, "it is said once that another voice follows"
            self._followed.add(split.segment)
            return
        assert split.into not in self.lines
        assert 0 < split.word < len(words)
        self.lines[split.segment], self.lines[split.into] = words[: split.word], words[split.word :]
        self._split.add(split.segment)
        self._ended.add(split.into)


@given(talks(distinct=True), st.lists(st.integers(0, 20_000), max_size=30), st.randoms(use_true_random=False))
def test_no_word_is_lost_or_moved(words: list[Word], changes: list[int], chance: random.Random) -> None:
    turns = LineTurns(SETTINGS.voices)
    segmenter, record = Segmenter(attach(), SETTINGS, turns), Record()
    left = list(changes)
    spoken = [Word(f" {word.text}", word.t0, word.t1) for word in words]
    while spoken:
        count = min(len(spoken), chance.randint(1, 6))
        taken, spoken = spoken[:count], spoken[count:]
        record.take(segmenter.commit(taken, "en", ""))
        turns.now = taken[-1].t1
        while left and chance.randint(0, 1):
            if (split := turns.changed(left.pop())) is not None:
                record.take([segmenter.split(split)])
        if not chance.randint(0, 3):
            record.take(segmenter.end(EndReason.PAUSE))
    record.take(segmenter.end(EndReason.CLOSE))
    for t in left:
        if (split := turns.changed(t)) is not None:
            record.take([segmenter.split(split)])
    said = sorted((word for line in record.lines.values() for word in line), key=lambda word: (word.t0, word.t1))
    assert [word.text.strip() for word in said] == [word.text for word in words]
    for line in record.lines.values():
        assert line
        assert line == sorted(line, key=lambda word: (word.t0, word.t1))
