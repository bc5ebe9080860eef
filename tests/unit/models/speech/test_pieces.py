from __future__ import annotations

from moothall_models.speech.pieces import Cutting, PieceCutter, SpeechPiece
from moothall_models.speech.settings import SpeechSettings

SETTINGS = SpeechSettings(pre_roll=64, utterance_end=96)
CUTTING = Cutting(longest=640, joined_pause=320, tail=64)


def cut(odds: str, cutter: PieceCutter | None = None) -> list[SpeechPiece]:
    """`#` is speech, `-` hardly, `.` silence; a frame each."""
    cutter = cutter or PieceCutter(CUTTING, SETTINGS)
    pieces = []
    for each in odds:
        pieces += cutter.hear({"#": 0.9, "-": 0.4, ".": 0.1}[each])
    return pieces + cutter.end()


def test_speech_gets_its_pre_roll_and_tail() -> None:
    assert cut("....####........") == [SpeechPiece(2, 10, spoken=4)]


def test_silence_has_no_pieces() -> None:
    assert cut("." * 100) == []
    assert cut("") == []


def test_utterances_near_one_another_share_a_piece() -> None:
    assert cut("..####......####..") == [SpeechPiece(0, 18, spoken=8)]


def test_utterances_far_apart_do_not() -> None:
    assert cut("..####" + "." * 15 + "####") == [SpeechPiece(0, 8, spoken=4), SpeechPiece(19, 25, spoken=4)]


def test_a_piece_is_given_out_as_soon_as_nothing_can_join_it() -> None:
    cutter = PieceCutter(CUTTING, SETTINGS)
    heard = [cutter.hear(p) for p in [0.9] * 4 + [0.1] * 20]
    assert heard.index([SpeechPiece(0, 6, spoken=4)]) == 17
    assert sum(map(len, heard)) == 1


def test_an_utterance_that_has_no_room_begins_a_piece() -> None:
    assert cut("#" * 10 + "...." + "#" * 10) == [SpeechPiece(0, 12, spoken=10), SpeechPiece(12, 24, spoken=10)]


def test_with_no_pause_to_join_over_each_utterance_is_alone() -> None:
    cutter = PieceCutter(Cutting(joined_pause=0, tail=64), SETTINGS)
    assert cut("####....####....", cutter) == [SpeechPiece(0, 6, spoken=4), SpeechPiece(6, 14, spoken=4)]


def test_speech_without_a_pause_is_cut_where_it_is_least_like_speech() -> None:
    pieces = cut("#" * 14 + "-" + "#" * 15)
    assert pieces == [SpeechPiece(0, 14, cut=True, spoken=14), SpeechPiece(14, 30, spoken=16)]


def test_a_cut_behind_the_last_word_leaves_nothing_behind() -> None:
    assert cut("#" * 17 + "......") == [SpeechPiece(0, 19, spoken=17)]
    cutter = PieceCutter(CUTTING, SETTINGS, first=40, speaking=True)
    assert cut("......", cutter) == []


def test_what_is_settled_is_needed_no_more() -> None:
    cutter = PieceCutter(CUTTING, SETTINGS)
    for _ in range(5):
        cutter.hear(0.1)
    assert cutter.settled == 3  # the pre-roll of whatever comes
    cutter.hear(0.9)
    assert cutter.settled == 3
    for _ in range(4):
        cutter.hear(0.1)
    assert cutter.settled == 3  # it may be joined
    for _ in range(20):
        cutter.hear(0.1)
    assert cutter.settled == 28
