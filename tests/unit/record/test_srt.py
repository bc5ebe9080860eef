from __future__ import annotations

from moothall.record.srt import write_srt
from moothall.record.wording import Options
from support.sessions.record_maker import WORDING, Telling


def test_a_file_of_two_cues() -> None:
    told = Telling()
    told.spoken("Is 3 < 5 & {\\an8} <b>7</b>?", 3_599_000, name="Ann")
    assert write_srt(told.record(), WORDING, Options()) == (
        "1\r\n00:59:59,000 --> 01:00:01,700\r\nAnn: Is 3 ‹ 5 & ｛＼an8｝ ‹b›7‹/b›?\r\n\r\n"  # noqa: RUF001  # as it is written
        "2\r\n01:00:01,700 --> 01:00:03,476\r\n[The meeting goes on, up to 1:00:01.]\r\n"
    )


def test_a_time_within_a_text_is_none_for_a_player() -> None:
    told = Telling()
    told.line("From 00:00:01,000 to 1:2:3.4, not at 12:30:00.", 0, 3_000)
    text = write_srt(told.record(), WORDING, Options())
    assert "From 00∶00∶01,000 to 1∶2∶3.4,\r\nnot at 12:30:00." in text  # noqa: RUF001  # as it is written


def test_a_session_without_words_is_an_empty_file_but_for_what_is_said_of_it() -> None:
    assert write_srt(Telling().record(), WORDING, Options()).startswith("1\r\n00:00:00,000 --> ")
