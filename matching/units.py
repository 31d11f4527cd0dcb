"""Units as firms write them or as UN/ECE codes, made comparable: kilos with tonnes, never kilos with litres.

The codes are those of UN/ECE Recommendation 20 (KGM, LTR, H87), and of Recommendation 21, led by X, for packages.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from matching.words import fold

if TYPE_CHECKING:
    import pint

_PIECES = (
    "pcs", "pc", "pce", "pces", "piece", "pieces", "pièces", "unit", "units", "unite", "unites", "unidad", "unidades",
    "uds", "pieza", "piezas", "stuck", "stk", "stuk", "stuks", "pezzo", "pezzi", "pz", "unita", "peca", "pecas", "adet",
    "قطعة", "قطع", "وحدة", "件", "个", "只", "条",
)  # fmt: skip
_PAIRS = ("pair", "pairs", "paire", "paires", "paar", "pares", "par", "paia", "paio", "双", "cift", "زوج")
_SETS = ("set", "sets", "套", "conjunto", "conjuntos", "juego", "juegos", "satz", "satze", "takim")
_ROLLS = ("roll", "rolls")
_BUNCHES = ("bunch", "bunches")
_OTHER_COUNTS = (
    "bottle", "bottles", "can", "cans", "jar", "jars", "pot", "pots", "stem", "stems", "bag", "bags", "pouch",
    "pouches", "瓶", "bote", "botes", "saca", "sacas", "coffret", "coffrets", "st", "sachet", "sachets", "flacon",
    "flacons", "bouteille", "bouteilles", "bocal", "bocaux", "botella", "botellas", "frasco", "frascos", "lata",
    "latas", "tarro", "tarros", "flasche", "flaschen", "dose", "dosen", "glaser", "stiele", "bottiglia",
    "bottiglie", "lattine", "scatolette", "vasetti", "garrafa", "garrafas", "sise", "kavanoz", "fles", "flessen",
    "blikken", "potten", "stelen", "زجاجات", "زجاجة", "عبوة", "علبة", "قارورة", "罐", "袋", "支", "台", "片", "把",
)  # fmt: skip
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
    "ounce": ("oz", "ounce", "ounces", "onces", "onza", "onzas", "unze", "unzen"),
    "liter": (
        "l", "lt", "ltr", "liter", "litre", "litres", "liters", "litro", "litros", "litri", "لتر", "لترا", "ليتر", "升",
        "公升",
    ),
    "milliliter": ("ml", "millilitre", "millilitres", "mililitros", "مل", "毫升"),
    "hectoliter": (
        "hl", "hectolitre", "hectolitres", "hectoliter", "hectolitro", "hectolitros", "hektoliter", "ettolitro",
        "ettolitri", "هكتولتر",
    ),
    "meter": ("m", "mtr", "meter", "metre", "metres", "meters", "metro", "metros", "metri", "metresi", "متر", "米"),
    "meter ** 2": (
        "m2", "m²", "sqm", "qm", "mq", "metre carre", "metros cuadrados", "metros quadrados", "metri quadri",
        "metri quadrati", "metres carres", "quadratmeter", "vierkante meter", "metrekare", "m quadrati",
        "square meters", "square metres", "متر مربع", "平方米", "平米",
    ),
    "foot ** 2": ("sqft", "sq ft", "ft2", "square feet", "piedi quadri", "piedi quadrati",
        "pies cuadrados", "pieds carres", "pes quadrados", "قدم مربع", "平方英尺"),
    "meter ** 3": ("m3", "m³", "cbm", "立方米"),
    "piece": (*_PIECES, *_PAIRS, *_SETS, *_ROLLS, *_BUNCHES, *_OTHER_COUNTS),
    "dozen": (
        "dozen", "dozens", "doz", "dz", "douzaine", "douzaines", "docena", "docenas", "dutzend", "dozzina", "dozzine",
        "duzia", "duzias", "duzine", "dozijn", "دزينة", "打",
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
    "pallet": (
        "pallet", "pallets", "palette", "palettes", "paletten", "palé", "palés", "palet", "bancale", "bancali",
        "palete", "paletes", "euro pallet", "euro pallets", "europaletten", "طبلية", "طبليات", "منصة", "托", "托盘",
        "栈板",
    ),
    "drum": (
        "drum", "drums", "barrel", "barrels", "fût", "fûts", "bidón", "bidones", "tambor", "tambores", "fass", "fässer",
        "fusto", "fusti", "varil", "vat", "vaten", "برميل", "براميل", "برميلا", "桶",
    ),
    "worker": ("fte", "etp"),
    "working_day": ("day", "days", "jour", "jours"),
    "page": ("page", "pages"),
    "word": ("word", "words", "mot", "mots"),
    "image": ("image", "images"),
    "project": ("project", "projects", "projet", "projets"),
    "watt": ("w", "wp", "watt"),
}  # fmt: skip
_TRADE_COUNTS = (
    "piece", "box", "container", "pallet", "drum", "worker", "working_day", "page", "word", "image", "project",
)  # fmt: skip
_MULTIPLES = {
    "dozen": "12 piece", "hundred_pieces": "100 piece", "gross_of_pieces": "144 piece",
    "thousand_pieces": "1000 piece", "quintal": "100 kilogram",
}  # fmt: skip

# The first code of a unit is the one that its written forms have; of counted things each has its own.
CODES: dict[str, str] = {
    "KGM": "kilogram", "GRM": "gram", "TNE": "metric_ton", "DTN": "quintal", "LBR": "pound",
    "ONZ": "ounce", "STN": "short_ton", "LTN": "long_ton",
    "LTR": "liter", "MLT": "milliliter", "CLT": "centiliter", "HLT": "hectoliter", "MTQ": "meter ** 3",
    "FTQ": "foot ** 3", "GLL": "gallon",
    "MTR": "meter", "CMT": "centimeter", "MMT": "millimeter", "KMT": "kilometer", "FOT": "foot", "INH": "inch",
    "YRD": "yard",
    "MTK": "meter ** 2", "CMK": "centimeter ** 2", "FTK": "foot ** 2", "YDK": "yard ** 2", "HAR": "hectare",
    "H87": "piece", "C62": "piece", "EA": "piece", "PR": "piece", "NPR": "piece", "SET": "piece", "RO": "piece",
    "XRO": "piece", "XBH": "piece", "XBO": "piece", "XBG": "piece", "XCA": "piece", "XJR": "piece",
    "DZN": "dozen", "DPR": "dozen", "GRO": "gross_of_pieces", "CEN": "hundred_pieces", "MIL": "thousand_pieces",
    "XBX": "box", "XCT": "box", "XCS": "box", "XPX": "pallet", "XDR": "drum", "XBA": "drum",
    "DAY": "working_day", "WTT": "watt", "KWT": "kilowatt",
}  # fmt: skip
_CODES_OF_COUNTS = {"H87": _PIECES, "PR": _PAIRS, "SET": _SETS, "XRO": _ROLLS, "XBH": _BUNCHES}
_WITHOUT_CODE = frozenset({"box", "piece", "working_day"})


def unit_name(text: str) -> str | None:
    """The unit that a spelling or code stands for ("Stück", "pairs" and "H87" are "piece"); None where unknown.

    A code counts in capitals, since "mil" and "har" are words too.
    """
    return _unit_by_spelling().get(_spelling_key(text)) or CODES.get(text.strip())


def unit_code(text: str) -> str | None:
    """The UN/ECE code of a unit as written ("kg" is KGM, "Paar" is PR), or the code itself; None where none fits."""
    return text.strip() if text.strip() in CODES else _code_by_spelling().get(_spelling_key(text))


def in_base_units(value: float, unit: str) -> tuple[float, str] | None:
    """Value in its dimension's base unit, and that dimension: (2, "t") gives (2000.0, "[mass]").

    Things counted one by one (pieces, pairs, bottles) share a dimension; boxes and containers do not. Volumes and
    masses are kept apart, since nothing says how heavy a litre is. None where the unit is unknown. Conversion by pint.
    """
    name = unit_name(unit)
    if name is None:
        return None
    factor, dimension = _factor(name)
    return value * factor, dimension


@cache
def _unit_by_spelling() -> dict[str, str]:
    return {_spelling_key(spelling): name for name, spellings in SPELLINGS.items() for spelling in spellings}


@cache
def _code_by_spelling() -> dict[str, str]:
    first: dict[str, str] = {}
    for code, name in CODES.items():
        first.setdefault(name, code)
    shared = {name: code for name, code in first.items() if name in SPELLINGS and name not in _WITHOUT_CODE}
    listed = [(code, SPELLINGS[name]) for name, code in shared.items()]
    return {_spelling_key(one): code for code, words in (*listed, *_CODES_OF_COUNTS.items()) for one in words}


def _spelling_key(text: str) -> str:
    return re.sub(r"[\s.]+", " ", fold(text)).strip()


@cache
def _factor(name: str) -> tuple[float, str]:
    quantity = _registry().Quantity(1.0, name).to_base_units()
    # Rounded, so that five hectolitres are 500 litres to the last digit.
    return float(f"{quantity.magnitude:.12g}"), str(quantity.dimensionality)


@cache
def _registry() -> pint.UnitRegistry[Any]:
    import pint  # slow to import, and whoever only names units needs it not

    registry: pint.UnitRegistry[Any] = pint.UnitRegistry(on_redefinition="ignore")
    for name in _TRADE_COUNTS:
        registry.define(f"{name} = [{name}]")
    for name, amount in _MULTIPLES.items():
        registry.define(f"{name} = {amount}")
    return registry
