"""The highest price that a buyer would pay."""

from __future__ import annotations

from collections.abc import Iterator

from matching.lexicon import Mark
from matching.lexicon.reading import Reading, is_range_word
from matching.needs.need import Need, NeedKind, need_at
from matching.needs.quantity import is_range_before, unit_as_written
from matching.profiles import Money

_UNIT_PRICE_LIMIT = 1000


def prices(reading: Reading) -> Iterator[Need]:
    """Prices per unit or with a ceiling; without a ceiling ("12 €/kg") they are too unsure to be one."""
    for currency in reading.marks("currency"):
        amount = _amount_beside(reading, currency)
        if amount is None:
            continue
        first, last = min(amount.first, currency.first), max(amount.last, currency.last)
        unit = _price_unit(reading, first, last)
        end = max(last, unit.last) if unit else last
        confidence = _price_confidence(reading, amount.value, (first, end), unit)
        if confidence:
            name = unit_as_written(reading, unit) if unit else None
            money = Money(value=amount.value, currency=str(currency.value), unit=name)
            yield need_at(reading, NeedKind.MAX_PRICE, money, (first, end), confidence)


def _amount_beside(reading: Reading, currency: Mark) -> Mark | None:
    """The number before a currency, or after it; of a range the upper end."""
    if number := reading.ending("number", currency.first):
        return number
    number = reading.at("number", currency.last)
    if number and is_range_word(reading.word(number.last)):
        upper = reading.at("number", number.last + 1)
        return upper or number
    return number


def _price_unit(reading: Reading, first: int, last: int) -> Mark | None:
    """The unit of a price: "€/kg", "EUR pro Stück", "9,50 € pièce", "each", or "每件" before it."""
    index = last
    for _ in range(2):
        filler = reading.at("price_filler", index)
        index = filler.last if filler else index
    if each := reading.at("each", index):
        return Mark("unit", "piece", each.first, each.last)
    per = reading.at("per", index)
    unit = reading.at("unit", per.last) if per else None
    return unit or reading.at("unit", index) or _unit_before_price(reading, first)


def _unit_before_price(reading: Reading, first: int) -> Mark | None:
    """ "每件不超过5美元", "kg başına 5 dolar", "metresi 4 euro"."""
    for index in range(max(0, first - 5), first):
        unit = reading.at("unit", index)
        if unit and (
            reading.word(index - 1) == "每" or reading.word(unit.last) == "basina" or reading.word(index) == "metresi"
        ):
            return unit
    return None


def _price_confidence(reading: Reading, value: float, span: tuple[int, int], unit: Mark | None) -> float:
    first, last = span
    while is_range_before(reading, first):
        first -= 2
    # In Chinese the unit, of up to two characters, stands between: "不超过每公斤2.5美元".
    reach = 4 if unit and unit.last <= first else 2
    beside = reading.before("ceiling", first, reach=reach) or reading.after("ceiling", last, reach=1)
    if beside or any(reading.at("ceiling", index) for index in range(*span)):
        return 0.9 if unit else 0.7 if value < _UNIT_PRICE_LIMIT else 0.5
    if reading.before("budget", first, reach=3):
        return 0.7 if unit else 0.5
    return 0.5 if unit else 0.0
