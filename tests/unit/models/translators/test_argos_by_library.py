from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from moothall.core.kernel.errors import ConfigurationError
from moothall_models.store.translators import find_translators
from moothall_models.translators.argos import argos_library
from moothall_models.translators.argos_package import installed_packages
from support.models.argos_packages import put_package


def test_without_the_library_no_package_is_used_and_it_is_said(tmp_path: Path) -> None:
    put_package(tmp_path, "en", "ru")
    translator = argos_library(installed_packages(tmp_path), libraries=("no_such_module",))
    assert translator.directions == ()
    assert translator.missing == (
        "Installed packages aren't used (en to ru): no_such_module isn't installed. pip install 'moothall[argos]'"
    )


def test_its_directions_have_its_name(tmp_path: Path) -> None:
    put_package(tmp_path, "en", "ru")
    [direction] = argos_library(installed_packages(tmp_path), libraries=()).directions
    assert direction.engine == "argostranslate"


def test_it_is_there_only_where_it_is_named() -> None:
    assert len(find_translators(["argos", "argostranslate"])) == 2
    assert len(find_translators(["argostranslate"])) == 1
    with pytest.raises(ConfigurationError, match="bergamot, apertium, argos, firefox, argostranslate"):
        find_translators(["argos-translate"])


LIBRARY = {
    "settings.py": "debug = True\n",
    "utils.py": "import logging\nlogger = logging.getLogger(__name__)\nlogger.setLevel(logging.INFO)\n",
    "package.py": "class Package:\n    def __init__(self, folder): self.from_code, self.to_code = 'en', 'ru'\n",
    "translate.py": """
from argostranslate import utils
class Language:
    def __init__(self, code, name): pass
class PackageTranslation:
    def __init__(self, source, target, package): self.sentencizer = None  # the library's downloads a model
    def translate(self, text):
        utils.logger.info(text)
        return " / ".join(self.sentencizer.split_sentences(text))
""",
    "__init__.py": "",
}
"""The parts of argostranslate 1.11 that are used: it logs each text, and parts texts with models of its own."""
USES = """
import logging, sys
from pathlib import Path
from moothall.core.translation.routes import Direction
from moothall_models.translators.argos import argos_library
from moothall_models.translators.argos_package import installed_packages
logging.basicConfig(level=logging.INFO, stream=sys.stderr)
translator = argos_library(installed_packages(Path(sys.argv[1])))
[direction] = translator.directions
print(*translator.translate(["It is secret. Nobody knows it."], direction))
"""


def test_the_library_logs_nothing_that_is_said_and_fetches_nothing_to_part_it(tmp_path: Path) -> None:
    put_package(tmp_path / "packages", "en", "ru")
    (tmp_path / "argostranslate").mkdir()
    for name, text in LIBRARY.items():
        (tmp_path / "argostranslate" / name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", USES, str(tmp_path / "packages")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "It is secret. Nobody knows it.\n"
    assert "secret" not in done.stderr
