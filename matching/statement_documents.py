"""A ranking statement as a document: Markdown, or a page of HTML that needs nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from html import escape

from matching.statement import Parameter, Section, Statement

_STYLE = """
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #22302b; background: #fbf8f2;
  font: 16px/1.55 system-ui, "Noto Sans", "Noto Sans Arabic", "Noto Sans CJK SC", sans-serif; }
h1, h2 { color: #0e6b52; } h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-block: 2rem .3rem; }
h3 { font-size: 1rem; margin-block: 1.4rem .2rem; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
th { text-align: start; color: #5d6b65; font-weight: 500; }
td, th { padding: .3rem; border-block-end: 1px solid #e6dfd0; }
td.number, th.number { text-align: end; }
th:first-child { width: 38%; } th:last-child { width: 24%; }
.bar { display: block; height: .6rem; border-radius: .2rem; background: #0e6b52; }
dt { color: #5d6b65; } dd { margin: 0 0 .4rem; }
"""


def markdown_document(statement: Statement) -> str:
    """The statement in Markdown."""
    parts = [f"# {statement.title}", statement.lead]
    for section in statement.sections:
        parts += [f"{'###' if section.is_minor else '##'} {section.heading}", *section.paragraphs]
        if section.parameters:
            parts.append("\n".join(_markdown_table(statement, section)))
        if section.facts:
            parts.append("\n".join(f"- {name}: {_as_code(value)}" for name, value in section.facts))
    return "\n\n".join(parts) + "\n"


def html_document(statement: Statement) -> str:
    """The statement as a whole page of HTML."""
    return (
        f'<!doctype html>\n<html lang="{statement.language}" dir="{statement.direction}">\n<head>\n'
        '<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(statement.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{escape(statement.title)}</h1>\n{html_body(statement)}\n</body>\n</html>\n"
    )


STATEMENT_FORMS: Mapping[str, Callable[[Statement], str]] = {".md": markdown_document, ".html": html_document}
"""How a statement is written, by the ending of the file's name."""


def html_body(statement: Statement) -> str:
    """Everything but the title, to stand in a page."""
    parts = [f"<p>{escape(statement.lead)}</p>"]
    longest = max((one.share for section in statement.sections for one in section.parameters), default=0.0)
    for section in statement.sections:
        level = "h3" if section.is_minor else "h2"
        parts.append(f"<{level}>{escape(section.heading)}</{level}>")
        parts += [f"<p>{escape(paragraph)}</p>" for paragraph in section.paragraphs]
        if section.parameters:
            parts += ["<table>", *_html_rows(statement, section, longest or 1.0), "</table>"]
        if section.facts:
            facts = (f"<dt>{escape(name)}</dt><dd><bdi>{escape(value)}</bdi></dd>" for name, value in section.facts)
            parts.append(f"<dl>{''.join(facts)}</dl>")
    return "\n".join(parts)


def _markdown_table(statement: Statement, section: Section) -> Iterator[str]:
    yield f"| {' | '.join(statement.column_titles)} |"
    yield "| --- | ---: | ---: |"
    for one in section.parameters:
        yield f"| {one.title} | {one.importance} | {one.asked} |"


def _as_code(value: str) -> str:
    return f"`{value.replace('`', '')}`"


def _html_rows(statement: Statement, section: Section, longest: float) -> Iterator[str]:
    name, importance, asked = map(escape, statement.column_titles)
    yield (
        f'<tr><th scope="col">{name}</th><th scope="col" class="number" colspan="2">{importance}</th>'
        f'<th scope="col" class="number">{asked}</th></tr>'
    )
    yield from (_html_row(one, longest) for one in section.parameters)


def _html_row(one: Parameter, longest: float) -> str:
    bar = f'<span class="bar" style="width: {100 * one.share / longest:.1f}%"></span>'
    return (
        f'<tr><td>{escape(one.title)}</td><td class="scale">{bar}</td>'
        f'<td class="number">{escape(one.importance)}</td><td class="number">{escape(one.asked)}</td></tr>'
    )
