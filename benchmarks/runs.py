"""When and on which machine a benchmark was run: benchmarks/runs.json, with an entry for each file of results.

Knows the machine and that file. Does not know any benchmark.
"""

import json
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from huggingtweets.core.process.cpu import usable_cores

HERE = Path(__file__).parent
RUNS = HERE / "runs.json"
CPU_FACTS = Path("/proc/cpuinfo")
ABILITIES = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_int8")


def machine() -> str:
    """This machine in a few words: its cores, its processor and what that can do, and torch's version."""
    facts = dict(_facts())
    name = facts.get("model name") or platform.processor() or platform.machine()
    flags = facts.get("flags", "").split()
    able = ", ".join(ability for ability in ABILITIES if ability in flags)
    from importlib.metadata import version

    return f"{usable_cores()} cores, {name}{f' ({able})' if able else ''}, torch {version('torch')}"


def _facts() -> list[tuple[str, str]]:
    """What the kernel says of the first core. Empty where it says that elsewhere."""
    if not CPU_FACTS.exists():
        return []
    lines = CPU_FACTS.read_text(encoding="utf-8").partition("\n\n")[0].splitlines()
    return [(key.strip(), value.strip()) for key, _, value in (line.partition(":") for line in lines)]


def read(file: Path = RUNS) -> dict[str, dict[str, Any]]:
    """What is noted of each file of results, by its name."""
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def note(results: str, seconds: float, file: Path = RUNS) -> None:
    """Note that the file `results` was made just now on this machine, in so many seconds."""
    entry = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine(), "seconds": round(seconds)}
    runs = dict(sorted({**read(file), results: entry}.items()))
    file.write_text(json.dumps(runs, indent=1) + "\n", encoding="utf-8")
