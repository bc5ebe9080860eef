from __future__ import annotations

import contextlib
import re

import pytest

from moothall.adapters.pages.catalogues import LANGUAGES, Catalogues
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.record.texts import NOTICE
from moothall.core.events.types import ChannelKind

ALL = Catalogues(find_web_folder() / "locales")
OFFICIAL = {"es": "acta", "ar": "محضر", "pt": "ata", "fr": "procès-verbal", "ru": "протокол", "zh": "纪要"}
"""What minutes are called."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_and_files_say_in_one_sentence_what_the_text_is(language: str) -> None:
    ui = ALL[language]
    files = ui.text(NOTICE)
    pages = [ui.named(f"page/notice.{kind}") for kind in ChannelKind]
    sentence = re.split(r"(?<=[.。])\s*", files.rstrip())[-2]
    assert all(page.endswith(sentence) for page in pages)


@pytest.mark.parametrize("language", sorted(OFFICIAL))
def test_nowhere_it_is_called_minutes_but_where_it_is_said_not_to_be(language: str) -> None:
    ui, word = ALL[language], OFFICIAL[language]
    told = {ui.text(NOTICE), *(text for name, text in ui.group("page").items() if name.startswith("notice."))}
    told |= {ui.text(key) for key in ui.keys if "it is not official minutes" in key}
    found = re.compile(rf"(?<!\w)(?:ال)?{word}(?!\w)" if word.isascii() else word, re.IGNORECASE)
    for key in sorted(ui.keys):
        with contextlib.suppress(KeyError):  # Counted ones name nothing of the kind.
            assert ui.text(key) in told or not found.search(ui.text(key)), key
