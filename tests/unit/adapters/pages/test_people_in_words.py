from __future__ import annotations

import pytest

from moothall.adapters.pages.catalogues import Catalogues
from moothall.adapters.pages.people_in_words import as_cells, people_in_words
from moothall.adapters.pages.static_files import find_web_folder
from moothall.core.attendance.ranges import UNKNOWN, PeopleRange, exactly

CATALOGUES = Catalogues(find_web_folder() / "locales")


@pytest.mark.parametrize(
    ("people", "words", "cells"),
    [
        (exactly(1200), "1,200", ("1200", "1200", "")),
        (exactly(0), "0", ("0", "0", "")),
        (PeopleRange(20, 35), "20 to 35", ("20", "35", "")),
        (PeopleRange(20, None), "at least 20", ("20", "", "")),
        (UNKNOWN, "Not counted", ("", "", "unknown")),
        (None, "fewer than 5", ("", "", "hidden")),
    ],
)
def test_a_number_of_people_in_words_and_as_cells(
    people: PeopleRange | None, words: str, cells: tuple[str, str, str]
) -> None:
    assert people_in_words(people, 5, CATALOGUES.choose("en", "")) == words
    assert as_cells(people) == cells
