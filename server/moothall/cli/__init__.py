"""The console command `moothall`. Arguments are read here; what they ask for is done in the modules beside."""

from __future__ import annotations

from moothall.cli.main import main

__all__ = ["main"]
