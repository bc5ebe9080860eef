from __future__ import annotations

import subprocess
import sys

import pytest
from redis._parsers.base import BaseParser

from moothall.adapters.cluster.server import code_of, refused, unanswered, unreachable
from moothall.core.kernel.errors import OutcomeUnknown

WORDS = "rhubarb and custard"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("OOM allow-oom flag is not set on the script", "no memory left"),
        ("OOM command not allowed when used memory > 'maxmemory'.", "no memory left"),
        ("MISCONF Redis is configured to save RDB snapshots", "Is its disk full?"),
        ("READONLY You can't write against a read only replica.", "is a replica"),
        ("LOADING Redis is loading the dataset in memory", "still reading its files"),
        ("CLUSTERDOWN The cluster is down", "cluster that is down"),
        ("MASTERDOWN Link with MASTER is down", "lost its primary"),
        ("NOREPLICAS Not enough good replicas to write.", "min-replicas-to-write"),
        ("BUSY Redis is busy running a script.", "somebody's script"),
        ("MOVED 3999 127.0.0.1:6381", "not supported"),
        ("ASK 3999 127.0.0.1:6381", "not supported"),
        ("CROSSSLOT Keys in request don't hash to the same slot", "not supported"),
        ("NOAUTH Authentication required.", "asks for a password"),
        ("WRONGPASS invalid username-password pair", "refuses the user or the password"),
        ("NOPERM this user has no permissions", "doesn't permit"),
        ("NOSCRIPT No matching script.", "forgets its scripts"),
    ],
)
@pytest.mark.parametrize("writes", [True, False])
def test_an_answer_of_refusal_says_that_nothing_was_stored(answer: str, said: str, writes: bool) -> None:
    error = BaseParser.parse_error(answer)  # type: ignore[no-untyped-call]
    meant = refused("10.0.0.7:6379", error, writes=writes)
    assert not isinstance(meant, OutcomeUnknown)
    assert said in str(meant)
    assert "10.0.0.7:6379" in str(meant)
    assert str(meant).endswith("Nothing was stored.")


@pytest.mark.parametrize("answer", [f"ERR {WORDS}", f"WRONGTYPE {WORDS}", f"user_script:3: {WORDS}"])
def test_any_other_leaves_the_outcome_of_what_writes_unknown_and_passes_on_no_text(answer: str) -> None:
    error = BaseParser.parse_error(answer)  # type: ignore[no-untyped-call]
    assert isinstance(refused("here", error, writes=True), OutcomeUnknown)
    meant = refused("here", error, writes=False)
    assert not isinstance(meant, OutcomeUnknown)
    assert WORDS not in str(meant)
    assert code_of(error) in ("ERR", "WRONGTYPE")


def test_what_was_sent_and_what_was_not_are_told_apart() -> None:
    assert not isinstance(unreachable("here", "it took too long"), OutcomeUnknown)
    assert isinstance(unanswered("here", "it took too long", writes=True), OutcomeUnknown)
    assert not isinstance(unanswered("here", "it took too long", writes=False), OutcomeUnknown)


LOADED = """
import sys
import moothall.app.hall, moothall.cli.main
import moothall.adapters.cluster.book_redis, moothall.adapters.cluster.log_redis, moothall.adapters.cluster.redis_facts
print([each for each in sys.modules if each.partition(".")[0] == "redis"])
"""


def test_the_library_is_loaded_only_by_whoever_reaches_a_server() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
