"""The worker by which Plover2CAT posts captions to Zoom: its own `captionWorker.py`, without the program around it.

Qt, which carries its signals between threads, and the client for OBS are replaced by what does nothing. The expression
by which it divides text is read from its `steno_objects.py`, which needs Plover itself.
"""

from __future__ import annotations

import re
import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

LONGEST, ROWS = 32, 3
"""What its documentation suggests: characters of a row, and rows of a window."""
NEW_PARAGRAPH = "\u2029"


class _Signal:
    def __init__(self, *_: object) -> None:
        self.emitted: list[str] = []

    def emit(self, *said: str) -> None:
        self.emitted += said


class _Object:
    def __init__(self) -> None:
        for name in ("capSend", "finished", "postMessage"):
            setattr(self, name, _Signal())


def _folder() -> Path:
    found = find_spec("plover_cat")
    assert found is not None, "plover2cat is not installed: run `make .venv/.dev`."
    return Path(str(found.origin)).parent


def _module(name: str, **named: object) -> ModuleType:
    made = ModuleType(name)
    vars(made).update(named)
    return made


def _worker_class() -> Any:
    folder = _folder()
    divides = re.search(
        r"^_whitespace = (?P<signs>'.+')$\n.+\n^wordsep_simple_re = .+$",
        (folder / "steno_objects.py").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert divides is not None
    signs = divides["signs"].strip("'").encode().decode("unicode_escape")
    around = {
        "PySide6": _module("PySide6"),
        "PySide6.QtCore": _module("PySide6.QtCore", QObject=_Object, Signal=_Signal),
        "obsws_python": _module("obsws_python"),
        "obsws_python.error": _module("obsws_python.error", OBSSDKRequestError=OSError),
        "plover_cat": _module("plover_cat"),
        "plover_cat.steno_objects": _module(
            "plover_cat.steno_objects", wordsep_simple_re=re.compile(f"([{re.escape(signs)}]+)")
        ),
    }
    spec = spec_from_file_location("plover_caption_worker", folder / "captionWorker.py")
    assert isinstance(spec, ModuleSpec)
    assert spec.loader is not None
    worker = module_from_spec(spec)
    before = {name: sys.modules.get(name) for name in around}
    sys.modules.update(around)
    try:
        spec.loader.exec_module(worker)
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
    return worker.captionWorker


class PloverWorker:
    """A person at Plover2CAT: what they write, and what the program says of its posts."""

    def __init__(self, address: str, *, rolling: bool = True) -> None:
        self._worker: Any = _worker_class()(
            roll_caps=rolling, max_length=LONGEST, max_lines=ROWS, remote="Zoom", endpoint=address
        )

    def write(self, text: str) -> None:
        """Write words one after the other, each with the space before it, as strokes come."""
        for piece in re.findall(r"\s*\S+", text):
            self._worker.intake(piece)

    def end_paragraph(self) -> None:
        """End the paragraph. Only then does the other mode send its last row."""
        self._worker.intake(NEW_PARAGRAPH)

    @property
    def complaints(self) -> list[str]:
        """What the program shows of posts that were refused."""
        return list(self._worker.postMessage.emitted)
