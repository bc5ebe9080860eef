from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from moothall.adapters.pages.static_files import StaticFiles, find_web_folder


def test_the_checkout_s_web_folder_is_found() -> None:
    assert find_web_folder() == Path(__file__).resolve().parents[4] / "web"


def test_only_files_of_known_types_are_served_and_their_version_is_their_content(tmp_path: Path) -> None:
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "a.js").write_text("export const a = 1;")
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "secret.html").write_text("template")
    files = StaticFiles(tmp_path)
    assert files.names == ("js/a.js",)
    file = files.get("js/a.js")
    assert file is not None
    assert gzip.decompress(file.packed) == file.body == b"export const a = 1;"
    assert file.type == "text/javascript; charset=utf-8"
    assert files.address("js/a.js") == f"/static/{files.version}/js/a.js"
    assert files.get("../js/a.js") is None
    with pytest.raises(KeyError):
        files.address("js/b.js")
    assert StaticFiles(tmp_path).version == files.version
    (tmp_path / "js" / "a.js").write_text("export const a = 2;")
    assert StaticFiles(tmp_path).version != files.version
