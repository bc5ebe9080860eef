from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from moothall.adapters.pages.joining import LATE, Scripts
from moothall.adapters.pages.static_files import StaticFiles, find_web_folder

NODE = shutil.which("node")
MODULES = {
    "page.js": """\
import { a, twice as two } from './lib/a.js';
import './lib/says.js';
const { late } = await import('./late.js');
console.log('page', a, two(2), late(), import.meta.url);
""",
    "second.js": """\
import { a } from './lib/a.js';
console.log('second', a);
throw new Error('It fails.');
""",
    "third.js": "import { twice } from './lib/a.js';\nconsole.log('third', twice(21));\n",
    "late.js": """\
import { a } from './lib/a.js';
import { Only } from './lib/only.js';
export function late() {
  return new Only(a).value;
}
export const unused = 1;
""",
    "lib/a.js": "console.log('a runs');\nexport const a = 'A';\nexport function twice(n) {\n  return 2 * n;\n}\n",
    "lib/only.js": "export class Only {\n  constructor(value) {\n    this.value = value + '!';\n  }\n}\n",
    "lib/says.js": "console.log('says');\n",
}


def address(folder: Path) -> Scripts:
    return Scripts(MODULES, lambda name: str(folder / name))


def run(folder: Path, *joined: str) -> list[str]:
    """What the joined scripts write when Node runs them as a page would, one after the other."""
    if NODE is None:
        pytest.skip("Node.js is not installed.")
    before = "globalThis.location = { origin: 'https://hall' }; globalThis.reportError = (e) => console.log(e.message);"
    (folder / "all.mjs").write_text(before + "".join(f"await import('./{name}.mjs');" for name in range(len(joined))))
    (folder / "package.json").write_text(json.dumps({"type": "module"}))
    for name, text in enumerate(joined):
        (folder / f"{name}.mjs").write_text(text)
    ran = subprocess.run([NODE, folder / "all.mjs"], capture_output=True, text=True, timeout=60, check=False)
    assert ran.stderr == ""
    return ran.stdout.splitlines()


def test_joined_scripts_do_what_the_modules_would(tmp_path: Path) -> None:
    scripts = address(tmp_path)
    (tmp_path / LATE).mkdir()
    (tmp_path / LATE / "late.js").write_text(scripts.late("late.js"))
    said = run(tmp_path, scripts.joined("page.js", "second.js", "third.js"), scripts.joined("third.js"))
    assert said == [
        "a runs",
        "says",
        f"page A 4 A! https://hall{tmp_path}/page.js",
        "second A",
        "It fails.",
        "third 42",
    ]


def test_what_a_page_imports_late_lacks_what_has_run_by_then() -> None:
    late = address(Path("/")).late("late.js")
    assert "class Only" in late
    assert "function twice" not in late
    assert late.endswith("export const { late, unused } = $['late.js'];\n")


def test_a_worker_goes_out_as_it_stands_and_a_missing_script_is_an_error() -> None:
    assert address(Path("/")).joined("lib/says.js") == MODULES["lib/says.js"]
    with pytest.raises(KeyError):
        address(Path("/")).joined("none.js")


def test_a_vendored_module_stays_a_file_of_its_own() -> None:
    scripts = Scripts({"js/a.js": "import { io } from '../vendor/io.js';\nio();\n"}, lambda name: f"/static/1/{name}")
    joined = scripts.joined("js/a.js")
    assert joined.startswith("import * as vendor_io_js from '/static/1/vendor/io.js';\n")
    assert "const { io } = vendor_io_js;" in joined


def shipped() -> dict[str, str]:
    """Our scripts by name, without comments, as they are joined."""
    folder = find_web_folder()
    comment = re.compile(r"^[ \t]*(?://[^\n]*|/\*(?:[^*]|\*(?!/))*\*/[ \t]*)$", re.MULTILINE)
    paths = (path for path in (folder / "js").rglob("*.js"))
    return {path.relative_to(folder).as_posix(): comment.sub("", path.read_text("utf-8")) for path in paths}


def test_our_scripts_keep_the_rules_that_make_joining_possible() -> None:
    texts = shipped()
    assert len(texts) > 80
    scripts = Scripts(texts, str)
    lines = [(name, line) for name, text in texts.items() for line in text.splitlines()]
    imports = re.compile(r"import (\{ [\w$, ]+ \} from )?'\.[^']+';")
    exports = re.compile(r"export ((async )?function|class|const) \w+\b")
    assert [each for each in lines if each[1].startswith("import ") and not imports.fullmatch(each[1])] == []
    assert [each for each in lines if each[1].startswith("export") and not exports.match(each[1])] == []
    imported = {needed for name in texts for needed in scripts.together(name)[:-1]}
    waiting = {name for name, line in lines if re.match(r"[^ /*}].*\bawait\b(?!.*=>)", line) and "async" not in line}
    assert "js/reader/page.js" in waiting
    assert waiting & imported == set()
    for name in texts:
        assert scripts.together(name)[-1] == name  # a circle of imports would have no end


def test_every_page_s_scripts_can_be_joined() -> None:
    files = StaticFiles(find_web_folder())
    joined = [name for name in files.names if name.startswith("js/") and (file := files.get(name)) and file.body]
    assert len(joined) > 80
