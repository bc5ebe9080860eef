from __future__ import annotations

import pytest

from moothall.adapters.pages.catalogues import LANGUAGES, Catalogues
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.questions import asking_texts as texts
from moothall.services.questions.typing import Untyped

CATALOGUES = Catalogues(find_web_folder() / "locales")


@pytest.mark.parametrize(
    ("ms", "shown"), [(60_000, "1:00"), (59_001, "1:00"), (59_000, "0:59"), (1, "0:01"), (0, "0:00"), (-5, "0:00")]
)
def test_a_time_that_runs_ends_at_nothing(ms: int, shown: str) -> None:
    assert texts.clock(ms) == shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_time_stands_where_the_language_has_it_and_each_reason_has_a_sentence(language: str) -> None:
    ui = CATALOGUES[language]
    before, behind = texts.around_time(texts.BEGIN, ui)
    assert f"{before}1:00{behind}" == ui.text(texts.BEGIN, time="1:00")
    assert len({texts.untyped(why, ui) for why in Untyped}) == len(Untyped)
