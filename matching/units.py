"""Units as firms write them, made comparable: kilos with tonnes, pieces with pairs, never kilos with litres."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pint

from matching.words import fold

SPELLINGS: dict[str, tuple[str, ...]] = {
    "kilogram": (
        "kg", "kgs", "kilo", "kilos", "kilogramme", "kilogrammes", "kilogramo", "kilogramos", "kilogramm",
        "quilo", "quilos", "chilo", "chili", "chilogrammi", "كغ", "كلغ", "كغم", "كيلو", "كيلوغرام", "كيلوجرام", "公斤",
        "千克",
    ),
    "gram": (
        "g", "gr", "gram", "grams", "gramme", "grammes", "gramo", "gramos", "gramm", "grammi", "grama", "gramas",
        "غرام", "غ", "جرام", "克",
    ),
    "metric_ton": (
        "t", "mt", "tonne", "tonnes", "tonnen", "tonelada", "toneladas", "tonnellata", "tonnellate", "ton", "tons",
        "tonn", "metric ton", "metric tons", "metric tonnes", "طن", "طنا", "أطنان", "吨", "公吨",
    ),
    "pound": ("lb", "lbs", "pound", "pounds"),
    "liter": (
        "l", "lt", "ltr", "liter", "litre", "litres", "liters", "litro", "litros", "litri", "لتر", "لترا", "ليتر", "升",
        "公升",
    ),
    "milliliter": ("ml", "millilitre", "millilitres", "mililitros", "مل", "毫升"),
    "meter": ("m", "mtr", "meter", "metre", "metres", "meters", "metro", "metros", "metri", "metresi", "متر", "米"),
    "meter ** 2": (
        "m2", "m²", "sqm", "qm", "mq", "metre carre", "metros cuadrados", "metros quadrados", "metri quadri",
        "metri quadrati", "metres carres", "quadratmeter", "vierkante meter", "metrekare",
        "square meters", "square metres", "متر مربع", "平方米", "平米",
    ),
    "foot ** 2": ("sqft", "sq ft", "ft2", "square feet", "piedi quadri", "pies cuadrados", "pieds carres"),
    "meter ** 3": ("m3", "m³", "cbm", "立方米"),
    "piece": (
        "pcs", "pc", "pce", "pces", "piece", "pieces", "pièces", "unit", "units", "unite", "unites", "unidad",
        "unidades", "uds", "stuck", "stk", "pezzi", "pz", "peca", "pecas", "adet", "stuks", "قطعة", "قطع", "وحدة",
        "件", "个", "只", "条", "bottle", "bottles", "can", "cans", "jar", "jars", "pot", "pots", "stem", "stems",
        "bag", "bags", "pouch", "pouches", "roll", "rolls", "set", "sets", "pair", "pairs", "paire", "paires",
        "paar", "pares", "par", "paia", "paio", "bunch", "bunches", "套", "双", "瓶", "sachet", "sachets",
        "flacon", "flacons", "bouteille", "bouteilles", "bocal", "bocaux", "pieza", "piezas", "botella", "botellas",
        "frasco", "frascos", "conjunto", "conjuntos",
        "lata", "latas", "tarro", "tarros", "juego", "juegos", "flasche", "flaschen", "dose", "dosen", "glaser", "satz",
        "satze", "stiele", "bottiglia", "bottiglie", "lattine", "scatolette", "vasetti", "garrafa", "garrafas", "sise",
        "kavanoz", "takim", "cift", "fles", "flessen", "blikken", "potten", "stelen", "stuk", "زجاجة", "عبوة", "علبة",
        "زوج", "قارورة", "罐", "袋", "支", "台", "片", "把", "pezzo", "unita", "peca",
    ),
    "box": (
        "box", "boxes", "boite", "boites", "caisse", "caisses", "carton", "cartons", "colis", "caja", "cajas",
        "karton", "kartons", "koli", "caixa", "caixas", "doos", "scatola", "scatole", "cartoni", "cartones", "صندوق",
        "صناديق", "كرتونة", "箱", "盒",
    ),
    "container": (
        "container", "containers", "conteneur", "conteneurs", "contenedor", "contenedores", "contentor", "contentores",
        "konteyner", "fcl", "حاوية", "حاويات", "货柜", "集装箱", "柜",
    ),
    "worker": ("fte", "etp"),
    "working_day": ("day", "days", "jour", "jours"),
    "page": ("page", "pages"),
    "word": ("word", "words", "mot", "mots"),
    "image": ("image", "images"),
    "project": ("project", "projects", "projet", "projets"),
    "watt": ("w", "wp", "watt"),
}  # fmt: skip
_TRADE_COUNTS = ("piece", "box", "container", "worker", "working_day", "page", "word", "image", "project")


def unit_name(text: str) -> str | None:
    """The unit that a spelling stands for ("Stück", "قطعة" and "pairs" are "piece"); None where unknown."""
    return _unit_by_spelling().get(_spelling_key(text))


def in_base_units(value: float, unit: str) -> tuple[float, str] | None:
    """Value in its dimension's base unit, and that dimension: (2, "t") gives (2000.0, "[mass]").

    Things counted one by one (pieces, pairs, bottles) share a dimension; boxes and containers do not.
    A litre counts as a kilogram, near enough for orders of magnitude. None where the unit is unknown.
    Conversion by pint.
    """
    name = unit_name(unit)
    if name is None:
        return None
    factor, dimension = _factor(name)
    return value * factor, dimension


@cache
def _unit_by_spelling() -> dict[str, str]:
    return {_spelling_key(spelling): name for name, spellings in SPELLINGS.items() for spelling in spellings}


def _spelling_key(text: str) -> str:
    return re.sub(r"[\s.]+", " ", fold(text)).strip()


@cache
def _factor(name: str) -> tuple[float, str]:
    quantity = _registry().Quantity(1.0, name).to_base_units()
    if quantity.check("[volume]"):
        quantity = (quantity * _registry().Quantity(1.0, "kilogram / liter")).to_base_units()
    return float(quantity.magnitude), str(quantity.dimensionality)


@cache
def _registry() -> pint.UnitRegistry[Any]:
    registry: pint.UnitRegistry[Any] = pint.UnitRegistry(on_redefinition="ignore")
    for name in _TRADE_COUNTS:
        registry.define(f"{name} = [{name}]")
    return registry
