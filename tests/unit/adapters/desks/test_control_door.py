"""The overview's texts: each problem, and what to do about it."""

from __future__ import annotations

import pytest

from moothall.adapters.desks.control_door import lateness, parted
from moothall.adapters.pages.catalogues import LANGUAGES, Catalogues, read_names
from moothall.adapters.pages.static_files import find_web_folder

LOCALES = find_web_folder() / "locales"
KINDS = [name for name in read_names(LOCALES)["staff"] if name.startswith("alarm.")]
QUESTIONS = {"alarm.break-speech"}
"""Which are one question, in which the remedy is."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_alarm_says_what_is_wrong_and_what_to_do(language: str) -> None:
    ui, title = Catalogues(LOCALES)[language], "\u2068Whose data? A town hall.\u2069"
    values = {"n": 5, "all": 9, "title": title, "who": "\u2068A. Diallo\u2069", "expected": "a", "heard": "b"}
    values |= {"node": "n1", "removal": "s1:7", "names": "News of the agenda"}
    found = {kind: parted(ui.named(f"staff/{kind}", **values)) for kind in KINDS}
    assert {kind for kind, (_, remedy) in found.items() if not remedy} <= QUESTIONS
    assert all(title in fault for kind, (fault, _) in found.items() if "same-room" in kind), "a title is one piece"


def test_a_text_of_one_sentence_has_no_remedy() -> None:
    assert parted("They are speaking: end the break?") == ("They are speaking: end the break?", "")


def test_a_delay_is_called_late_only_from_where_it_is_an_alarm_and_told_in_minutes_as_to_readers() -> None:
    ui = Catalogues(LOCALES)["en"]
    said = [lateness(seconds, ui).replace("\u00a0", " ") for seconds in (0, 1, 9, 10, 75, 119, 120, 312)]
    assert said == ["0 s", "1 s", "9 s", "10 s late", "75 s late", "119 s late", "2 min late", "5 min late"]
