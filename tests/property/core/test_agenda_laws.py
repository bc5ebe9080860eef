"""The texts of the agenda: nothing written is lost or invented, whatever it looks like."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.programme.agenda import BULLETS, blocks

LINES = st.lists(st.text(alphabet=st.sampled_from("ab-*• "), max_size=12), max_size=12)


@given(LINES)
def test_every_word_comes_once_and_in_order(lines: list[str]) -> None:
    kept = [sign for block in blocks("\n".join(lines)) for line in block.lines for sign in line if sign in "ab"]
    assert kept == [sign for line in lines for sign in line if sign in "ab"]


@given(LINES)
def test_what_is_shown_and_written_again_is_shown_alike(lines: list[str]) -> None:
    once = blocks("\n".join(lines))
    written = "\n\n".join(
        "\n".join(f"{BULLETS[0]}{line}" if each.is_list else line for line in each.lines) for each in once
    )
    assert all(line for each in once for line in each.lines)
    if not any(line.startswith(BULLETS) for each in once if not each.is_list for line in each.lines):
        assert [line for each in blocks(written) for line in each.lines] == [
            line for each in once for line in each.lines
        ]
