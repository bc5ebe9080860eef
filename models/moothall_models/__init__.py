"""The engine: a process of its own that turns audio into text."""

import os

# onnxruntime from 1.29 on sends figures of its use to its maker, and keeps them in a file until it can, unless this is
# set before it is first loaded. Nothing of a meeting leaves the house, and an engine writes to no disk.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
