from __future__ import annotations

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
