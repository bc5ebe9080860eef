from __future__ import annotations

import base64
import io
import struct

import av
import msgspec
import pytest
from msgspec.structs import replace

from moothall.adapters.record.card_setting import LONGEST, SessionCard, _values, set_card
from moothall.adapters.record.typesetting import FontsMissing

CARD = SessionCard(
    language="en",
    house="World Water Forum",
    colour="#0d4a57",
    logo=b"",
    title="Water & <land> #panic() \U000f0000",
    title_language="en",
    facts=("24 November 2026", "Room 4"),
    state="Live",
)
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG")
    width, height = struct.unpack_from(">II", png, 16)
    return width, height


def test_a_card_is_a_picture_as_other_sites_want_it_and_nothing_in_it_is_markup() -> None:
    made = set_card(msgspec.json.encode(CARD))
    assert size(made) == (1200, 630)
    assert made == set_card(msgspec.json.encode(replace(CARD, title=CARD.title[:-2]))), "what has no font is left out"
    assert made != set_card(msgspec.json.encode(replace(CARD, logo=PNG)))
    assert size(set_card(msgspec.json.encode(replace(CARD, title="x" * 5_000, facts=(), state="", house="y" * 100))))


@pytest.mark.parametrize(("language", "side", "other"), [("en", 5, 1_195), ("ar", 1_195, 5)])
def test_the_bar_in_the_colour_of_the_house_is_where_rows_begin(language: str, side: int, other: int) -> None:
    card = replace(CARD, language=language, colour="#7a1f3d", title="", facts=(), state="", house="")
    with av.open(io.BytesIO(set_card(msgspec.json.encode(card))), "r") as file:
        row = next(file.decode(video=0)).to_ndarray(format="rgb24")[300]
    assert tuple(row[side]) == (0x7A, 0x1F, 0x3D)
    assert tuple(row[other]) == (0xFC, 0xFB, 0xF8)


def test_letters_without_a_font_make_no_card() -> None:
    with pytest.raises(FontsMissing):
        set_card(msgspec.json.encode(replace(CARD, title="\U0001d900\U00016f00\U000119a0")))


def test_titles_turn_as_they_are_written_and_are_cut() -> None:
    def values(**changes: str) -> dict[str, object]:
        found: dict[str, object] = msgspec.json.decode(_values(replace(CARD, **changes), {"4"}))
        return found

    assert (values()["rtl"], values()["title-rtl"], values()["title-language"]) == (False, False, "en")
    assert values()["facts"] == ["2 November 2026", "Room"]
    arabic = values(language="ar", title="الحقوق", title_language="")
    assert (arabic["rtl"], arabic["title-rtl"], arabic["title-language"]) == (True, True, None)
    assert len(str(values(title="ab " * LONGEST)["title"])) <= LONGEST + 1
    assert str(values(title="ab " * LONGEST)["title"]).endswith("…")
