"""As many suppliers as wanted, none like another: goods of the glossary in its ten languages, conditions at random."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from data.trade_glossary import LANGUAGES, Entry, read_glossary
from matching.profiles import Supplier

_COUNTRIES = ("MA", "TN", "TR", "FR", "ES", "IT", "CN", "IN", "EG", "PT", "DE", "MX", "VN", "PE", "KE")
_CERTIFICATES = ("Ecocert", "ISO 9001", "Fairtrade", "GOTS", "HACCP", "BRCGS", "OEKO-TEX", "FSC")
_INCOTERMS = ("EXW", "FCA", "FOB", "CIF", "DAP")


def synthetic_suppliers(number: int, *, seed: int = 0) -> Iterator[Supplier]:
    """Suppliers named L0, L1 and on; the same for the same seed."""
    random, entries = Random(seed), read_glossary()
    return (_supplier(f"L{place}", entries, random) for place in range(number))


def _supplier(supplier_id: str, entries: tuple[Entry, ...], random: Random) -> Supplier:
    language = random.choice(LANGUAGES)
    goods = [random.choice(entries) for _ in range(random.randint(1, 4))]
    about = [random.choice(entries).terms[language][0] for _ in range(random.randint(2, 8))]
    return Supplier.model_validate(
        {
            "id": supplier_id,
            "name": f"{random.choice(about).title()} {supplier_id}",
            "country": random.choice(_COUNTRIES),
            "languages": random.sample(LANGUAGES, 2),
            "profile_language": language,
            "description": ", ".join(about),
            "products": [_product(entry, language, random) for entry in goods],
            "certifications": random.sample(_CERTIFICATES, random.randint(0, 2)),
            "markets": random.sample(_COUNTRIES, random.randint(0, 4)),
            "incoterms": random.sample(_INCOTERMS, random.randint(0, 2)),
        }
    )


def _product(entry: Entry, language: str, random: Random) -> dict[str, object]:
    product: dict[str, object] = {"name": random.choice(entry.terms[language])}
    if entry.heading and random.random() < 0.5:
        product["hs"] = f"{entry.heading}90"
    if random.random() < 0.5:
        product["moq"] = {"value": random.choice((10, 50, 100, 500, 1_000)), "unit": random.choice(("kg", "pcs"))}
    if random.random() < 0.5:
        product["lead_time_days"] = random.randint(3, 90)
    return product
