"""The report on a candidate: one HTML file that needs no network, its verdict in words first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from data.model_versions import ModelVersion
from training import report_plots as plots
from training.comparison_rows import measure_rows, movements, slice_rows
from training.model_measures import SideBySide
from training.promotion import Finding

Rows = Sequence[Mapping[str, Any]]
_STYLE = """
:root { --ink: #22302b; --quiet: #5d6b65; --green: #0e6b52; --red: #b3402a; --line: #e6dfd0; }
body { max-width: 62rem; margin: 2rem auto; padding: 0 1rem 4rem; color: var(--ink); background: #fbf8f2;
  font: 15px/1.55 system-ui, "Noto Sans", "Noto Sans Arabic", "Noto Sans CJK SC", sans-serif; }
h1 { font-size: 1.7rem; margin-block: 0 .2rem; }
h2 { font-size: 1.2rem; color: var(--green); margin-block: 2.4rem .4rem; }
p { max-width: 46rem; margin-block: .3rem .8rem; } .quiet { color: var(--quiet); }
.verdict { border-inline-start: .4rem solid var(--green); background: #fff; padding: .9rem 1.2rem; margin-block: 1rem; }
.verdict.refused { border-color: var(--red); } .verdict strong { font-size: 1.15rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th { text-align: start; color: var(--quiet); font-weight: 500; }
th, td { padding: .35rem .6rem; border-block-end: 1px solid var(--line); vertical-align: top; }
td.number, th.number { text-align: end; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.bad { color: var(--red); font-weight: 600; } figure { margin: .6rem 0; } svg { max-width: 100%; height: auto; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; }
dt { color: var(--quiet); } dd { margin: 0; }
"""
_LONGEST_TEXT = 160


@dataclass(frozen=True)
class _Section:
    title: str
    lead: str
    body: str


def report_page(side: SideBySide, models: Sequence[ModelVersion], findings: Sequence[Finding]) -> str:
    """A whole page on versions beside what is in use."""
    names = ", ".join(model.version for model in models)
    measures, slices, moved = measure_rows(side), slice_rows(side), movements(side)
    sections = [
        _checks(findings), _measures(measures, side), _slices(slices), _curves(side), _calibration(side),
        _exposure(side), *_propensities(models), _movements(moved), _made(models),
    ]  # fmt: skip
    body = "\n".join(
        f"<section><h2>{escape(one.title)}</h2>\n<p class='quiet'>{escape(one.lead)}</p>\n{one.body}</section>"
        for one in sections
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(names)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{escape(names)}</h1>\n<p class='quiet'>beside {escape(_in_use(side))}, "
        f"on {len(side.collection.requests)} judged requests</p>\n"
        f"{_in_service(side)}{_verdict(findings, measures, slices)}\n{body}\n</body>\n</html>\n"
    )


def verdict(findings: Sequence[Finding], measures: Rows, slices: Rows) -> tuple[bool, str, list[str]]:
    """Whether a candidate may go into service, that in words, and what else an analyst should know first."""
    failed = [one for one in findings if not one.passed]
    headline = (
        f"It should not go into service: {_listed([one.check for one in failed])} "
        f"{'refuses' if len(failed) == 1 else 'refuse'} it."
        if failed
        else f"It may go into service: none of {len(findings)} checks refuses it."
    )
    first = measures[0]
    if first["low"] > 0:
        change = "better, and the interval of the difference lies above 0"
    elif first["high"] < 0:
        change = "worse, and the interval of the difference lies below 0"
    else:
        change = "not shown to differ: the interval of the difference holds 0"
    sentences = [
        f"{first['measure']} goes from {first['in use']:.3f} to {first['new']:.3f}; it is {change} "
        f"({first['low']:+.3f} to {first['high']:+.3f}).",
    ]
    worse = [f"{row['slice']} ({row['difference']:+.3f})" for row in slices if row["high"] < 0]
    sentences.append(
        f"Worse, with the interval below 0, for {_listed(worse)}, of {len(slices)} slices; by chance one in forty is."
        if worse
        else f"For none of {len(slices)} languages and sectors does the interval lie below 0."
    )
    if not any(one.check == "bots" for one in findings):
        sentences.append("It learnt from no log of the registry's, so no log was checked.")
    return not failed, headline, sentences


def _verdict(findings: Sequence[Finding], measures: Rows, slices: Rows) -> str:
    passed, headline, sentences = verdict(findings, measures, slices)
    told = "".join(f"<p>{escape(one)}</p>" for one in sentences)
    return f"<div class='verdict{'' if passed else ' refused'}'><strong>{escape(headline)}</strong>{told}</div>"


def _in_service(side: SideBySide) -> str:
    return "<p>It is in service now. The checks are asked as before its promotion.</p>\n" if side.promoted else ""


def _checks(findings: Sequence[Finding]) -> _Section:
    lead = "Each value against the bound that it may not pass; `training/promotion_bounds.toml` says what they are of."
    return _Section("Checks before a promotion", lead, _table([one.row() for one in findings]))


def _measures(rows: Rows, side: SideBySide) -> _Section:
    trained_on = side.old.ranker.trained_on.get("requests")
    lead = (
        "Means over the requests; interval by a paired bootstrap over requests, p by a paired randomisation test. "
        f"The ranker in use learnt from {trained_on or 'unknown many'} requests: where those are the judged ones, its "
        "figures flatter it."
    )
    with_interval = [row for row in rows if row["low"] is not None]
    return _Section("Measures", lead, _table(rows) + _figure(plots.differences(with_interval, "measure")))


def _slices(rows: Rows) -> _Section:
    lead = (
        "nDCG@10 by language and by sector, the worst change first. A sector is the HS chapter of the best suppliers' "
        "goods. Of many slices a few look worse by chance alone."
    )
    return _Section("Slices", lead, _table(rows[:12]) + _figure(plots.differences(rows[:24], "slice")))


def _curves(side: SideBySide) -> _Section:
    lead = "What each value adds to the score, in use (grey) and new (green); dotted, what an unknown value adds."
    return _Section("Curves", lead, _figure(plots.curves(side.old.ranker, side.new.ranker)))


def _calibration(side: SideBySide) -> _Section:
    lead = "Of candidates that are said to be relevant with a probability, how many are; on the diagonal it is exact."
    return _Section("Calibration", lead, _figure(plots.calibration(side.old_measures, side.new_measures)))


def _exposure(side: SideBySide) -> _Section:
    lead = "Who is seen in the first ten places, by size of firm; a place counts 1 / log2(1 + rank)."
    return _Section("Exposure", lead, _figure(plots.exposure(side.old_measures.exposure, side.new_measures.exposure)))


def _propensities(models: Sequence[ModelVersion]) -> list[_Section]:
    found = [told for model in models if (told := model.manifest.metrics.get("propensities"))]
    lead = "How likely users looked at a position; choices count by its inverse. Estimated from the log by {}."
    return [
        _Section("Propensities", lead.format(one["method"]), _figure(plots.propensities(one["positions"])))
        for one in found
        if one["positions"]
    ]


def _movements(rows: Rows) -> _Section:
    lead = (
        "The suppliers that moved the farthest within or across the first ten, with the two features whose terms "
        "changed most against the request's other candidates. Grade 3 answers the request fully, 0 does not."
    )
    return _Section("Ten matches that changed most", lead, _table(rows) if rows else "<p>No match changed.</p>")


def _made(models: Sequence[ModelVersion]) -> _Section:
    parts = []
    for model in models:
        manifest = model.manifest
        facts = {
            "version": manifest.version,
            "kind": manifest.kind.value,
            "made": f"{manifest.created_at:%Y-%m-%d %H:%M} UTC",
            "parent": manifest.parent or "–",
            "learnt from": manifest.data.get("fingerprint") or "–",
            "code": manifest.code,
            **{f"log: {name}": str(value) for name, value in manifest.metrics.get("counts", {}).items()},
        }
        parts.append(
            "".join(f"<dt>{escape(name)}</dt><dd><bdi>{escape(said)}</bdi></dd>" for name, said in facts.items())
        )
    return _Section("How it was made", "From the manifest of the version.", "".join(f"<dl>{one}</dl>" for one in parts))


def _in_use(side: SideBySide) -> str:
    when = "which were in use before" if side.promoted else "in use"
    return f"ranker {side.old.ranker.version} and encoder {side.old.encoder.fingerprint}, {when}"


def _table(rows: Rows) -> str:
    numbers = {name for name in rows[0] if any(isinstance(row[name], int | float) for row in rows)}
    head = "".join(f"<th scope='col'{_number(name in numbers)}>{escape(name)}</th>" for name in rows[0])
    body = "".join(
        "<tr>" + "".join(_cell(name, value, is_number=name in numbers) for name, value in row.items()) + "</tr>"
        for row in rows
    )
    return f"<div class='scroll'><table><tr>{head}</tr>{body}</table></div>"


def _cell(name: str, value: Any, *, is_number: bool) -> str:
    if name == "passed" and value == "NO":
        return "<td class='bad'>no</td>"
    if value is None:
        text = "–"
    elif isinstance(value, float):
        text = f"{value:+.3f}" if name in {"difference", "low", "high"} else f"{value:.3f}"
    else:
        text = str(value)
    shown = text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"
    return f"<td{_number(is_number)} dir='auto'>{escape(shown)}</td>"


def _number(is_number: bool) -> str:
    return " class='number'" if is_number else ""


def _figure(svg: str) -> str:
    return f"<figure>{svg}</figure>"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""
