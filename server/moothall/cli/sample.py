"""The sample session that comes with every release."""

from __future__ import annotations

from pathlib import Path

from moothall.core.errors import ConfigurationError

SAMPLE_TITLE = "Taking part from far away"
_NAME = Path("config") / "sample" / "session.opus"


def sample_file() -> Path:
    """Its recording: in a checkout beside `server/`, in a wheel inside the package. Raises ConfigurationError."""
    package = Path(__file__).resolve().parents[1]
    for root in (package.parents[1], package):
        if (root / _NAME).is_file():
            return root / _NAME
    msg = f"The sample session {_NAME} is missing from this installation. Name a recording with --file."
    raise ConfigurationError(msg)
