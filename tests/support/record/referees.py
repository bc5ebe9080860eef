"""Programs of others that say whether the record's files are what they claim to be. Only tests ask them."""

from __future__ import annotations

import json
import shutil
import subprocess
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from lxml import etree


def folder_of(package: str) -> Path:
    """Return the folder of an installed package without loading it."""
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


@cache
def akoma_ntoso_schema() -> etree.XMLSchema:
    """Return the schema of OASIS, as the package `cobalt` ships it."""
    return etree.XMLSchema(etree.parse(folder_of("cobalt") / "xsd/akomantoso30.xsd"))


def faults_of_book(path: Path) -> list[str]:
    """Return what epubcheck finds in an e-book, warnings too; skips the test where there is no Java."""
    java = shutil.which("java")
    if java is None:
        pytest.skip("Java is not installed: this test needs it; on Debian: apt-get install default-jre-headless")
    jar = folder_of("epubcheck") / "epubcheck.jar"
    quick = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")  # It runs for a second.
    run = subprocess.run(
        [java, *quick, "-jar", str(jar), "--json", "-", str(path)],
        capture_output=True,
        encoding="utf-8",
        check=False,  # It has another status where it finds something.
    )
    said: dict[str, Any] = json.loads(run.stdout)
    assert said["checker"]["filename"] == path.name
    return [f"{each['ID']} {each['severity']}: {each['message']}" for each in said["messages"]]
