from __future__ import annotations

from pathlib import Path

import pytest

from moothall.app.translation import find_phrases, phrases
from moothall.core.kernel.errors import ConfigurationError


def test_the_formulas_are_those_of_this_release_or_of_a_file(tmp_path: Path) -> None:
    assert len(phrases("")) > 40
    assert find_phrases().is_file()
    own = tmp_path / "own.toml"
    own.write_text('[[phrase]]\nen = ["so moved"]\nes = ["se propone"]\n', encoding="utf-8")
    assert phrases(str(own)) == ({"en": ("so moved",), "es": ("se propone",)},)


@pytest.mark.parametrize(
    ("body", "said"), [(b"\xff", "not UTF-8"), (b"x" * (1 << 20 | 1), "at most 1048576"), (b"[", "TOML")]
)
def test_what_is_no_table_is_said_in_a_sentence(tmp_path: Path, body: bytes, said: str) -> None:
    (tmp_path / "own.toml").write_bytes(body)
    with pytest.raises(ConfigurationError, match=said):
        phrases(str(tmp_path / "own.toml"))


def test_a_file_that_is_not_there_is_said_too(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can't be read"):
        phrases(str(tmp_path / "none.toml"))
