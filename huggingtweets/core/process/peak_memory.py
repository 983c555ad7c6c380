"""The most memory that this process has had. Knows how each system says that. Does not know what it was for."""

import re
import sys
from pathlib import Path

MIB = 1 << 20


def peak_memory_mib() -> int:
    """The highest resident size so far, in MiB."""
    if sys.platform == "win32":
        import psutil

        return round(psutil.Process().memory_info().peak_wset / MIB)
    if sys.platform == "linux":
        # Not getrusage, which counts what the parent had when it started this process.
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        if peak := re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE):
            return round(int(peak[1]) / 1024)
    import resource

    peak_so_far = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak_so_far / MIB if sys.platform == "darwin" else peak_so_far / 1024)  # the BSDs count in KiB
