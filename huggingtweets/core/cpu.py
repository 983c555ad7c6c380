"""A process that computes on the CPU: how many threads, and memory that it keeps for the next step.

Knows torch's thread pool and glibc's allocator. Does not know what is computed.
"""

import ctypes
import os

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # mallopt(3)
_LARGEST_KEPT_BYTES = 1 << 30


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def use_threads(wanted: int) -> None:
    """Let torch use `wanted` threads, or one a core this process may use when it is 0."""
    import torch

    torch.set_num_threads(wanted or usable_cores())


def keep_freed_memory() -> None:
    """Let the allocator keep large blocks, so that a step's tensors are not mapped and zeroed anew each time.

    Measured on two cores: 20 % more tokens a second in fine-tuning, for 160 MB more at the peak. Without glibc it does
    nothing.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    mallopt(_M_MMAP_THRESHOLD, _LARGEST_KEPT_BYTES)
    mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1)
