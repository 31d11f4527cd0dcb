"""Commands on records: import them, index them, match against them."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from data.database import Database
from data.exports import need_rows, ranking_rows, write_rankings, writer_for
from data.in_use import in_use
from data.schema import Kind as StoredKind
from data.settings import Settings
from data.statement import statement_in_service
from data.store import NEWEST_REQUESTS, Store
from data.tables import Loaded, read_requests, read_suppliers
from data.trade_glossary import heading_names
from data.workspace import open_matcher, open_workspace
from matching.advice import advise
from matching.draw import differences, draw_again
from matching.duplicates import duplicate_groups
from matching.encoder import load_encoder
from matching.errors import InvalidInput, UnreadableFile
from matching.files import write_whole
from matching.filters import Filters
from matching.headings import HeadingModel
from matching.language import detect_language
from matching.lots import Draw
from matching.matcher import Ranking
from matching.messages import available_languages, messages_in
from matching.profiles import BuyerRequest, Constraints, Supplier
from matching.ranker import GlassBoxRanker
from matching.stated_needs import STANDING_TITLES, stated_needs
from matching.statement_documents import STATEMENT_FORMS, markdown_document

commands = typer.Typer()
_out = Console()
_err = Console(stderr=True)
_log = logging.getLogger(__name__)
_REFUSED_SHOWN = 20
EncoderOption = Annotated[
    str | None, typer.Option("--encoder", help="Folder or name of a sentence-transformers model, not the shipped one.")
]


class Kind(StrEnum):
    """What the rows of a file are."""

    SUPPLIERS = "suppliers"
    REQUESTS = "requests"


@commands.command(name="import")
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV, Excel, JSON Lines or Parquet file.")],
    kind: Annotated[Kind, typer.Option(help="What its rows are.")] = Kind.SUPPLIERS,
    column: Annotated[
        list[str] | None, typer.Option(help="HEADING=FIELD where a heading is not recognised; repeatable.")
    ] = None,
) -> None:
    """Read a file into the store: good rows are kept, each refused row is listed with the reason.

    Exit code 3 says that some rows were refused.
    """
    mapping = dict(heading_and_field(entry) for entry in column or [])
    store = Store(Settings().database_url)
    loaded: Loaded[Supplier] | Loaded[BuyerRequest]
    if kind is Kind.SUPPLIERS:
        loaded = suppliers = read_suppliers(file, mapping=mapping)
        store.put_suppliers(suppliers.profiles)
    else:
        loaded = requests = read_requests(file, mapping=mapping)
        store.put_requests(requests.profiles)
    _report(file, kind, loaded)


@commands.command()
def index(encoder: EncoderOption = None) -> None:
    """Encode the stored suppliers and save their vector index."""
    settings = Settings.with_encoder(encoder)
    catalogue = open_workspace(settings, afresh=True).matcher.catalogue
    vectors = len(catalogue.vector_rows)
    _out.print(f"indexed {catalogue.count} suppliers ({vectors} vectors) in {settings.index_path}")


@commands.command()
def match(
    text: Annotated[str | None, typer.Argument(help="A buyer's request, in any language.")] = None,
    requests: Annotated[Path | None, typer.Option(help="A file of requests instead of TEXT.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the matches to this .xlsx, .csv or .jsonl file.")] = None,
    country: Annotated[
        list[str] | None, typer.Option(help="Only suppliers of this country (code or name); repeatable.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, max=1000, help="Matches per request.")] = 10,
    language: Annotated[str | None, typer.Option(help="Language of the reasons; default: the request's.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON Lines instead of a table.")] = False,
    not_asked: Annotated[
        list[str] | None,
        typer.Option(help="A constraint that TEXT seems to state and you do not mean, such as quantity; repeatable."),
    ] = None,
    encoder: EncoderOption = None,
) -> None:
    """Rank suppliers for one request, or for a file of them, and say why."""
    if (text is None) == (requests is None):
        raise InvalidInput("expected either a TEXT or --requests FILE")
    if not_asked and text is None:
        raise InvalidInput("--not-asked goes with a TEXT; in a --requests FILE it is the column not_asked")
    if out is not None:
        writer_for(out)
    wanted = _requests(text, requests, not_asked)
    settings = Settings.with_encoder(encoder)
    matcher = open_matcher(settings)
    filters = Filters(countries=tuple(country or ())) if country else None
    rankings = matcher.match_many(wanted, top=top, language=language, filters=filters, exposure=settings.exposure)
    if out is not None:
        rows = write_rankings(track(rankings, "matching", len(wanted), console=_err), out)
        _err.print(f"{rows} matches of {len(wanted)} requests written to {out}")
        return
    for ranking in rankings:
        _print_json(ranking) if as_json else _print_table(ranking, language)


@commands.command(name="advise")
def advise_supplier(
    supplier_id: Annotated[str, typer.Argument(help="Id of a supplier.")],
    requests: Annotated[Path | None, typer.Option(help="A file of requests; default: the 500 changed last.")] = None,
    first: Annotated[int, typer.Option(min=1, max=100, help="Which places count.")] = 10,
    top: Annotated[int, typer.Option(min=1, max=100, help="Pieces of advice at most.")] = 5,
    language: Annotated[str | None, typer.Option(help="Language of the advice; default: the profile's.")] = None,
    encoder: EncoderOption = None,
) -> None:
    """Say what a supplier's profile does not state and would have put it among the first for recent requests."""
    workspace = open_workspace(Settings.with_encoder(encoder))
    if requests is None:
        newest = workspace.store.newest(StoredKind.REQUESTS, limit=NEWEST_REQUESTS)
        recent = [BuyerRequest.model_validate(one.document) for one in newest]
    else:
        recent = _requests(None, requests)
    found = advise(workspace.matcher, supplier_id, recent, first=first, top=top, language=language)
    _out.print(
        f"{found.supplier.name}: among the first {first} for {found.placed} of {found.requests} requests", markup=False
    )
    for one in (*found.advice, *filter(None, [found.pair])):
        _out.print(f"- {one.sentence} {', '.join(one.examples)}", markup=False, highlight=False)
    if found.gaps_sentence:
        _out.print(found.gaps_sentence, markup=False, highlight=False)


