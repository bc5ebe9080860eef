"""The engine: a process of its own that turns audio into text."""

import os

# onnxruntime from 1.29 on sends telemetry to its maker, and buffers it in a file, unless this is set before it is first
# loaded. No data of a meeting may leave the house, and an engine writes to no disk.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
