from __future__ import annotations

import pytest

from moothall.record.plain import plain


@pytest.mark.parametrize(
    ("text", "on_one_line"),
    [
        ("as it is", "as it is"),
        ("  \n a\r\n\r\nb\tc \0", "a b c"),
        ("x\u2028y\u2029z\x85\x1b[0m", "x y z [0m"),
        ("« sept »\u3000水", "« sept »\u3000水"),
        ("\x07", ""),
    ],
)
def test_a_text_on_one_line(text: str, on_one_line: str) -> None:
    assert plain(text) == on_one_line