@commands.command()
def duplicates(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON Lines instead of a table.")] = False,
    encoder: EncoderOption = None,
) -> None:
    """List groups of suppliers that are near-duplicates: one firm listed twice, or a copy of its profile."""
    catalogue = open_matcher(Settings.with_encoder(encoder)).catalogue
    groups = duplicate_groups(catalogue)
    if as_json:
        for group in groups:
            typer.echo(json.dumps(group, ensure_ascii=False))
        return
    table = Table("", "id", "name", "country", "city")
    for number, group in enumerate(groups, start=1):
        for supplier in (catalogue.suppliers[catalogue.row(supplier_id)] for supplier_id in group):
            table.add_row(str(number), supplier.id, supplier.name, supplier.country, supplier.city)
    if groups:
        _out.print(table)
    _out.print(f"groups of near-duplicates: {len(groups)}, among {catalogue.count} suppliers")


@commands.command(name="hs")
def headings(
    text: Annotated[str, typer.Argument(help="A product or a request, in any language.")],
    top: Annotated[int, typer.Option(min=1, max=100, help="Headings at most.")] = 5,
    language: Annotated[str | None, typer.Option(help="Language of their names; default: the text's.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON Lines instead of a table.")] = False,
    encoder: EncoderOption = None,
) -> None:
    """Say which headings of the Harmonized System a text may be about, with probabilities."""
    settings = in_use(Settings.with_encoder(encoder))
    loaded = load_encoder(settings.encoder, settings.encoder_options)
    model = HeadingModel.load(settings.headings_path, encoder=loaded.fingerprint)
    names = heading_names(language or detect_language(text) or "en")
    found = model.infer(text, loaded, top)
    rows = [
        {"heading": chance.heading, "name": names[chance.heading], "probability": round(chance.probability, 4)}
        for chance in found
    ]
    _print_headings(rows, as_json=as_json)


@commands.command()
def replay(
    file: Annotated[Path, typer.Argument(help="The answer to POST /v1/draws, as JSON, or its `draw` alone.")],
) -> None:
    """Carry a draw out again from its answer and say whether it is what it states; exit code 1 where it is not."""
    stated = _stated_draw(file)
    again = draw_again(stated)
    for lot in again.drawn:
        _out.print(f"{lot.place}. {lot.supplier_id}: {lot.propensity:.4f} to be drawn", markup=False, highlight=False)
    faults = differences(stated, again)
    for fault in faults:
        _err.print(fault, markup=False, highlight=False)
    if faults:
        raise typer.Exit(1)
    _out.print(f"the draw of {len(again.drawn)} among {len(again.lots)} with the seed {again.seed} is as stated")


