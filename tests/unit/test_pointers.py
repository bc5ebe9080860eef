"""Comments and docstrings name files that exist: whoever moves or renames a file finds here what names it."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("server", "hubs", "models", "web/js", "config", "tests")
"""Whose comments are read."""
ALL = ("server", "hubs", "models", "web", "config", "tests", "docs", "bench", "tools", "requirements")
OTHERS = {"vendor", "node_modules", "__pycache__"}
"""Folders whose files are other people's, or made."""
ELSEWHERE = {
    "python/ctranslate2/specs/model_spec.py": "CTranslate2's",
    "argostranslate/translate.py": "Argos Translate's",
    "Node.js": "a program",
    "hls.js": "a player, which a test has",
    "captionWorker.py": "Plover2CAT's",
    "steno_objects.py": "Plover2CAT's",
}
"""What is pointed to and isn't the project's."""
SAID = {
    ".py": re.compile(r'""".*?"""|(?<!\S)#[^\n]*', re.DOTALL),
    ".js": re.compile(r"/\*.*?\*/|(?<!\S)//[^\n]*", re.DOTALL),
    ".toml": re.compile(r"(?<!\S)#[^\n]*"),
}
TOPS = "server|hubs|models|web|config|tests|docs|bench|tools|core|wire|record|services|adapters|app|cli|support|unit"
POINTER = re.compile(
    rf"""
    (?<![\w/.*{{}}<-])                                    # an address begins with a slash
    (?: [^\W_][\w./-]*\.(?:py|js|md|toml|html|po|css)\b        # a file, with its folders or without
      | (?:{TOPS})/[\w./-]*\w                              # a file or a folder, with the folder that it is in
    )
    (?![\w*{{/<-])                                         # a pattern has a place
    """,
    re.VERBOSE,
)


def files(*folders: str) -> list[str]:
    """The project's files below these folders, from its root on."""
    found = [path.relative_to(ROOT) for folder in folders for path in sorted((ROOT / folder).rglob("*.*"))]
    return [path.as_posix() for path in found if not OTHERS & set(path.parts)]


def pointers(name: str) -> list[str]:
    """What the comments and docstrings of a file point to."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return [pointer for said in SAID[Path(name).suffix].findall(text) for pointer in POINTER.findall(said)]


def test_the_pattern_finds_what_it_is_for() -> None:
    said = "See `docs/adr/0009`, codec.py, (`core/questions/order.py`) and config/words."
    assert POINTER.findall(said) == ["docs/adr/0009", "codec.py", "core/questions/order.py", "config/words"]
    assert not POINTER.findall("/static/{name}.js, tests/*.toml, `_door.py`, 1.5 s, and/or, `a.b`, script.json")


def test_every_file_that_a_comment_names_exists() -> None:
    known = "".join(f"/{name}\n" for name in [*files(*ALL), *(path.name for path in ROOT.glob("*.*"))])
    read = [name for name in files(*FOLDERS) if Path(name).suffix in SAID]
    found = [(name, pointer) for name in read for pointer in pointers(name) if name != "tests/unit/test_pointers.py"]
    assert len(found) > 200
    assert ELSEWHERE.keys() <= {pointer for _, pointer in found}
    # A file may be named without its ending, and a decision by its number.
    missing = [
        f"{name}: {pointer}"
        for name, pointer in found
        if pointer not in ELSEWHERE and not any(f"/{pointer}{end}" in known for end in "\n/.-")
    ]
    assert missing == []
