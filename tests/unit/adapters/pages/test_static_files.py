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


def test_scripts_go_out_without_comments_on_lines_of_their_own_and_their_lines_keep_their_numbers(
    tmp_path: Path,
) -> None:
    (tmp_path / "vendor").mkdir()
    code = "export const f = (a) => `//${a}`; // how\n"
    script = f"// Why.\n\n/**\n * What.\n * @param {{string}} a\n */\n{code}  /** @type {{?A}} */\n"
    for name in ("a.js", "a.css", "vendor/a.js"):
        (tmp_path / name).write_text(script)
    bodies = {
        name: file.body.decode()
        for name in ("a.js", "a.css", "vendor/a.js")
        if (file := StaticFiles(tmp_path).get(name))
    }
    assert bodies["a.js"] == "\n" * 6 + code + "\n"
    assert bodies["a.css"] == bodies["vendor/a.js"] == script


def test_no_script_has_a_text_over_several_lines() -> None:
    scripts = list((find_web_folder() / "js").rglob("*.js"))
    lines = [line.partition(" // ")[0] for path in scripts for line in path.read_text("utf-8").splitlines()]
    code = [line for line in lines if not line.lstrip().startswith(("//", "*", "/*"))]
    assert len(code) > 5_000
    assert [line for line in code if line.count("`") % 2 or line.endswith("\\")] == []
