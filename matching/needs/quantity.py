"""How much is wanted, and how often; pack sizes, dimensions and prices are no order."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from matching.lexicon import Mark, is_ideograph
from matching.lexicon.reading import Reading, is_range_word
from matching.needs.need import Need, NeedKind, need_at
from matching.profiles import Quantity
from matching.units import SPELLINGS, unit_name

_LEAST_COUNT = 20
_LARGEST_PACK = 25
_LONGEST_SIZE_LIST = 10
_LARGEST_STEP = 50
_YEARS = range(1900, 2101)
_LONGEST_UNIT = 40
_SMALL_UNITS = frozenset({"gram", "milliliter", "ounce", "watt", "working_day", "project"})
_PACKED_UNITS = frozenset({"kilogram", "pound", "liter", "gram", "milliliter"})
_LENGTHS_AND_AREAS = frozenset({"meter", "meter ** 2", "meter ** 3"})
_ARTICLE_UNITS = frozenset({"container", "metric_ton"})
_CONTAINER_LENGTHS = frozenset({20.0, 40.0, 45.0})
_MEASURE_WORDS = frozenset("个条只")


def quantities(reading: Reading) -> Iterator[Need]:
    """Quantities to order, with the period in which they are wanted; counts without a unit are pieces."""
    for count, unit in _counted(reading):
        confidence = _quantity_confidence(reading, count, unit)
        if any(test(reading, count, unit) for test in _NOT_AN_ORDER):
            continue
        quantity = Quantity(value=count.value, unit=unit_as_written(reading, unit))
        yield need_at(reading, NeedKind.QUANTITY, quantity, (count.first, unit.last), confidence)
        yield from _periods(reading, count, unit)
    yield from _bare_counts(reading)
    yield from _containers_by_length(reading)
    yield from _lone_period(reading)
    for dual in reading.marks("dual"):
        value, unit_word = str(dual.value).split()
        quantity = Quantity(value=float(value), unit=unit_word)
        yield need_at(reading, NeedKind.QUANTITY, quantity, (dual.first, dual.last), 0.8)
        yield from _periods(reading, dual, dual)


def unit_as_written(reading: Reading, unit: Mark) -> str:
    """As in the text, unless only its stem is a unit: of "للقطعة" (per piece) and "each" the usual spelling."""
    written = reading.written(unit)
    return written if unit_name(written) and len(written) <= _LONGEST_UNIT else SPELLINGS[str(unit.value)][0]


def _counted(reading: Reading) -> Iterator[tuple[Mark, Mark]]:
    """Each number with the unit that it counts."""
    for number in reading.marks("number"):
        unit = _container_of_length(reading, number.last) or _unit_after(reading, number.last)
        if unit and not _is_length_of_counted(reading, number, unit):
            yield number, unit
    for article in reading.marks("article"):
        unit = _container_of_length(reading, article.last) or reading.at("unit", article.last)
        if unit and unit.value in _ARTICLE_UNITS and not reading.ending("number", article.first):
            yield Mark("number", 1.0, article.first, article.last), unit


def _is_length_of_counted(reading: Reading, number: Mark, unit: Mark) -> bool:
    """The 20 in "one 20' container", which the one counts."""
    counted = reading.ending("number", number.first) or reading.ending("article", number.first)
    return unit.value == "container" and number.value in _CONTAINER_LENGTHS and counted is not None


def _containers_by_length(reading: Reading) -> Iterator[Need]:
    """ "حاوية 40 قدم": one container, its length after it."""
    for unit in reading.marks("unit"):
        length = reading.at("number", unit.last) if unit.value == "container" else None
        if length is None or length.value not in _CONTAINER_LENGTHS or not reading.at("container_word", length.last):
            continue
        if not reading.ending("number", unit.first) and not reading.ending("article", unit.first):
            quantity = Quantity(value=1.0, unit=unit_as_written(reading, unit))
            yield need_at(reading, NeedKind.QUANTITY, quantity, (unit.first, length.last + 1), 0.7)
            yield from _periods(reading, length, length)


def _unit_after(reading: Reading, index: int) -> Mark | None:
    """The unit right after a number, or a counting noun after one more word: "5000 glass bottles"."""
    if unit := reading.at("unit", index):
        # French "par mois" holds the Portuguese pair; Chinese counts containers and boxes with a measure word.
        measured = reading.at("unit", unit.last) if reading.word(index) in _MEASURE_WORDS else None
        time = reading.at("time", index)
        if time and time.last > unit.last:  # 24个月 is no 24 pieces
            return None
        return None if reading.at("period", unit.last - 1) else measured or unit
    blocked = any(reading.at(kind, index) for kind in ("currency", "time", "per", "number", "and", "or", "period"))
    unit = reading.at("unit", index + 1)
    if blocked or not reading.word(index).isalpha() or unit is None or unit.value not in ("piece", "box", "container"):
        return None
    return unit if len(reading.word(index + 1)) > 3 and not reading.at("spec", index) else None


def _container_of_length(reading: Reading, index: int) -> Mark | None:
    """The container in "2 x 40ft", "1x20' FCL", "a 40 ft container"."""
    first = index + (reading.word(index) in ("x", "×"))
    length = reading.at("number", first)
    if length is None or length.value not in _CONTAINER_LENGTHS:
        return None
    last = length.last
    while reading.at("container_word", last):
        last += 1
    unit = reading.at("unit", last)
    if unit and unit.value == "container":
        return unit
    return None


def _quantity_confidence(reading: Reading, count: Mark, unit: Mark) -> float:
    cued = any(reading.before(kind, count.first, reach=2) for kind in ("quantity_cue", "trial"))
    if not cued and _may_be_pack(reading, count, unit):
        return 0.5
    direct = reading.at("unit", count.last) is not None
    return 0.9 if cued or reading.after("trial", unit.last, reach=2) else 0.8 if direct else 0.7


def _may_be_pack(reading: Reading, count: Mark, unit: Mark) -> bool:
    """A few kilos or litres are an order only where the text says so."""
    if unit.value not in _PACKED_UNITS or count.value > _LARGEST_PACK:
        return False
    return not (reading.before("need", count.first, reach=6) or reading.after("period", unit.last, reach=1))


def _is_price(reading: Reading, count: Mark, unit: Mark) -> bool:
    """ "€12", "12 € per 100 kg", "400 €/t" are no orders."""
    del unit
    per_count = (
        reading.ending("currency", count.first - 1) is not None and reading.at("per", count.first - 1) is not None
    )
    return per_count or reading.ending("currency", count.first) is not None or reading.word(count.first - 1) == "/"


def _is_pack_size(reading: Reading, count: Mark, unit: Mark) -> bool:
    """ "25 kg bags", "flacons de 5 l", "每袋25公斤" are how it is packed, not how much."""
    if unit.value not in _PACKED_UNITS:
        return False
    if reading.after("pack", unit.last, reach=1) or _is_size_of_counted(reading, count):
        return True
    first = _start_of_sizes(reading, count, unit)
    while (link := reading.ending("pack_link", first)) is not None or is_range_before(reading, first):
        first = link.first if link else first - 2
    return reading.ending("pack", first) is not None


def _is_size_of_counted(reading: Reading, count: Mark) -> bool:
    """The size in "300 sacas de 60 kg", whatever the packs are called."""
    link = reading.ending("pack_link", count.first)
    return (
        link is not None
        and reading.word(link.first) not in ("(", ":", "in", "en")
        and (reading.ending("number", link.first - 1) is not None)
    )


def _start_of_sizes(reading: Reading, count: Mark, unit: Mark) -> int:
    """Where a list of sizes starts: of "25 et 190 kg" at 25, of "1 L, 3 L, 5 L" at 1."""
    first = count.first
    for _ in range(_LONGEST_SIZE_LIST):
        link = reading.ending("and", first) or reading.ending("or", first)
        if link is None:
            break
        same = reading.ending("unit", link.first)
        if reading.word(link.first) == "," and (same is None or same.value != unit.value):
            break
        number = reading.ending("number", same.first if same else link.first)
        if number is None or count.value > _LARGEST_STEP * number.value:
            break
        first = number.first
    return first


def is_range_before(reading: Reading, index: int) -> bool:
    """Whether a number before a token makes a range with it: "5 to" before 10."""
    return is_range_word(reading.word(index - 1)) and reading.ending("number", index - 1) is not None


def _is_dimension(reading: Reading, count: Mark, unit: Mark) -> bool:
    """ "2 x 3 m", "5 m long", "140 g/m²", "24 pcs per set" describe the product."""
    of_each = reading.word(unit.last) in ("/", "per", "par", "pro", "por", "je") and not reading.at("period", unit.last)
    density = of_each and (reading.word(unit.last) == "/" or reading.at("unit", unit.last + 1) is not None)
    product = reading.word(count.first - 1) in ("x", "×") and unit.value != "container"
    short = bool(count.value < _LEAST_COUNT or reading.after("long", unit.last, reach=1))
    return density or product or (str(unit.value) == "meter" and short)


def _is_small(reading: Reading, count: Mark, unit: Mark) -> bool:
    """Grams and millilitres are pack sizes, unless the text says that it orders them (saffron)."""
    if unit.value == "gram":
        ordered = reading.before("need", count.first, reach=1) or reading.before("quantity_cue", count.first, reach=1)
        return ordered is None
    return str(unit.value) in _SMALL_UNITS


def _is_sample_size(reading: Reading, count: Mark, unit: Mark) -> bool:
    return bool(reading.before("sample", count.first, reach=2) or reading.at("sample", unit.last))


def _is_capacity(reading: Reading, count: Mark, unit: Mark) -> bool:
    del unit
    return reading.before("capacity", count.first, reach=4) is not None


def _is_rate(reading: Reading, count: Mark, unit: Mark) -> bool:
    """ "60 bags a minute" is what a machine does."""
    return bool(reading.after("rate", unit.last, reach=1) or reading.before("rate", count.first, reach=1))


def _is_premises(reading: Reading, count: Mark, unit: Mark) -> bool:
    """ "Lagerfläche 300 m²", "negozio di 60 m²": room that the buyer has."""
    if unit.value not in _LENGTHS_AND_AREAS:
        return False
    return bool(reading.before("premises", count.first, reach=5) or reading.after("premises", unit.last, reach=2))


def _is_empty(reading: Reading, count: Mark, unit: Mark) -> bool:
    del reading, unit
    return float(count.value) <= 0


_NOT_AN_ORDER: tuple[Callable[[Reading, Mark, Mark], bool], ...] = (
    _is_empty, _is_rate, _is_premises, _is_price, _is_pack_size, _is_dimension, _is_small, _is_sample_size,
    _is_capacity,
)  # fmt: skip


def _periods(reading: Reading, count: Mark, unit: Mark) -> Iterator[Need]:
    period = reading.after("period", unit.last, reach=4) or reading.before("period", count.first, reach=6)
    if period is None and unit.last < len(reading.tokens) and reading.is_break(unit.last):
        period = reading.at("period", unit.last + 1)
    if period is not None:
        yield need_at(reading, NeedKind.PERIOD, str(period.value), (period.first, period.last), 0.9)


def _lone_period(reading: Reading) -> Iterator[Need]:
    """The only period of a text, in a clause of its own: ", üç ayda bir,"."""
    periods = list(reading.marks("period"))
    if len(periods) != 1:
        return
    first, last = periods[0].first, periods[0].last
    opens = first == 0 or reading.is_break(first - 1)
    closes = last == len(reading.tokens) or reading.is_break(last)
    if opens and closes:
        yield need_at(reading, NeedKind.PERIOD, str(periods[0].value), (first, last), 0.7)


def _bare_counts(reading: Reading) -> Iterator[Need]:
    """Counts without a unit, after a cue: "Qty: 5000", "we need 300 chairs"."""
    for number in reading.marks("number"):
        confidence = _bare_count_confidence(reading, number)
        if confidence and _counts_things(reading, number):
            quantity = Quantity(value=number.value, unit="pcs")
            yield need_at(reading, NeedKind.QUANTITY, quantity, (number.first, number.last), confidence)
            yield from _periods(reading, number, Mark("unit", "piece", number.last, number.last))


def _bare_count_confidence(reading: Reading, number: Mark) -> float:
    if reading.before("quantity_cue", number.first, reach=2):
        return 0.7
    if reading.after("rate", number.last, reach=2):
        return 0.0
    following = reading.word(number.last)
    known = any(reading.at(kind, number.last) for kind in ("spec", "month", "pack_link", "unit", "price_filler"))
    if not following.isalpha() or len(following) <= 2 or is_ideograph(following[0]) or known:
        return 0.0
    if reading.before("need", number.first, reach=2):
        return 0.65
    first = number.first
    opens = first == 0 or reading.is_break(first - 1) or reading.word(first - 1) in (":", "و")
    return 0.6 if opens and number.value not in _YEARS else 0.0


def _counts_things(reading: Reading, number: Mark) -> bool:
    value, index = number.value, number.last
    other = _unit_after(reading, index) or any(reading.after(kind, index, reach=1) for kind in ("time", "currency"))
    other = other or any(reading.ending(kind, number.first) for kind in ("currency", "ceiling", "hs"))
    return not other and value >= _LEAST_COUNT and value == int(value) and not reading.at("spec", index)
