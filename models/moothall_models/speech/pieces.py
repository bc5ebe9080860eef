"""Cutting a recording at its pauses: from a detector's probabilities to pieces that are recognised one by one.

Nothing is live here, so that a piece may be as long as a recogniser takes. Counted in frames of the detector.
"""

from __future__ import annotations

import msgspec

from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.utterance import FrameEffect, Gate


class Cutting(msgspec.Struct, frozen=True, kw_only=True):
    """How a recording is cut. Times are ms; where the numbers come from: `docs/why/speech.md`."""

    frame: int = 32
    """What one probability stands for."""
    longest: int = 15_000
    """A piece at most, and four frames at least. A recogniser takes 28 s, at twice the cost and with more errors."""
    joined_pause: int = 1_000
    """Utterances with less than this between them share a piece, as long as there is room in it; 0: none do."""
    tail: int = 300
    """Audio behind the last speech that belongs to it."""


class Piece(msgspec.Struct, frozen=True):
    """Frames to be recognised together: from `first` to before `last`."""

    first: int
    last: int
    cut: bool = False
    """Whether it ends in the middle of speech, because it grew too long."""
    spoken: int = 0
    """How many of its frames are speech."""


class PieceCutter:
    """Takes the probability of each frame in turn and gives the pieces out, in order, once they are complete.

    Every frame of speech lies in exactly one piece. A cutter that begins where a piece ended, and knows whether it
    was cut, gives the same pieces from there on.
    """

    def __init__(self, cutting: Cutting, settings: SpeechSettings, *, first: int = 0, speaking: bool = False) -> None:
        """`first`: number of the first frame that will be heard; `speaking`: the piece before it was cut there."""
        self._frame = cutting.frame
        self._longest = cutting.longest // cutting.frame
        self._joined = cutting.joined_pause // cutting.frame
        self._tail = cutting.tail // cutting.frame
        self._pre_roll = settings.pre_roll // cutting.frame
        self._silence_p = settings.silence_p
        self._gate = Gate(settings)
        self._now = first
        self._free = first
        """Frames before this one are in a piece that was given out, or that stands."""
        self._piece: Piece | None = None
        """What stands together of utterances that are over."""
        self._began: int | None = None
        """Where the utterance began that goes on, with its pre-roll."""
        self._odds: list[float] = []
        """Of the frames since `_began`; 0 of those before speech began."""
        if speaking:
            self._gate.reopen(0)
            self._began = first

    @property
    def settled(self) -> int:
        """Frames before this one are in pieces that were given out, or in none for ever."""
        if self._piece is not None:
            return self._piece.first
        return self._began if self._began is not None else max(self._free, self._now - self._pre_roll)

    def hear(self, p: float) -> list[Piece]:
        """The next frame, with probability `p` of speech; returns the pieces that are complete by it."""
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

    def end(self) -> list[Piece]:
        """The recording is over."""
        out = self._over(self._began) if self._began is not None else []
        return out + self._alone()

    def _over(self, began: int) -> list[Piece]:
        """The utterance is over: it joins the piece before it, or begins another."""
        speech = [number for number, p in enumerate(self._odds, 1) if p >= self._silence_p]
        self._began, self._odds = None, []
        if not speech:
            return []  # The cut fell behind its last word.
        last = min(self._now, began + speech[-1] + self._tail)
        out = [] if self._fits(began, last) else self._alone()
        first, spoken = (self._piece.first, self._piece.spoken) if self._piece is not None else (began, 0)
        self._piece = Piece(first, last, spoken=spoken + len(speech))
        self._free = last
        return out

    def _fits(self, began: int, last: int) -> bool:
        """Whether what was said from `began` to `last` may stand in the same piece as what was said before."""
        piece = self._piece
        return piece is None or (began - piece.last < self._joined and last - piece.first <= self._longest)

    def _too_long(self, began: int) -> list[Piece]:
        """What has to be given out because the utterance that goes on leaves no more room."""
        out = [] if self._fits(began, self._now) else self._alone()
        if self._piece is None and self._now - began >= self._longest:
            at = _quietest(self._odds)
            behind, self._odds = self._odds[at:], self._odds[:at]
            spoken = sum(p >= self._silence_p for p in self._odds)
            out.append(Piece(began, began + at, cut=True, spoken=spoken))
            # What lies behind is heard again, as by a cutter that begins there.
            self._began = self._free = self._now = began + at
            self._odds = []
            self._gate.reopen(0)
            for p in behind:
                out += self.hear(p)
        return out

    def _alone(self) -> list[Piece]:
        """Give out the piece that stands."""
        out = [] if self._piece is None else [self._piece]
        self._piece = None
        return out


def _quietest(odds: list[float]) -> int:
    """Where to cut speech that has no pause: where it is least like speech in its second half, later ones first.

    The frames on both sides count as well, half as much: together about a tenth of a second.
    """
    places = range(len(odds) - 2, len(odds) // 2 - 1, -1)
    return min(places, key=lambda at: odds[at - 1] + 2 * odds[at] + odds[at + 1])