@commands.command()
def statement(
    out: Annotated[Path | None, typer.Option(help="Write to this .md or .html file.")] = None,
    language: Annotated[str, typer.Option(help="Language of the statement.")] = "en",
) -> None:
    """Write the ranking statement: what decides a supplier's place, from the ranker in use."""
    if language not in available_languages():
        raise InvalidInput(f"--language is {language!r}, expected one of {', '.join(available_languages())}")
    if out is not None and out.suffix not in STATEMENT_FORMS:
        raise InvalidInput(f"--out is {str(out)!r}, expected a name that ends in {' or '.join(STATEMENT_FORMS)}")
    settings = in_use(Settings())
    ranker = GlassBoxRanker.load(settings.ranker_path)
    database = Database.open(settings.database_url)
    written = statement_in_service(database, ranker, exposure=settings.exposure, language=language)
    if out is None:
        typer.echo(markdown_document(written), nl=False)
        return
    write_whole(out, STATEMENT_FORMS[out.suffix](written).encode())
    _err.print(f"statement on {ranker.version} written to {out}")


def _stated_draw(file: Path) -> Draw:
    try:
        document = json.loads(file.read_bytes())
        return Draw.model_validate(document.get("draw", document))
    except (OSError, ValueError, AttributeError) as fault:
        raise UnreadableFile(f"{file}: no answer of a draw ({str(fault).splitlines()[0]})") from None


def _requests(text: str | None, file: Path | None, not_asked: Sequence[str] | None = None) -> list[BuyerRequest]:
    if file is None:
        return [_text_request(text or "", not_asked or ())]
    loaded = read_requests(file)
    for refused in loaded.refused:
        _log.warning("%s", refused)
    return list(loaded.profiles)


def _text_request(text: str, not_asked: Sequence[str]) -> BuyerRequest:
    unknown = [name for name in not_asked if name not in Constraints.model_fields]
    if unknown:
        raise InvalidInput(f"--not-asked is {unknown[0]!r}, expected one of {', '.join(Constraints.model_fields)}")
    return BuyerRequest.model_validate({"text": text, "not_asked": not_asked})


def heading_and_field(entry: str) -> tuple[str, str]:
    """The parts of --column HEADING=FIELD; InvalidInput where it has not both."""
    heading, equals, field = entry.rpartition("=")
    if not equals or not heading:
        raise InvalidInput(f"--column is {entry!r}, expected HEADING=FIELD")
    return heading, field


def _report(file: Path, kind: Kind, loaded: Loaded[Supplier] | Loaded[BuyerRequest]) -> None:
    for refused in loaded.refused[:_REFUSED_SHOWN]:
        _err.print(f"refused: {refused}", markup=False, highlight=False)
    if len(loaded.refused) > _REFUSED_SHOWN:
        _err.print(f"… and {len(loaded.refused) - _REFUSED_SHOWN} more")
    if loaded.unknown_columns:
        _err.print(f"columns left unread: {', '.join(loaded.unknown_columns)}", markup=False)
    _out.print(f"{file}: {len(loaded.profiles)} {kind} stored, {len(loaded.refused)} faults in refused rows")
    if loaded.refused:
        raise typer.Exit(3)


def _print_json(ranking: Ranking) -> None:
    needs = need_rows(ranking)
    for row in ranking_rows(ranking):
        typer.echo(json.dumps({**row, "needs": needs}, ensure_ascii=False))


def _print_headings(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        for row in rows:
            typer.echo(json.dumps(row, ensure_ascii=False))
        return
    table = Table("HS", "name", "chance")
    for row in rows:
        table.add_row(row["heading"], row["name"], f"{row['probability']:.0%}")
    _out.print(table)


def _print_needs(ranking: Ranking, language: str | None) -> None:
    messages = messages_in(language or ranking.request.language or "en")
    for need in stated_needs(ranking.needs, ranking.request.text, messages):
        words = f" “{need.words}”" if need.words not in ("", need.value) else ""
        standing = f" ({messages.text(STANDING_TITLES[need.standing])})" if need.standing in STANDING_TITLES else ""
        _out.print(f"- {need.title}: {need.value}{words}{standing}", markup=False, highlight=False)


def _print_table(ranking: Ranking, language: str | None) -> None:
    _print_needs(ranking, language)
    table = Table(title=ranking.request.text[:200], title_justify="left", show_lines=True)
    for heading in ("", "supplier", "chance", "why"):
        table.add_column(heading)
    for row, found in zip(ranking_rows(ranking), ranking.matches, strict=True):
        place = ", ".join(filter(None, (found.supplier.city, found.supplier.country)))
        table.add_row(
            str(found.rank),
            f"{found.supplier.name}\n{place}\n{found.supplier.id}",
            f"{found.probability:.0%}",
            row["reasons"],
        )
    _out.print(table)
