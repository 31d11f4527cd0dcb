"""Cells of an organiser's spreadsheets that no other table has: roles, wishes, days and times, in ten languages."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from typing import Any

from data.fairs import Level, Role
from matching.words import fold

_YES = frozenset("yes y true 1 x oui نعم si sim ja 是 evet".split())
_NO = frozenset("no n false 0 non لا nein nao 否 hayir nee".split())
_ROLES: Mapping[Role, str] = {
    Role.BUYER: "buyer|buyers|acheteur|acheteuse|visiteur|مشتري|المشتري|comprador|compradora|"
    "einkaufer|kaufer|采购商|买家|"
    "compratore|acquirente|buyer|alici|koper|inkoper|visitor",
    Role.EXHIBITOR: "exhibitor|exhibitors|supplier|seller|exposant|exposante|fournisseur|عارض|العارض|مورد|expositor|"
    "proveedor|aussteller|lieferant|参展商|供应商|espositore|fornitore|fornecedor|katilimci|"
    "tedarikci|exposant|leverancier",
}
_LEVELS: Mapping[Level, str] = {
    Level.MUST: "must|required|must meet|doit|obligatoire|indispensable|ضروري|لازم|إلزامي|obligatorio|imprescindible|"
    "muss|pflicht|必须|必见|obbligatorio|obrigatorio|zorunlu|sart|moet|verplicht",
    Level.LIKE: "like|want|wish|nice|souhaite|souhait|oui|يرغب|مرغوب|desea|deseado|wunsch|"
    "gern|gerne|希望|想见|desidera|"
    "gradito|deseja|desejado|ister|istek|graag|wens|yes|x",
    Level.MET: "met|known|met before|deja rencontre|connu|التقيا|معروف|conocido|ya reunidos|"
    "bekannt|已见过|认识|conosciuto|"
    "gia incontrato|conhecido|taniyor|tanisti|bekend|al ontmoet",
    Level.NEVER: "never|no|forbidden|jamais|non|exclu|أبدا|ممنوع|nunca|nie|verboten|"
    "ausgeschlossen|不要|从不|mai|vietato|"
    "proibido|asla|hayir|yasak|nooit|verboden",
}
_ABSENCES: Mapping[bool, str] = {
    False: "present|available|yes|here|disponible|oui|حاضر|متاح|si|anwesend|verfugbar|ja|出席|"
    "可用|在|presente|disponibile|"
    "disponivel|sim|var|uygun|evet|aanwezig|beschikbaar",
    True: "absent|unavailable|no|away|indisponible|non|غائب|غير متاح|ausente|no disponible|"
    "abwesend|nicht verfugbar|nein|"
    "缺席|不在|不可用|assente|non disponibile|indisponivel|nao|yok|uygun degil|hayir|afwezig|niet beschikbaar|nee",
}
_DAY = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})|(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
_CLOCK = re.compile(r"(\d{1,2})(?:[:.hH](\d{2})?(?::\d{2})?)?\s*(am|pm)?", re.IGNORECASE)
EXPECTED = {
    "role": "buyer or exhibitor", "level": "must, like, met or never", "exclusive": "yes or no",
    "absent": "present or absent", "day": "a day such as 2026-10-07", "starts": "a time such as 09:20",
    "ends": "a time such as 09:20", "starts_at": "a day and time such as 2026-10-07 09:20",
}  # fmt: skip


def _words(table: Mapping[Any, str]) -> dict[str, Any]:
    return {fold(word): value for value, words in table.items() for word in words.split("|")}


def _choice(table: Mapping[Any, str]) -> Callable[[object], Any]:
    by_word = _words(table)

    def read(value: object) -> Any:
        found = by_word.get(fold(str(value)).strip())
        if found is None:
            raise ValueError(f"{value!r} is none of the choices")
        return found

    return read


def _yes(value: object) -> bool:
    answer = fold(str(value)).strip()
    if answer not in _YES | _NO:
        raise ValueError(f"{value!r} is neither yes nor no")
    return answer in _YES


def _day(value: object) -> datetime.date:
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    found = _DAY.fullmatch(str(value).strip())
    if found is None:
        raise ValueError(f"{value!r} is not a day")
    year, month, day = found.group(1, 2, 3) if found[1] else found.group(6, 5, 4)
    return datetime.date(int(year), int(month), int(day))


def _clock(value: object) -> datetime.time:
    if isinstance(value, datetime.datetime):
        return value.time().replace(second=0, microsecond=0)
    if isinstance(value, datetime.time):
        return value.replace(second=0, microsecond=0)
    found = _CLOCK.fullmatch(str(value).strip())
    if found is None:
        raise ValueError(f"{value!r} is not a time")
    hour = int(found[1]) % 12 + 12 * (found[3].lower() == "pm") if found[3] else int(found[1])
    return datetime.time(hour, int(found[2] or 0))


def _day_and_clock(value: object) -> datetime.datetime:
    if isinstance(value, datetime.datetime):
        return value.replace(second=0, microsecond=0)
    day, _, clock = str(value).strip().replace("T", " ").partition(" ")
    return datetime.datetime.combine(_day(day), _clock(clock))


READERS: Mapping[str, Callable[[object], Any]] = {
    "role": _choice(_ROLES), "level": _choice(_LEVELS), "absent": _choice(_ABSENCES), "exclusive": _yes,
    "day": _day, "starts": _clock, "ends": _clock, "starts_at": _day_and_clock,
}  # fmt: skip
