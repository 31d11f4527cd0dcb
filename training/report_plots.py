"""Plots of a report as SVG that stands within a page of HTML."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from matching.errors import InvalidInput
from matching.features import FEATURES
from matching.ranker import GlassBoxRanker
from training.model_measures import Measures
from training.ranker_curves import step_bounds

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_OLD, _NEW, _WORSE = "#7b8a84", "#0e6b52", "#b3402a"
_COLUMNS = 3
_BINS, _LEAST = 10, 10
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9.0, "axes.spines.top": False,
    "axes.spines.right": False, "axes.edgecolor": "#9aa6a1", "axes.titlesize": 9.0,
}  # fmt: skip


def curves(old: GlassBoxRanker, new: GlassBoxRanker) -> str:
    """What each value of each feature adds, by the ranker in use and by the new one."""

    def paint(figure: Figure) -> None:
        axes = figure.subplots(-(-len(FEATURES) // _COLUMNS), _COLUMNS, squeeze=False).ravel().tolist()
        for axis, feature, first, second in zip(axes, FEATURES, old.curves, new.curves, strict=False):
            axis.axhline(0.0, color="0.85", linewidth=0.8)
            for curve, colour, width, name in ((first, _OLD, 1.4, "in use"), (second, _NEW, 1.8, "new")):
                axis.stairs(curve.contributions, step_bounds(curve.edges), baseline=None, color=colour,
                            linewidth=width, label=name)  # fmt: skip
                axis.axhline(curve.unknown, color=colour, linestyle=":", linewidth=1.0)
            axis.set_title(feature.name.replace("_", " "))
            axis.tick_params(labelsize=7)
        axes[0].legend(frameon=False, fontsize=8)
        for axis in axes[len(FEATURES) :]:
            axis.set_axis_off()

    return _svg("curves", (10.0, 2.1 * -(-len(FEATURES) // _COLUMNS)), paint)


def differences(rows: Sequence[Mapping[str, Any]], name: str) -> str:
    """A row per line: the difference with its interval; what is surely worse stands out."""

    def paint(figure: Figure) -> None:
        axis = figure.subplots()
        places = np.arange(len(rows))[::-1]
        for place, row in zip(places.tolist(), rows, strict=True):
            colour = _WORSE if row["high"] < 0 else _NEW if row["low"] > 0 else _OLD
            axis.plot([row["low"], row["high"]], [place, place], color=colour, linewidth=2.4, solid_capstyle="round")
            axis.plot([row["difference"]], [place], "o", color=colour, markersize=6)
        axis.axvline(0.0, color="0.6", linewidth=0.9)
        axis.set_yticks(places, [str(row[name]) for row in rows])
        axis.set_ylim(-0.6, len(rows) - 0.4)
        axis.set_xlabel("difference, new less in use, with its 95 % interval")

    return _svg(name, (8.5, 0.8 + 0.28 * len(rows)), paint)


def calibration(old: Measures, new: Measures) -> str:
    """Share of relevant candidates against the probability said, in tenths of the scale that hold ten at least."""

    def paint(figure: Figure) -> None:
        axis = figure.subplots()
        axis.plot([0, 1], [0, 1], color="0.8", linewidth=1.0)
        for measures, colour, name in ((old, _OLD, "in use"), (new, _NEW, "new")):
            steps = np.minimum((measures.probabilities * _BINS).astype(np.int64), _BINS - 1)
            bins = [members for step in range(_BINS) if len(members := np.flatnonzero(steps == step)) >= _LEAST]
            said = [float(measures.probabilities[members].mean()) for members in bins]
            happened = [float(measures.relevant[members].mean()) for members in bins]
            axis.plot(said, happened, "o-", color=colour, markersize=5, linewidth=1.2, label=name)
        axis.set_xlabel("probability said")
        axis.set_ylabel("share relevant")
        axis.legend(frameon=False)

    return _svg("calibration", (4.6, 3.6), paint)


def propensities(rows: Sequence[Mapping[str, Any]]) -> str:
    """How likely each position was looked at, with its interval."""

    def paint(figure: Figure) -> None:
        axis = figure.subplots()
        positions, values, low, high = (
            np.array([row[name] for row in rows], np.float64) for name in ("position", "propensity", "low", "high")
        )
        axis.fill_between(positions, low, high, color=_NEW, alpha=0.18, linewidth=0)
        axis.plot(positions, values, "o-", color=_NEW, markersize=4, linewidth=1.4)
        axis.set_xlabel("position")
        axis.set_ylabel("looked at, relative to the first")
        axis.set_ylim(bottom=0.0)

    return _svg("propensities", (4.6, 3.2), paint)


def exposure(old: Mapping[str, float], new: Mapping[str, float]) -> str:
    """Share of the exposure of the first ten places by size of firm."""
    groups = sorted({*old, *new})

    def paint(figure: Figure) -> None:
        axis = figure.subplots()
        places = np.arange(len(groups))
        for shares, colour, shift, name in ((old, _OLD, -0.2, "in use"), (new, _NEW, 0.2, "new")):
            bars = axis.bar(places + shift, [shares.get(one, 0.0) for one in groups], 0.38, color=colour, label=name)
            axis.bar_label(bars, fmt=lambda share: f"{share:.1%}", fontsize=7)
        axis.set_xticks(places, [one or "not stated" for one in groups])
        axis.set_ylabel("share of exposure")
        axis.legend(frameon=False)

    return _svg("exposure", (5.6, 3.2), paint)


def _svg(name: str, size: tuple[float, float], paint: Callable[[Figure], None]) -> str:
    """The same text for the same figures; its ids begin with the plot's name, so that no two plots share one."""
    if find_spec("matplotlib") is None:
        raise InvalidInput("a report needs matplotlib, which is not installed; the extra `training` brings it")
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({**_STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=size, layout="constrained")
        paint(figure)
        written = io.StringIO()
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = written.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r'id="', f'id="{name}-', text)
    text = re.sub(r'(href="#|url\(#)', rf"\g<1>{name}-", text)
    return text.replace("<svg ", f'<svg role="img" aria-label="{name}" ', 1)
