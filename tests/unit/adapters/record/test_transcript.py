from __future__ import annotations

import json

import pytest

from moothall.adapters.record.transcript import FORMS, Transcript
from moothall.core.events.lines import Word
from moothall.wire.transcribing import HeardLine
from support.record.trees import unpacked


def transcript(language: str = "en", rough: tuple[str, ...] = ()) -> Transcript:
    words = (Word("We", 0, 300), Word(" go.", 300, 900))
    lines = [
        HeardLine(t0=0, t1=900, language=language, words=words),
        HeardLine(t0=1_000, t1=1_200, language=language, words=(Word(" ", 1_000, 1_200),)),
    ]
    return Transcript(title="Talk {1}", languages=(language,), model="whisper-base", lines=lines, rough=rough)


@pytest.mark.parametrize("form", FORMS)
def test_each_form_has_the_text_and_what_made_it(form: str) -> None:
    data = unpacked(transcript().write(form)).decode(errors="replace")
    if form == "pdf":  # letters are numbers of glyphs in it
        assert "/MarkInfo" in data
        return
    assert "We go." in data
    if form in ("vtt", "html", "ttml", "akn", "epub", "docx"):
        assert "whisper-base · Moothall" in data
        assert "Talk {1}" in data


def test_it_is_told_in_the_language_that_is_spoken() -> None:
    assert "français" in transcript("fr").write("txt").decode()
    assert json.loads(transcript("fr-CA").write("json"))["language"] == "fr"
    assert json.loads(transcript("sw").write("json"))["language"] == "en"


def test_a_line_in_a_language_in_which_the_model_is_rough_is_not_for_quoting() -> None:
    rough = transcript("ar-EG", ("ar", "fr"))
    (line,) = json.loads(rough.write("json"))["lines"]
    assert line["rough"] is True
    assert "not for quoting" in transcript("en", ("en",)).write("txt").decode()
    (line,) = json.loads(transcript("en", ("ar", "fr")).write("json"))["lines"]
    assert "rough" not in line


def test_the_json_has_no_log_behind_it() -> None:
    document = json.loads(transcript().write("json"))
    assert document["position"] == {"epoch": "0", "offset": 0}
    assert (document["heads"], document["checkpoint"], document["seal"]) == ({}, None, None)
    assert document["finished"]
    (line,) = document["lines"]
    assert (line["id"], line["t0"], line["t1"], line["origin"]) == ("line-1", 0, 900, "machine")
