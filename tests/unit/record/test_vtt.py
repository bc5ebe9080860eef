from __future__ import annotations

from moothall.record.vtt import write_vtt
from moothall.record.wording import Options
from support.sessions.caption_readers import read_vtt
from support.sessions.record_maker import WORDING, Telling, meeting


def test_a_file_of_one_line() -> None:
    told = Telling("A --> B")
    told.spoken("Is 3 < 5 & 7 > 2?", 3_599_000, name="Ms. Añez & <co>")
    told.line("Sim.", 3_700_000, 3_701_000, name="A&\n<>", language="pt-BR")
    assert write_vtt(told.record(), WORDING, Options()) == (
        "WEBVTT - A → B\n\n"
        "NOTE\n24 November 2025 · As spoken · The meeting goes on, up to 1:01:41.\n"
        "Written by a machine.\nState: k3j9x2:11\n\n"
        "floor-1-4\n00:59:59.000 --> 01:00:02.100\n"
        "<v Ms. Añez + ‹co›>Ms. Añez &amp; &lt;co&gt;: Is 3 &lt; 5 &amp; 7 &gt; 2?</v>\n\n"  # noqa: RUF001  # as it is written
        "floor-1-8\n01:01:40.000 --> 01:01:41.000\n<v A+ ‹›><lang pt-BR>A&amp; &lt;&gt;: Sim.</lang></v>\n\n"  # noqa: RUF001  # as it is written
        "notice:0\n01:01:41.000 --> 01:01:42.776\n[The meeting goes on, up to 1:01:41.]\n"
    )


def test_without_speakers_nobody_is_named() -> None:
    text = write_vtt(meeting().record(), WORDING, Options(speakers=False))
    assert "<v" not in text
    assert "Añez" not in text
    assert "أحمد" not in text


def test_a_language_that_is_no_tag_is_left_out() -> None:
    told = Telling()
    told.line("Hm.", 0, 900, language="x>y")
    assert {cue.language for cue in read_vtt(write_vtt(told.record(), WORDING, Options()))} == {""}


def test_the_language_of_the_file_is_not_repeated() -> None:
    found = read_vtt(write_vtt(meeting().record(), WORDING, Options()))
    assert {cue.language for cue in found} == {"", "ar", "zh"}
