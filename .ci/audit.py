"""Known weaknesses of the packages in constraints.txt: `python .ci/audit.py`. It fails if there is one.

Where the service that knows them cannot be reached, it says so in one line and does not fail. Knows pip-audit.
"""

import json
import subprocess
import sys
from pathlib import Path

PINNED = Path(__file__).resolve().parents[1] / "constraints.txt"


def weaknesses(told: str) -> list[str]:
    """A line for each weakness in the JSON that pip-audit prints. Raises `ValueError` if it is none."""
    packages = json.loads(told)["dependencies"]
    return [
        f"{package['name']} {package['version']}: {fault['id']}, mended in {', '.join(fault['fix_versions']) or 'none'}"
        for package in packages
        for fault in package.get("vulns", ())
    ]


def verdict(told: str, complaint: str) -> tuple[int, str]:
    """The exit code, and what to print, after pip-audit has printed `told` on stdout and `complaint` on stderr."""
    try:
        found, packages = weaknesses(told), json.loads(told)["dependencies"]
    except ValueError:
        last = (complaint.strip().splitlines() or ["pip-audit said nothing"])[-1]
        return 0, f"No package was looked up, because the service cannot be reached: {last[:200]}"
    if found:
        return 1, "\n".join(found)
    skipped = [package["skip_reason"] for package in packages if "skip_reason" in package]
    if len(skipped) == len(packages):
        return 0, f"No package was looked up, because the service does not know them from here: {skipped[0][:200]}"
    missing = f" {len(skipped)} others could not be looked up." if skipped else ""
    return 0, f"No weakness of {len(packages) - len(skipped)} packages is known.{missing}"


if __name__ == "__main__":
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(PINNED), "--no-deps", "--disable-pip"]
    done = subprocess.run(
        [*command, "--format", "json", "--progress-spinner", "off", "--timeout", "15"],
        capture_output=True,
        text=True,
        check=False,
    )
    code, sentence = verdict(done.stdout, done.stderr)
    print(sentence)
    sys.exit(code)
