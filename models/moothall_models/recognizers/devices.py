"""Where CTranslate2 computes, and with which numbers."""

from __future__ import annotations

from typing import Protocol, get_args

from moothall.core.kernel.errors import ConfigurationError
from moothall.wire.engine import ComputeType, Device

CPU, CUDA, AUTO = "cpu", "cuda", "auto"
DEVICES: tuple[str, ...] = get_args(Device)
COMPUTE_TYPES: tuple[str, ...] = get_args(ComputeType)
PREFERRED = {CPU: ("int8", "float32"), CUDA: ("float16", "int8", "float32")}
"""What `auto` is: the first of these that the device knows."""


class Machine(Protocol):
    """What there is to compute with; the module `ctranslate2` is one."""

    def get_cuda_device_count(self) -> int:
        """Graphics cards that can be used; 0 also where NVIDIA's driver is missing or too old."""
        ...

    def get_supported_compute_types(self, device: str) -> set[str]:
        """What the device knows."""
        ...


def choose_device(device: str, compute_type: str, machine: Machine) -> tuple[str, str]:
    """The device, `cpu` or `cuda`, and the compute type that were asked for; `auto` is decided here.

    Raises ConfigurationError when the machine doesn't have it.
    """
    has_cuda = machine.get_cuda_device_count() > 0
    if device == CUDA and not has_cuda:
        msg = (
            "No graphics card can be used here: NVIDIA's driver is missing or older than this CTranslate2 needs. "
            "Install it, or set the engine's device to cpu or auto."
        )
        raise ConfigurationError(msg)
    chosen = (CUDA if has_cuda else CPU) if device == AUTO else device
    known = machine.get_supported_compute_types(chosen)
    wanted = PREFERRED[chosen] if compute_type == AUTO else (compute_type,)
    for kind in wanted:
        if kind in known:
            return chosen, kind
    msg = (
        f"This machine can't compute with {' or '.join(wanted)} on {chosen}; it knows {', '.join(sorted(known))}. "
        f"Set the engine's compute type to one of these or to auto."
    )
    raise ConfigurationError(msg)
