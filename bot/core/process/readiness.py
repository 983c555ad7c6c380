"""The answer of /readyz: can the process do its work now?

Knows named checks, and how long a check may take. Does not know what they look at, or who asks.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

CHECK_SECONDS = 3.0
READY, STARTING, NOT_READY = "ready", "starting", "not ready"

ReadinessCheck = Callable[[], Awaitable[object]]  # raises if what it looks at cannot be used


class Readiness:
    """Checks that run all at once whenever somebody asks. Until `started` is called, the answer is `starting`."""

    def __init__(self, **checks: ReadinessCheck):
        self._checks = checks
        self._started = False

    def started(self) -> None:
        """All parts of the process have started."""
        self._started = True

    async def status(self) -> dict[str, str]:
        """`status` is ready, starting or not ready. Each part that cannot be used has an entry of its own."""
        if not self._started:
            return {"status": STARTING}
        passed = await asyncio.gather(*(self._passes(name, check) for name, check in self._checks.items()))
        failed = {name: "cannot be used now" for name, well in zip(self._checks, passed, strict=True) if not well}
        return {"status": NOT_READY if failed else READY, **failed}

    async def _passes(self, name: str, check: ReadinessCheck) -> bool:
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await check()
        except Exception as error:  # noqa: BLE001  any error means that the part cannot be used
            log.warning("not ready, %s: %s", name, error or type(error).__name__)
            return False
        return True
