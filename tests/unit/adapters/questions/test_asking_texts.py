from __future__ import annotations

import pytest

from moothall.adapters.pages.catalogues import LANGUAGES, Catalogues
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.questions.asking_texts import NUMBERED, REJECTED, STANDS, WHYS, YOURS, about, rejected_text
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.questions.order import Why
from moothall.services.questions.asking import RejectedQuestion

CATALOGUES = Catalogues(find_web_folder() / "locales")


@pytest.mark.parametrize(
    ("ms", "said"),
    [
        (0, "less than a minute"),
        (29_999, "less than a minute"),
        (60_000, "about 1 minute"),
        (250_000, "about 4 minutes"),
        (600_000, "about 10 minutes"),
        (740_000, "about 10 minutes"),
        (760_000, "about 15 minutes"),
        (3_600_000, "about 60 minutes"),
    ],
)
def test_a_wait_is_said_as_roughly_as_it_is_known(ms: int, said: str) -> None:
    assert about(ms, CATALOGUES["en"]) == said


def test_everything_has_its_words() -> None:
    assert STANDS.keys() == set(InterventionStatus)
    assert YOURS.keys() == NUMBERED.keys() == set(InterventionKind)
    assert WHYS.keys() == set(Why)
    assert REJECTED.keys() == set(RejectedQuestion)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("why", RejectedQuestion)
def test_why_it_is_not_taken_is_a_whole_sentence(language: str, why: RejectedQuestion) -> None:
    assert "{" not in rejected_text(why, CATALOGUES[language])
