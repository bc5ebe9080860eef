from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=100, deadline=None, derandomize=True)
settings.register_profile("long", max_examples=500, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


# Servers that tests start as processes have no translators, unless a test says so: they cost a second of CPU each.
os.environ.setdefault("MOOTHALL_TRANSLATION__TRANSLATORS", "")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the golden texts from what the code makes now, instead of comparing",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep tracing to the tests that start no servers, and mix the two kinds.

    The gate of 100 % is held by those that compute; tracing would slow down those that start servers, which wait most
    of their time. So files of either kind take turns: while some wait the others compute.
    """
    here = config.rootpath / "tests"
    kinds: tuple[dict[Path, list[pytest.Item]], dict[Path, list[pytest.Item]]] = ({}, {})
    for item in items:
        waits = item.path.is_relative_to(here / "integration") or item.path.is_relative_to(here / "e2e")
        kinds[waits].setdefault(item.path, []).append(item)
        if waits and config.getoption("cov_fail_under", default=None):
            item.add_marker("no_cover")
    ranked = [(n / len(files), file) for files in kinds for n, file in enumerate(files.values())]
    items[:] = [item for _, file in sorted(ranked, key=lambda each: each[0]) for item in file]


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))
