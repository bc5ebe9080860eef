"""Cuts a recording at its pauses into pieces that are recognised one by one, by the voice detector's probabilities.

There is no live text to keep up with, so a piece may be long. Positions count frames of the detector.
"""

from __future__ import annotations

import msgspec

from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.utterance import FrameEffect, Gate


class Cutting(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters of cutting. Times are ms; `docs/why/speech.md` says where the numbers come from."""

    frame: int = 32
    """Duration of the frame that one probability judges."""
    longest: int = 15_000
    """Greatest length of a piece; at least four frames. A recogniser accepts 28 s, at twice the cost and with more
    errors."""
    joined_pause: int = 1_000
    """Utterances with a shorter pause between them share a piece if it doesn't become too long; 0: none do."""
    tail: int = 300
    """Most audio after the last speech that belongs to the piece."""


class SpeechPiece(msgspec.Struct, frozen=True):
    """Frames to be recognised together, from `first` up to but not including `last`."""

    first: int
    last: int
    cut: bool = False
    """Whether it was cut in the middle of speech, at the greatest length."""
    spoken: int = 0
    """How many of its frames are speech."""


class PieceCutter:
    """Takes the probability of each frame in turn and returns pieces, in order, once they are complete.

    Every frame of speech is in exactly one piece. A cutter that begins at the end of a piece, and knows whether that
    piece was cut, returns the same pieces from there on.
    """

    def __init__(self, cutting: Cutting, settings: SpeechSettings, *, first: int = 0, speaking: bool = False) -> None:
        """`first`: number of the first frame; `speaking`: whether the previous piece was cut there."""
        self._frame = cutting.frame
        self._longest = cutting.longest // cutting.frame
        self._joined = cutting.joined_pause // cutting.frame
        self._tail = cutting.tail // cutting.frame
        self._pre_roll = settings.pre_roll // cutting.frame
        self._silence_p = settings.silence_p
        self._gate = Gate(settings)
        self._now = first
        self._free = first
        """Frames before this one belong to pieces that were returned or to `_piece`."""
        self._piece: SpeechPiece | None = None
        """The piece of ended utterances to which the next one may be added."""
        self._began: int | None = None
        """The first frame of the current utterance, pre-roll included; None when nobody speaks."""
        self._odds: list[float] = []
        """Probabilities of speech of the frames since `_began`; 0 for the pre-roll."""
        if speaking:
            self._gate.reopen(0)
            self._began = first

    @property
    def settled(self) -> int:
        """The frame before which everything is final: in a piece that was returned, or in no piece."""
        if self._piece is not None:
            return self._piece.first
        return self._began if self._began is not None else max(self._free, self._now - self._pre_roll)

    def hear(self, p: float) -> list[SpeechPiece]:
        """Take in the next frame, with probability `p` of speech, and return the pieces that it completes."""
        change = self._gate.hear(p, self._frame)
        if change is FrameEffect.BEGINS:
            self._began = max(self._free, self._now - self._pre_roll)
            self._odds = [0.0] * (self._now - self._began)
        self._now += 1
        if self._began is None:
            apart = self._piece is not None and self._now - self._piece.last >= self._joined + self._pre_roll
            return self._alone() if apart else []
        self._odds.append(p)
        return self._over(self._began) if change is FrameEffect.ENDS else self._too_long(self._began)

    def end(self) -> list[SpeechPiece]:
        """Return the last pieces, at the end of the recording."""
        out = self._over(self._began) if self._began is not None else []
        return out + self._alone()

    def _over(self, began: int) -> list[SpeechPiece]:
        """End the current utterance: it joins the previous piece or begins a new one."""
        speech = [number for number, p in enumerate(self._odds, 1) if p >= self._silence_p]
        self._began, self._odds = None, []
        if not speech:
            return []  # A cut has taken all speech of the utterance.
        last = min(self._now, began + speech[-1] + self._tail)
        out = [] if self._fits(began, last) else self._alone()
        first, spoken = (self._piece.first, self._piece.spoken) if self._piece is not None else (began, 0)
        self._piece = SpeechPiece(first, last, spoken=spoken + len(speech))
        self._free = last
        return out

    def _fits(self, began: int, last: int) -> bool:
        """Whether speech from frame `began` to `last` can be added to the current piece, or there is none."""
        piece = self._piece
        return piece is None or (began - piece.last < self._joined and last - piece.first <= self._longest)

    def _too_long(self, began: int) -> list[SpeechPiece]:
        """The pieces that have to be returned because the current utterance becomes too long to join or to wait."""
        out = [] if self._fits(began, self._now) else self._alone()
        if self._piece is None and self._now - began >= self._longest:
            at = _quietest(self._odds)
            behind, self._odds = self._odds[at:], self._odds[:at]
            spoken = sum(p >= self._silence_p for p in self._odds)
            out.append(SpeechPiece(began, began + at, cut=True, spoken=spoken))
            # The frames after the cut are processed again, as by a cutter that begins there.
            self._began = self._free = self._now = began + at
            self._odds = []
            self._gate.reopen(0)
            for p in behind:
                out += self.hear(p)
        return out

    def _alone(self) -> list[SpeechPiece]:
        """Return the current piece, if any, as complete."""
        out = [] if self._piece is None else [self._piece]
        self._piece = None
        return out


def _quietest(odds: list[float]) -> int:
    """Index at which to cut speech without a pause: the least probable speech in its second half, the last if equal.

    The two neighbouring frames count half, so that about a tenth of a second is judged.
    """
    candidates = range(len(odds) - 2, len(odds) // 2 - 1, -1)
    return min(candidates, key=lambda at: odds[at - 1] + 2 * odds[at] + odds[at + 1])
