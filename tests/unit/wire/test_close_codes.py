from __future__ import annotations

import pytest

from moothall.wire.close_codes import MAX_REASON_BYTES, MEANINGS, Advice, CloseCode, advice, reason_bytes


@pytest.mark.parametrize("code", list(CloseCode))
def test_every_code_has_advice_and_a_sentence_that_fits(code: CloseCode) -> None:
    meaning = MEANINGS[code]
    assert meaning.reason.endswith(".")
    assert len(meaning.reason.encode()) <= MAX_REASON_BYTES
    assert advice(code) is meaning.advice


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (1001, Advice.RESUME),
        (1006, Advice.RESUME),
        (1009, Advice.STOP),
        (1013, Advice.RESUME_LATER),
        (4400, Advice.STOP),
        (4401, Advice.RENEW_TOKEN),
        (4403, Advice.STOP),
        (4404, Advice.STOP),
        (4408, Advice.RESUME),
        (4409, Advice.START_OVER),
        (4429, Advice.RESUME_LATER),
        (4999, Advice.RESUME_LATER),
    ],
)
def test_the_advice_that_clients_are_written_against(code: int, expected: Advice) -> None:
    assert advice(code) is expected


def test_our_own_codes_are_in_the_range_for_them() -> None:
    standard = {1000, 1001, 1002, 1003, 1006, 1007, 1008, 1009, 1011, 1013}
    assert all(code in standard or 4000 <= code <= 4999 for code in CloseCode)


def test_a_long_reason_is_cut_at_a_character() -> None:
    assert reason_bytes("Short.") == b"Short."
    cut = reason_bytes("é" * 100)
    assert cut == ("é" * 61).encode()
