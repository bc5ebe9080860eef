from __future__ import annotations

from pathlib import Path

import pytest

from moothall.adapters.store.word_list_folder import read_word_lists
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.questions.blocked_words import MOST_BYTES


def test_all_lists_of_a_folder_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_text("language = 'es'\nwords = ['caray']", encoding="utf-8")
    (tmp_path / "a.toml").write_text("language = 'en'\nwords = ['drat']", encoding="utf-8")
    (tmp_path / "README").write_text("no list", encoding="utf-8")
    assert [each.language for each in read_word_lists(str(tmp_path))] == ["en", "es"]
    assert read_word_lists("") == ()


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="word_lists"):
        read_word_lists(str(tmp_path / "none"))
    (tmp_path / "a.toml").write_bytes(b"language = '\xff'")
    with pytest.raises(ConfigurationError, match="UTF-8"):
        read_word_lists(str(tmp_path))
    (tmp_path / "a.toml").write_bytes(b"#" * (MOST_BYTES + 1))
    with pytest.raises(ConfigurationError, match="bytes"):
        read_word_lists(str(tmp_path))
