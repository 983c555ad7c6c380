"""The loss curve of a training as the points of two lines in a small picture.

Knows percents and losses. Does not know templates.
"""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, MARGIN = 600, 180, 12
Point = tuple[float, float, float | None]  # percent of the learning, loss, best held-out loss


@dataclass(frozen=True, slots=True)
class Curve:
    """Points as SVG writes them. `held_out` is empty before the first measurement."""

    learned: str
    held_out: str
    first: float
    last: float
    width: int = WIDTH
    height: int = HEIGHT


def curve_of(points: Sequence[Point], *, whole: bool = False) -> Curve | None:
    """The curve, or None for fewer than two points. A `whole` one fills the width: nothing comes after it."""
    if len(points) < 2:
        return None
    losses = [loss for _, loss, _ in points]
    held_out = [(percent, best) for percent, _, best in points if best is not None]
    values = losses + [best for _, best in held_out]
    low, high = min(values), max(values)
    begin, end = (points[0][0], points[-1][0]) if whole and points[-1][0] > points[0][0] else (0, 100)

    def line(pairs: Sequence[tuple[float, float]]) -> str:
        span = (high - low) or 1.0
        return " ".join(
            f"{MARGIN + (percent - begin) / (end - begin) * (WIDTH - 2 * MARGIN):.1f},"
            f"{MARGIN + (high - value) / span * (HEIGHT - 2 * MARGIN):.1f}"
            for percent, value in pairs
        )

    return Curve(
        line([(percent, loss) for percent, loss, _ in points]),
        line(held_out) if len(held_out) > 1 else "",
        losses[0],
        losses[-1],
    )
