from __future__ import annotations

import re

import msgspec

from moothall.core.events import types as ev
from moothall.core.events.lines import Origin
from moothall.record.subtitles import write_srt, write_vtt
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


def test_what_chromium_takes_for_the_end_of_a_cue_is_replaced() -> None:
    told = Telling()
    told.line("Before\uffffafter", 0, 900, name="A\uffffB")
    (cue, _) = read_vtt(write_vtt(told.record(), WORDING, Options()))
    assert (cue.voice, cue.lines) == ("A\ufffdB", ("A\ufffdB: Before\ufffdafter",))


def test_a_language_that_is_no_tag_is_undetermined() -> None:
    told = Telling()
    told.line("Hm.", 0, 900, language="x>y")
    assert {cue.language for cue in read_vtt(write_vtt(told.record(), WORDING, Options()))} == {"", "und"}


def test_the_language_of_the_file_is_not_repeated() -> None:
    found = read_vtt(write_vtt(meeting().record(), WORDING, Options()))
    assert {cue.language for cue in found} == {"", "ar", "zh"}


def test_a_file_of_two_cues() -> None:
    told = Telling()
    told.spoken("Is 3 < 5 & {\\an8} <b>7</b>?", 3_599_000, name="Ann")
    assert write_srt(told.record(), WORDING, Options()) == (
        "1\r\n00:59:59,000 --> 01:00:01,700\r\nAnn: Is 3 ‹ 5 & ｛＼an8｝ ‹b›7‹/b›?\r\n\r\n"  # noqa: RUF001  # as it is written
        "2\r\n01:00:01,700 --> 01:00:03,476\r\n[The meeting goes on, up to 1:00:01.]\r\n"
    )


def test_a_machines_translation_says_so_before_the_first_words_or_after_the_last() -> None:
    """SubRip has no comments."""
    wording = msgspec.structs.replace(WORDING, label="Translated by a machine")
    late, early = Telling(), Telling()
    late.line("Sim.", 2_000, 3_000)
    early.line("Sim.", 1_000, 3_000)
    text = write_srt(late.record(), wording, Options())
    label = "1\r\n00:00:00,000 --> 00:00:02,000\r\n[Translated by a machine]\r\n"
    assert text.startswith(f"{label}\r\n2\r\n00:00:02,000 --> ")
    *_, before, last = write_srt(early.record(), wording, Options()).split("\r\n\r\n")
    ends = before.split("\r\n")[1].rpartition(" ")[2]
    assert re.fullmatch(rf"3\r\n{ends} --> [0-9:,]+\r\n\[Translated by a machine\]\r\n", last)
    silent = Telling()
    silent.tell(ev.SessionClosed(t=9_000))
    alone = "1\r\n00:00:00,000 --> 00:00:04,000\r\n[Translated by a machine]\r\n"
    assert write_srt(silent.record(), wording, Options()) == alone
    assert "Translated" not in write_srt(late.record(), WORDING, Options())
    address = "https://live.example.org/s/opening-ceremony?channel=floor"
    long = msgspec.structs.replace(wording, label=f"Translated · The original: {address}", original=address)
    assert f"\r\n[Translated · The original:\r\n{address}]\r\n" in write_srt(late.record(), long, Options())


def test_with_sources_captions_say_how_their_lines_came_about_where_that_changes() -> None:
    told = Telling()
    told.spoken("Good morning.", 0)
    told.spoken("All are here.", 2_000)
    told.line("Welcome.", 5_000, 6_000, origin=Origin.PERSON)
    machine, person = WORDING.origins[Origin.MACHINE], WORDING.origins[Origin.PERSON]
    vtt, srt = (write(told.record(), WORDING, Options(sources=True)) for write in (write_vtt, write_srt))
    assert re.findall(r"^NOTE\n.+\n\nfloor.+$", vtt, re.MULTILINE) == [
        f"NOTE\n{machine}\n\nfloor-1-4",
        f"NOTE\n{person}\n\nfloor-1-10",
    ]
    assert [" ".join(cue.lines) for cue in read_vtt(vtt)][:3] == ["Good morning.", "All are here.", "Welcome."]
    assert re.findall(r"^\(.+\)\r\n.+$", srt, re.MULTILINE) == [
        f"({machine})\r\nGood morning.\r",
        f"({person})\r\nWelcome.\r",
    ]
    assert person not in write_vtt(told.record(), WORDING, Options()) + write_srt(told.record(), WORDING, Options())


def test_a_time_within_a_text_is_none_for_a_player() -> None:
    told = Telling()
    told.line("From 00:00:01,000 to 1:2:3.4, not at 12:30:00.", 0, 3_000)
    text = write_srt(told.record(), WORDING, Options())
    assert "From 00∶00∶01,000 to 1∶2∶3.4,\r\nnot at 12:30:00." in text  # noqa: RUF001  # as it is written


def test_a_session_without_words_is_an_empty_file_but_for_what_is_said_of_it() -> None:
    assert write_srt(Telling().record(), WORDING, Options()).startswith("1\r\n00:00:00,000 --> ")
