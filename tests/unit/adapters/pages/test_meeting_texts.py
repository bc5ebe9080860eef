from __future__ import annotations

import pytest
from msgspec.structs import replace

from moothall.adapters.pages import meeting_texts
from moothall.adapters.pages.catalogues import LANGUAGES, NO_BREAK, Catalogue
from moothall.adapters.pages.meeting_texts import (
    TURN_MS,
    alone,
    group_name,
    made_text,
    reach_part,
    recognition_lines,
    took_part,
    with_us,
)
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.core.events.lines import MadeFrom, SourceSegment
from moothall.core.hubs.presence import HubNow, HubsPresent
from moothall.core.kernel.ids import SegmentId
from moothall.core.views.quality import Corrected, Delay, Quality
from moothall.services.translation.text_translation import Reach

CATALOGUES = Pages(find_web_folder()).catalogues
EN = CATALOGUES["en"]


def test_readers_are_told_from_which_language_and_through_which() -> None:
    sources = (SourceSegment(SegmentId("a"), 0),)
    direct = MadeFrom(sources=sources, route="bergamot 0.2.0 en>pt")
    assert made_text(direct, EN) == "Translated by a machine from English"
    chain = MadeFrom(sources=sources, route="bergamot 0.2.0 en>pt, apertium-es-pt 1.2.1 pt>es")
    assert made_text(chain, EN) == "Translated by a machine from English through Portuguese"
    rough = MadeFrom(sources=sources, route="apertium-fr-es 1 fr>es", rough=True)
    assert made_text(rough, EN) == "Translated by a machine from French: the gist only"
    both = MadeFrom(sources=sources, route="firefox tiny-1 fr>en, firefox tiny-2 en>ar", rough=True)
    assert made_text(both, EN) == "Translated by a machine from French through English: the gist only"


def test_whoever_sets_the_languages_is_told_in_which_the_text_is_rough() -> None:
    rough = "With \u2068base\u2069 the text is rough in these languages, and not for quoting: Arabic, Russian."
    said = recognition_lines({"base": {"en": 8.8, "ru": 22.1, "ar": 41.7}, "large": {"ru": 9.0}}, EN)
    assert len(said) == 3
    assert said[1].startswith(rough)
    assert said[1].endswith("somebody who captions the meeting, or who checks the text.")


def test_the_staff_is_told_what_can_be_translated_and_what_to_install() -> None:
    reach = Reach(connected=True, ways={"en": ("es", "pt"), "pt": ("es",)}, missing=("Install something.",))
    assert reach_part(reach, EN) == {
        "nobody": "",
        "ways": ["English into Spanish, Portuguese", "Portuguese into Spanish"],
        "missing": ("Install something.",),
    }
    rough = replace(reach, rough={"en": ("pt",)})
    assert reach_part(rough, EN)["ways"] == ["English into Spanish, Portuguese (rough)", "Portuguese into Spanish"]
    assert reach_part(Reach(), EN) == {"nobody": "No translator is connected.", "ways": [], "missing": ()}


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
    return meeting_texts.quality_line(quality, ui, staff=staff).replace(NO_BREAK, " ")


def test_a_line_for_readers_and_one_for_the_staff() -> None:
    assert quality_line(GOOD, EN) == f"{DELAY} · 1 % of lines corrected by people · 128 words a minute · English"
    assert quality_line(GOOD, EN, staff=True) == (
        f"{DELAY} · 1 % of lines corrected by people · 1 % by the machine itself · 128 words a minute · English"
    )


def test_what_the_machine_corrected_by_itself_is_no_share_of_peoples() -> None:
    quality = replace(GOOD, corrected=Corrected(lines=9, by_machine=9, by_person=0))
    assert quality_line(quality, EN) == f"{DELAY} · No line corrected by people · 128 words a minute · English"
    assert " · No line corrected by people · 9 % by the machine itself · " in quality_line(quality, EN, staff=True)


def test_no_row_begins_with_the_point_between_two_facts() -> None:
    line = meeting_texts.quality_line(GOOD, EN)
    assert line.count("\u00b7") == line.count(f"{NO_BREAK}\u00b7 ") == 3


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
def test_the_line_in_every_language(language: str) -> None:
    ui = CATALOGUES[language]
    line = quality_line(replace(GOOD, gaps=1), ui)
    assert line.count(" · ") == 4
    assert ("1,0" in line) == (language in {"fr", "es", "pt", "ru"})
    assert line.endswith(ui.language_name("en"))


def hub(title: str, people: int | None = None, *, here: bool = True) -> HubNow:
    return HubNow(title=title, people=people, most=people or 0, here=here, since=0)


HUBS: HubsPresent = {
    "north": hub("North"),
    "north.kisumu": hub("Kisumu", 23),
    "lima": hub("Lima", 1, here=False),
}


def bare(text: str) -> str:
    return text.replace("\u2068", "").replace("\u2069", "")


def test_one_below_another_is_called_by_way_of_it() -> None:
    titles = {name: each.title for name, each in HUBS.items()}
    assert bare(group_name("north", titles, EN)) == "North"
    assert bare(group_name("north.kisumu", titles, EN)) == "Kisumu, by way of North"
    assert bare(group_name("north.kisumu.port", titles, EN)) == "port, by way of Kisumu, by way of North"


def test_who_took_part_is_said_with_the_most_that_were_counted() -> None:
    said = "Groups that take part: North · Kisumu, by way of North (23 people) · Lima (1 person)"
    assert bare(took_part(HUBS, EN)).replace(NO_BREAK, " ") == said
    assert took_part({}, EN) == ""


def test_a_wall_shows_those_that_are_there_one_after_another() -> None:
    shown = [bare(with_us(HUBS, EN, TURN_MS * n)) for n in range(3)]
    assert shown == ["North is with us", "Kisumu is with us: 23 people", "North is with us"]
    assert with_us({"lima": HUBS["lima"]}, EN, 0) == with_us({}, EN, 0) == ""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("people", [1, 2, 3, 11, 23, 100])
def test_in_every_language_the_number_stands_or_is_said(language: str, people: int) -> None:
    text = with_us({"kisumu": hub("Kisumu", people)}, CATALOGUES[language], 0)
    assert alone("Kisumu") in text
    assert str(people) in text or people < 3


def test_of_each_model_it_is_said_how_many_words_come_out_wrong() -> None:
    errors = {"whisper-base": {"zh": 10.9, "ar": 29.2, "en": 7.3}}
    listed = f"Arabic{NO_BREAK}29, Chinese{NO_BREAK}11 (characters), English{NO_BREAK}7"
    assert recognition_lines(errors, EN)[:1] == [
        "With \u2068whisper-base\u2069 about so many of 100 words come out wrong, in clean recordings: " + listed + "."
    ]
    assert recognition_lines({}, EN) == []
