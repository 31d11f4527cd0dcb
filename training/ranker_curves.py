"""The curves of a ranker for people: tables with bars in the terminal, small multiples in a PNG file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich import box
from rich.table import Table

from matching.errors import InvalidInput
from matching.features import FEATURES
from matching.ranker import Calibration, Curve, Support

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HALF_BAR = 6
_COLUMNS = 4
_MEANINGS = {feature.name: feature.meaning for feature in FEATURES}


def tables(curves: Sequence[Curve], calibration: Calibration | None) -> Iterator[Table]:
    """A table per curve, all bars on one scale, then one of the probabilities where there is a calibration."""
    scale = max(abs(value) for curve in curves for value in (*curve.contributions, curve.unknown)) or 1.0
    for curve in curves:
        yield _curve_table(curve, scale)
    if calibration is not None:
        yield _calibration_table(calibration)


def bar(value: float, scale: float) -> str:
    """A bar from a zero line in its middle, to the left where the value is below it; full at ±scale."""
    cells = round(abs(value) / scale * _HALF_BAR)
    left, right = ("█" * cells, "") if value < 0 else ("", "█" * cells)
    return f"{left:>{_HALF_BAR}}│{right:<{_HALF_BAR}}"


def ranges(edges: Sequence[float]) -> list[str]:
    """What each step holds, in words: up to the first edge, between two, above the last."""
    if not edges:
        return ["any"]
    between = [f"{low:.4g} to {high:.4g}" for low, high in zip(edges, edges[1:], strict=False)]
    return [f"up to {edges[0]:.4g}", *between, f"above {edges[-1]:.4g}"]


def draw(curves: Sequence[Curve], calibration: Calibration | None, file: Path) -> None:
    """Draw small multiples into a PNG file; InvalidInput where matplotlib is missing or the file is no .png."""
    if file.suffix.lower() != ".png":
        raise InvalidInput(f"--png is {str(file)!r}, expected a name that ends in .png")
    if find_spec("matplotlib") is None:
        raise InvalidInput("--png needs matplotlib, which is not installed; the extra `training` brings it")
    from matplotlib.figure import Figure

    panels = len(curves) + (calibration is not None)
    columns = min(_COLUMNS, panels)
    rows = -(-panels // columns)
    figure = Figure(figsize=(4.2 * columns, 3.0 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
    for axis, curve in zip(axes, curves, strict=False):
        _draw_curve(axis, curve)
    if calibration is not None:
        _draw_calibration(axes[len(curves)], calibration)
    for axis in axes[panels:]:
        axis.set_axis_off()
    figure.savefig(file, dpi=110)


def _curve_table(curve: Curve, scale: float) -> Table:
    title = f"{curve.feature}: {_MEANINGS[curve.feature]}"
    table = _table(title, "value", "adds", "", "90 % interval", "candidates/requests")
    values = (*curve.contributions, curve.unknown)
    data = _data_cells(curve.support) if curve.support else [("", "")] * len(values)
    for name, value, cells in zip((*ranges(curve.edges), "unknown"), values, data, strict=True):
        table.add_row(name, f"{value:+.3f}", bar(value, scale), *cells)
    table.add_row("not asked", "+0.000", bar(0.0, scale), "", "")
    return table


def _data_cells(support: Support) -> list[tuple[str, str]]:
    entries = zip(support.low, support.high, support.candidates, support.requests, support.few_data, strict=True)
    return [
        (f"{low:+.2f} to {high:+.2f}", f"{candidates}/{requests}{' few data' if few else ''}")
        for low, high, candidates, requests, few in entries
    ]


def _calibration_table(calibration: Calibration) -> Table:
    title = f"probability of grade {calibration.relevant_grade} or above, by score"
    table = _table(title, "score", "probability", "", "95 % interval", "candidates")
    steps = zip(calibration.probabilities, calibration.low, calibration.high, calibration.candidates, strict=True)
    for name, (probability, low, high, candidates) in zip(ranges(calibration.edges), steps, strict=True):
        cells = "█" * round(probability * 2 * _HALF_BAR)
        table.add_row(name, f"{probability:.1%}", cells, f"{low:.1%} to {high:.1%}", str(candidates))
    return table


def _table(title: str, *headings: str) -> Table:
    """A table that keeps each row on one line and fits a terminal of 80 columns."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE, pad_edge=False, padding=0)
    for heading in headings:
        table.add_column(heading, no_wrap=True)
    return table


def _draw_curve(axis: Axes, curve: Curve) -> None:
    """Steps with their interval, hollow dots where there are few data, a dashed line for UNKNOWN."""
    bounds = step_bounds(curve.edges)
    axis.axhline(0.0, color="0.8", linewidth=0.8)
    axis.stairs(curve.contributions, bounds, baseline=None, color="C0", linewidth=1.6)
    axis.axhline(curve.unknown, color="C1", linestyle="--", linewidth=1.0, label="unknown")
    if curve.support:
        low, high = (np.array(side[:-1]) for side in (curve.support.low, curve.support.high))
        axis.stairs(high, bounds, baseline=low, fill=True, color="C0", alpha=0.2)
        axis.set_ylim(*_limits((*curve.support.low, *curve.support.high, 0.0)))
        few = np.array(curve.support.few_data[:-1])
        middles = (bounds[1:] + bounds[:-1]) / 2
        heights = np.array(curve.contributions)[few]
        axis.plot(middles[few], heights, "o", color="C3", markersize=4, markerfacecolor="white", label="few data")
    axis.set_title(curve.feature, fontsize=9)
    axis.set_xlabel(_MEANINGS[curve.feature], fontsize=8)
    axis.tick_params(labelsize=7)
    axis.legend(fontsize=6, frameon=False)


def _draw_calibration(axis: Axes, calibration: Calibration) -> None:
    bounds = step_bounds(calibration.edges)
    axis.stairs(calibration.probabilities, bounds, baseline=None, color="C2", linewidth=1.6)
    axis.stairs(calibration.high, bounds, baseline=np.array(calibration.low), fill=True, color="C2", alpha=0.2)
    axis.set_title(f"probability of grade {calibration.relevant_grade} or above", fontsize=9)
    axis.set_xlabel("score, log-odds", fontsize=8)
    axis.tick_params(labelsize=7)


def _limits(values: Sequence[float]) -> tuple[float, float]:
    margin = (max(values) - min(values)) * 0.06 or 0.5
    return min(values) - margin, max(values) + margin


def step_bounds(edges: Sequence[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Edges with an end on either side, as the first and the last step have none of their own."""
    if not edges:
        return np.array([-0.5, 0.5])
    margin = (edges[-1] - edges[0]) * 0.08 or 0.5
    return np.array([edges[0] - margin, *edges, edges[-1] + margin])
