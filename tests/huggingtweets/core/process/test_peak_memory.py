"""The peak of the memory is in MiB on this system, and does not fall."""

import subprocess
import sys


def test_the_peak_counts_what_was_freed_again() -> None:
    script = (
        "from huggingtweets.core.process.peak_memory import peak_memory_mib\n"
        "before = peak_memory_mib(); block = b'x' * (64 << 20); del block\n"
        "print(before, peak_memory_mib())"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    before, after = map(int, told.split())
    assert 5 < before < 500
    assert 60 <= after - before <= 70
