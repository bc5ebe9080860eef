from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from moothall.adapters.system.interpreter import THRESHOLDS
from support.files.compiled_templates import keep_compiled
from support.files.constants import read_constants_of_part
from support.files.rewritten import rewrite_part
from support.halls.warm import keep_warm

if TYPE_CHECKING:
    from support.cluster.process import RedisProcesses

# From the beginning, so that collecting looks through what it makes a few times only: that took an eighth of it.
gc.set_threshold(*THRESHOLDS)

ANY_PACE = [HealthCheck.too_slow]
"""How quick a machine is says nothing of a law."""
settings.register_profile("dev", max_examples=50, deadline=None, suppress_health_check=ANY_PACE)
settings.register_profile("ci", max_examples=15, deadline=None, derandomize=True, suppress_health_check=ANY_PACE)
settings.register_profile("long", max_examples=500, deadline=None, suppress_health_check=ANY_PACE)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


keep_warm()
keep_compiled()
# Servers that tests start as processes have no translators, unless a test says so: they cost a second of CPU each.
os.environ.setdefault("MOOTHALL_TRANSLATION__TRANSLATORS", "")
# Nor metrics: their port is the same for all of them.
os.environ.setdefault("MOOTHALL_METRICS__HOST", "")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the golden texts from what the code makes now, instead of comparing",
    )


LONG_FIRST = (
    "integration/operation/test_kill",
    "integration/operation/test_full_disk",
    "integration/removal/test_not_recorded",
    "e2e",
    "integration",
)
"""Where tests wait longest for real servers: begun last, they would keep one worker busy and the others idle."""


def pytest_sessionstart(session: pytest.Session) -> None:
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is not None and not sys.dont_write_bytecode:
        rewrite_part(session.config, int(worker.removeprefix("gw")), int(os.environ["PYTEST_XDIST_WORKER_COUNT"]))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Have every worker begin with long tests: each gets an equal part of the list, from its beginning to its end.

    Tests of a file stay together, since many share a server.
    """
    tests = config.rootpath / "tests"

    def turn(path: Path) -> int:
        where = path.relative_to(tests).as_posix() if path.is_relative_to(tests) else ""
        return next((n for n, part in enumerate(LONG_FIRST) if where.startswith(part)), len(LONG_FIRST))

    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    dealt = sorted(files, key=turn)
    items[:] = [item for first in range(workers) for path in dealt[first::workers] for item in files[path]]
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is not None:
        read_constants_of_part(int(worker.removeprefix("gw")), workers)


def pytest_collection_finish() -> None:
    """Spare the garbage collector all tests: a full collection took 0.2 s, and each hall that a test runs did one."""
    gc.freeze()


@pytest.fixture(scope="session")
def redis_processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisProcesses]:
    """Redis and Valkey, started when the first test asks for one."""
    from support.cluster.process import RedisProcesses  # Most tests need nothing of it.

    processes = RedisProcesses(tmp_path_factory.mktemp("cluster"))
    yield processes
    processes.stop()


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))
