"""Laws of cutting a recording into pieces, and of making lines of them."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.events.lines import Word
from moothall.wire.transcribing import HeardPiece
from moothall_models.speech.joining import lines_of
from moothall_models.speech.pieces import Cutting, PieceCutter, SpeechPiece
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.utterance import FrameEffect, Gate

RUNS = st.lists(
    st.tuples(st.sampled_from([0.0, 0.2, 0.4, 0.5, 0.9]), st.integers(1, 40)).map(lambda run: [run[0]] * run[1]),
    max_size=25,
)
ODDS = RUNS.map(lambda runs: [p for run in runs for p in run])
CUTTINGS = st.builds(
    Cutting,
    longest=st.integers(1_000, 3_000),
    joined_pause=st.sampled_from([0, 200, 500, 1_000]),
    tail=st.integers(0, 500),
)
SETTINGS = st.builds(SpeechSettings, pre_roll=st.integers(0, 400), utterance_end=st.integers(100, 600))


def cut(odds: list[float], cutter: PieceCutter) -> list[SpeechPiece]:
    pieces = []
    for p in odds:
        settled = cutter.settled
        found = cutter.hear(p)
        assert all(piece.first >= settled for piece in found)
        pieces += found
    return pieces + cutter.end()


@given(ODDS, CUTTINGS, SETTINGS)
def test_each_frame_of_speech_lies_in_exactly_one_piece(
    odds: list[float], cutting: Cutting, settings: SpeechSettings
) -> None:
    pieces = cut(odds, PieceCutter(cutting, settings))
    assert all(piece.first < piece.last <= len(odds) for piece in pieces)
    assert all(one.last <= other.first for one, other in pairwise(pieces))
    gate = Gate(settings)
    inside = {frame for piece in pieces for frame in range(piece.first, piece.last)}
    cuts = {piece.last for piece in pieces if piece.cut}
    for frame, p in enumerate(odds):
        if frame in cuts:
            gate.reopen(0)  # Silence in front of a cut doesn't count towards the end of what lies behind.
        change = gate.hear(p, 32)
        if change is FrameEffect.BEGINS or (gate.open and p >= settings.silence_p):
            assert frame in inside


@given(ODDS, CUTTINGS, SETTINGS)
def test_no_piece_is_longer_than_a_window_takes(odds: list[float], cutting: Cutting, settings: SpeechSettings) -> None:
    longest = (cutting.longest + cutting.tail) // 32
    assert all(piece.last - piece.first <= longest for piece in cut(odds, PieceCutter(cutting, settings)))


@given(ODDS, CUTTINGS, SETTINGS, st.data())
def test_whoever_goes_on_behind_a_piece_cuts_as_if_nothing_had_happened(
    odds: list[float], cutting: Cutting, settings: SpeechSettings, data: st.DataObject
) -> None:
    pieces = cut(odds, PieceCutter(cutting, settings))
    done = data.draw(st.integers(0, len(pieces)))
    first, speaking = (pieces[done - 1].last, pieces[done - 1].cut) if done else (0, False)
    again = cut(odds[first:], PieceCutter(cutting, settings, first=first, speaking=speaking))
    assert pieces[:done] + again == pieces


@st.composite
def heard(draw: st.DrawFn) -> list[HeardPiece]:
    pieces, t = [], 0
    for _ in range(draw(st.integers(0, 6))):
        words = []
        for _ in range(draw(st.integers(0, 12))):
            t += draw(st.sampled_from([0, 0, 50, 400, 2_000]))
            words.append(Word(text=draw(st.sampled_from([" so", " we,", " go.", " 3", "。"])), t0=t, t1=t + 200))
            t += 200
        language = draw(st.sampled_from(["en", "fr"]))
        pieces.append(HeardPiece(first=0, last=0, language=language, words=tuple(words)))
    return pieces


@given(heard(), SETTINGS)
def test_every_word_stands_in_one_line_in_order(pieces: list[HeardPiece], settings: SpeechSettings) -> None:
    lines = lines_of(pieces, settings)
    said = [(word.text.strip(), piece.language) for piece in pieces for word in piece.words]
    assert [(word.text.strip(), line.language) for line in lines for word in line.words] == said
    times = [t for line in lines for t in (line.t0, line.t1)]
    assert times == sorted(times)
