from __future__ import annotations

from moothall_models.recognizers.whisper.batch import squeezed


def test_text_that_repeats_itself_can_be_squeezed() -> None:
    assert squeezed(" and so on and so on" * 10)
    assert not squeezed(" We hold these truths to be self-evident, that all men are created equal.")
    assert not squeezed("")
