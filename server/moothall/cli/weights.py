"""Whether the recogniser's weights are there, asked before anything is started."""

from __future__ import annotations

from moothall.core.kernel.errors import ConfigurationError


def require_model(name: str) -> None:
    """Raises ConfigurationError with what to do when the model `name` can't be loaded."""
    if name.startswith(("scripted:", "openai:")):  # Files and services: the engine says what is wrong with them.
        return
    try:
        from moothall_models.store import open_store
    except ImportError as error:
        msg = "This installation has no recogniser. Install moothall with the extra 'engine'."
        raise ConfigurationError(msg) from error
    open_store().path(name)
