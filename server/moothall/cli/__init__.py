"""The console command `moothall`. The modules here read its arguments; other packages carry commands out."""

from __future__ import annotations

from moothall.cli.main import main

__all__ = ["main"]
