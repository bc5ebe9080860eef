from __future__ import annotations

import gc
import os

import pytest
from hypothesis import settings

from moothall.adapters.system.collector import THRESHOLDS

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=50, deadline=None, derandomize=True)
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


LONG_FIRST = (
    "integration/test_kill",
    "integration/test_full_disk",
    "integration/test_not_recorded",
    "e2e",
    "integration",
)
"""Where tests wait longest for real servers: begun last, they would keep one worker busy and the others idle."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Have long tests begin first."""
    tests = config.rootpath / "tests"

    def turn(item: pytest.Item) -> int:
        where = item.path.relative_to(tests).as_posix()
        return next((n for n, part in enumerate(LONG_FIRST) if where.startswith(part)), len(LONG_FIRST))

    items.sort(key=turn)


def pytest_collection_finish() -> None:
    """Spare the garbage collector all tests: a full collection took 0.2 s, and each hall that a test runs did one."""
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))
