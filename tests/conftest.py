from __future__ import annotations

import os

import pytest
from hypothesis import settings

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


TRACED = (
    "unit/core",
    "unit/wire",
    "unit/record",
    "unit/models",
    "golden",
    "property/core/questions/test_ballots.py",
    "property/test_ids.py",
    "property/test_persistent.py",
    "property/wire/test_hub_records_laws.py",
    "property/wire/test_token_bucket.py",
)
"""What holds the gate of 100 %. Most laws reach nothing that these don't, and took twice as long when traced."""


LONG_FIRST = (
    "integration/test_kill",
    "integration/test_full_disk",
    "integration/test_not_recorded",
    "e2e",
    "integration",
)
"""Where tests wait longest for real servers: begun last, they would keep one worker busy and the others idle."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Have long tests begin first; and trace those alone that hold the gate of 100 %: it would slow down all others.

    The gate is held by tests of the pure layers themselves.
    """
    tests = config.rootpath / "tests"

    def turn(item: pytest.Item) -> int:
        where = item.path.relative_to(tests).as_posix()
        return next((n for n, part in enumerate(LONG_FIRST) if where.startswith(part)), len(LONG_FIRST))

    items.sort(key=turn)
    if not config.getoption("cov_fail_under", default=None):
        return
    traced = [tests / part for part in TRACED]
    assert all(path.exists() for path in traced), "A test that holds the gate was moved: say so in TRACED."
    for item in items:
        if not any(map(item.path.is_relative_to, traced)):
            item.add_marker("no_cover")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))
