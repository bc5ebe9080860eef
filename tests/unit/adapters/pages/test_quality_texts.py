from __future__ import annotations

import pytest
from msgspec.structs import replace

from moothall.adapters.pages import quality_texts
from moothall.adapters.pages.catalogues import LANGUAGES, NO_BREAK, Catalogue, Catalogues
from moothall.adapters.pages.static_files import find_web_folder
from moothall.core.views.quality import Corrected, Delay, Quality

CATALOGUES = Catalogues(find_web_folder() / "locales")
EN = CATALOGUES["en"]
GOOD = Quality(
    words=1_000,
    lines=100,
    delay=Delay(p50=950, p95=1_550),
    gaps=0,
    corrected=Corrected(lines=2, by_machine=1, by_person=1),
    words_a_minute=128,
    languages={"en": 985, "fr": 15},
)
DELAY = "Typical delay 1.0 s, at most 1.6 s for 95 % of words"


def quality_line(quality: Quality | None, ui: Catalogue, *, staff: bool = False) -> str:
    """The line, with plain spaces."""
    return quality_texts.quality_line(quality, ui, staff=staff).replace(NO_BREAK, " ")


def test_a_line_for_readers_and_one_for_the_staff() -> None:
    assert quality_line(GOOD, EN) == f"{DELAY} · 1 % of lines corrected by people · 128 words a minute · English"
    assert quality_line(GOOD, EN, staff=True) == (
        f"{DELAY} · 1 % of lines corrected by people · 1 % by the machine itself · 128 words a minute · English"
    )


def test_what_the_machine_corrected_by_itself_is_no_share_of_peoples() -> None:
    quality = replace(GOOD, corrected=Corrected(lines=9, by_machine=9, by_person=0))
    assert quality_line(quality, EN) == f"{DELAY} · No line corrected by people · 128 words a minute · English"
    assert " · No line corrected by people · 9 % by the machine itself · " in quality_line(quality, EN, staff=True)


def test_too_little_text_says_nothing() -> None:
    assert quality_line(None, EN) == ""


def test_what_is_not_known_or_was_not_is_not_told() -> None:
    assert quality_line(replace(GOOD, delay=None), EN).startswith("1 % of lines corrected by people")
    none = Corrected(lines=0, by_machine=0, by_person=0)
    assert " · No line corrected by people · " in quality_line(replace(GOOD, corrected=none), EN)
    assert " · Gaps over 10 s: 3 · " in quality_line(replace(GOOD, gaps=3), EN)


@pytest.mark.parametrize(("lines", "told"), [(1, "1 %"), (149, "1 %"), (150, "2 %"), (10_000, "100 %")])
def test_shares_are_whole_and_never_hide_that_there_was_something(lines: int, told: str) -> None:
    quality = replace(GOOD, lines=10_000, corrected=Corrected(lines=lines, by_machine=0, by_person=lines))
    assert f" · {told} of lines corrected by people · 128 " in quality_line(quality, EN)
    assert f" · {told} of lines corrected by people · 128 " in quality_line(quality, EN, staff=True)
    machine = replace(quality, corrected=Corrected(lines=lines, by_machine=lines, by_person=0))
    assert f" · {told} by the machine itself · " in quality_line(machine, EN, staff=True)


def test_a_language_of_a_few_words_is_not_named() -> None:
    assert quality_line(replace(GOOD, languages={"fr": 980, "en": 20}), EN).endswith(" · French, English")


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_every_language(language: str) -> None:
    ui = CATALOGUES[language]
    line = quality_line(replace(GOOD, gaps=1), ui)
    assert line.count(" · ") == 4
    assert ("1,0" in line) == (language in {"fr", "es", "pt", "ru"})
    assert line.endswith(ui.language_name("en"))
