from __future__ import annotations

import unicodedata

import pytest

from moothall.testing.translator_link import in_script

TEXT = "Good morning, all 193 of you. Who pays for the 2.5 million, and when?"


@pytest.mark.parametrize(("language", "script", "ends"), [("ar", "ARABIC", "؟"), ("zh", "CJK", "？")])  # noqa: RUF001  # its own mark
def test_a_text_in_a_script_has_its_letters_and_marks_and_the_numbers(language: str, script: str, ends: str) -> None:
    made = in_script(TEXT, language)
    letters = {unicodedata.name(sign).split()[0] for sign in made if sign.isalpha()}
    assert letters == {script}
    assert made.endswith(ends)
    assert "193" in made
    assert "2.5" in made
    assert (" " in made) is (language == "ar")
    assert in_script(TEXT, language) == made
