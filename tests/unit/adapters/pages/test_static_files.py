from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from moothall.adapters.pages.static_files import StaticFiles, find_web_folder


def test_the_checkout_s_web_folder_is_found() -> None:
    assert find_web_folder() == Path(__file__).resolve().parents[4] / "web"


def test_only_files_of_known_types_are_served_and_their_version_is_their_content(tmp_path: Path) -> None:
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "a.js").write_text("a(1);")
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "secret.html").write_text("template")
    files = StaticFiles(tmp_path)
    assert files.names == ("js/a.js",)
    file = files.get("js/a.js")
    assert file is not None
    assert gzip.decompress(file.packed) == file.body == b"a(1);"
    assert file.type == "text/javascript; charset=utf-8"
    assert files.address("js/a.js") == f"/static/{files.version}/js/a.js"
    assert files.get("../js/a.js") is None
    with pytest.raises(KeyError):
        files.address("js/b.js")
    assert StaticFiles(tmp_path).version == files.version
    (tmp_path / "js" / "a.js").write_text("a(2);")
    assert StaticFiles(tmp_path).version != files.version


def test_scripts_go_out_without_comments_and_indents_and_their_lines_keep_their_numbers(
    tmp_path: Path,
) -> None:
    (tmp_path / "vendor").mkdir()
    code = "const f = (a) => `//${a}`;\nconst b = 'c // d'; // it's one\n"
    script = f"// Why.\n\n/**\n * What.\n * @param {{string}} a\n */\n{code}  /** @type {{?A}} */\n  f(b); // how\n"
    for name in ("a.js", "a.css", "vendor/a.js"):
        (tmp_path / name).write_text(script)
    bodies = {
        name: file.body.decode()
        for name in ("a.js", "a.css", "vendor/a.js")
        if (file := StaticFiles(tmp_path).get(name))
    }
    assert bodies["a.js"] == "\n" * 6 + code + "\nf(b);\n"
    assert bodies["a.css"] == bodies["vendor/a.js"] == script


def test_no_script_has_a_text_over_several_lines() -> None:
    scripts = list((find_web_folder() / "js").rglob("*.js"))
    lines = [line for path in scripts for line in path.read_text("utf-8").splitlines()]
    code = [line for line in lines if not line.lstrip().startswith(("//", "*", "/*"))]
    assert len(code) > 5_000
    alone = [line.partition(" // ")[0] for line in code]
    assert [line for line in alone if line.count("`") % 2 or line.endswith("\\")] == []
    behind = [line[: found.start()] for line in code if (found := re.search(r"\s+// [^'\"`]*$", line))]
    assert [line for line in behind if any(line.count(quote) % 2 for quote in "'`")] == [], (
        "a comment begins in a string"
    )


def test_a_sheet_goes_out_without_comments_and_without_the_spaces_that_say_nothing(tmp_path: Path) -> None:
    sheet = '/* Why. */\n\na:is(b, c) > d {\n  /* How. */\n  e: f(1px + 2px, "g h");\n\n  i: j; /* What. */\n}\n'
    for name, text in {"a.css": sheet, "b.css": ""}.items():
        (tmp_path / name).write_text(text)
    served = StaticFiles(tmp_path).get("a.css+b.css")
    assert served is not None
    assert served.body == b'a:is(b,c) > d{\ne:f(1px + 2px, "g h");\ni:j; }\n'


def test_no_sheet_has_in_a_string_the_spaces_that_are_removed() -> None:
    """Whoever adds one has to leave it out of `_SHEET_COMMENT`."""
    sheets = [path.read_text("utf-8") for path in (find_web_folder() / "css").rglob("*.css")]
    strings = [
        text for sheet in sheets for text in re.findall(r'"([^"\n]*)"', re.sub(r"/\*.*?\*/", "", sheet, flags=re.S))
    ]
    assert len(strings) > 400
    assert [text for text in strings if re.search(r"[,:] (?!$)| \{|/\*", text)] == []


def test_style_sheets_and_scripts_of_a_page_are_one_file_of_a_kind(tmp_path: Path) -> None:
    for name, text in {
        "a.css": "a { b: c }",
        "b.css": "d { e: f }",
        "a.js": "import { b } from './b.js';\nexport const a = b;",
        "b.js": "export const b = 1;",
        "vendor/v.js": "export const v = 1;",
        "i.svg": "<svg/>",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    files = StaticFiles(tmp_path)
    address = files.address("a.css", "b.css")
    assert address == f"/static/{files.version}/a.css+b.css"
    sheets = files.get("a.css+b.css")
    assert sheets is not None
    assert (sheets.type, sheets.body) == ("text/css; charset=utf-8", b"a{ b:c }\nd{ e:f }")
    assert gzip.decompress(sheets.packed) == sheets.body
    scripts = files.get("b.js+a.js")
    assert scripts is not None
    assert scripts.type == "text/javascript; charset=utf-8"
    assert scripts.body.count(b"const b = 1;") == 1
    two_kinds, twice, vendored, missing = "a.css+a.js", "a.css+a.css", "a.js+vendor/v.js", "a.css+c.css"
    refused = (two_kinds, twice, vendored, missing, "late/a.js+b.js", "late/a.css", "late/i.svg")
    assert [name for name in refused if files.get(name) is not None] == []
    assert files.get("+".join(["a.css"] + [f"{n}.css" for n in range(20)])) is None
    with pytest.raises(KeyError):
        files.address("a.css", "a.js")
