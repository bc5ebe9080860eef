"""PDF is set by a process of its own, which ends with the work, with its time, and with its memory."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from moothall.adapters.record.forms import pdf_data, write_record
from moothall.adapters.record.typesetting import FontsMissing, TypesettingFailed, TypesettingOrder, typeset_apart
from moothall.record.wording import Options
from support.sessions.record_maker import WORDING, Telling, meeting

DATA = pdf_data(Telling().record(), WORDING, Options())


async def test_a_process_of_its_own_gives_the_same_file() -> None:
    record = Telling().record()
    assert await typeset_apart(DATA) == write_record("pdf", record, WORDING, Options(), str)


async def test_what_takes_too_long_is_given_up() -> None:
    with pytest.raises(TypesettingFailed, match="took longer than 0 s"):
        await typeset_apart(DATA, patience=0.0)


@pytest.mark.parametrize(
    ("data", "order"),
    [
        (DATA, TypesettingOrder(memory=64 << 20)),
        (msgspec.json.encode({"text": "no document"}), TypesettingOrder()),
        (b"no JSON", TypesettingOrder()),
    ],
    ids=["no memory", "no document", "no data"],
)
async def test_what_goes_wrong_in_it_is_a_sentence_without_words_of_the_text(
    data: bytes, order: TypesettingOrder
) -> None:
    with pytest.raises(TypesettingFailed, match=r"The PDF could not be set: the process ended with -?\d+\.") as failed:
        await typeset_apart(data, order=order)
    assert "no" not in str(failed.value).split()


async def test_letters_without_a_font_are_told_apart() -> None:
    told = Telling()
    told.line("\U0001d900\U00016f00\U000119a0" * 40, 0, 900, language="und")  # scripts for which few have fonts
    with pytest.raises(FontsMissing, match="Install one"):
        await typeset_apart(pdf_data(told.record(), WORDING, Options()))


async def test_whoever_no_longer_waits_leaves_no_process_behind() -> None:
    setting = asyncio.ensure_future(typeset_apart(pdf_data(meeting().record(), WORDING, Options())))
    done, _ = await asyncio.wait((setting,), timeout=0.0)
    assert not done
    setting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await setting
