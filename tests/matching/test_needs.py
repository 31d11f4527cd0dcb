import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.codes import Incoterm
from matching.lexicon import word_list
from matching.needs import MIN_CONFIDENCE, Need, NeedKind, Source, find_needs, needs_of
from matching.profiles import BuyerRequest, Constraints, Money, Quantity
from matching.units import unit_name

EXAMPLES = Path(__file__).parent / "needs_examples.jsonl"
EU = tuple(word_list("regions")["eu"]["countries"].split())
NORTH_AFRICA = tuple(word_list("regions")["north_africa"]["countries"].split())

STATED: list[tuple[str, dict[str, Any]]] = [
    # English
    ("Looking for 20 tonnes of couscous in 1 kg bags, delivered to Hamburg", {"quantity": (20, "metric_ton"), "delivery_country": "DE"}),
    ("500 g jars of honey, 3 pallets", {}),
    ("We need 5,000 bottles of 30 ml argan oil serum, private label", {"quantity": (5000, "piece"), "private_label": True}),
    ("GOTS certified cotton yarn, 2.5 tons per month, FOB", {"quantity": (2.5, "metric_ton"), "period": "month", "certifications": {"GOTS"}, "incoterm": "FOB"}),
    ("Suppliers from Morocco or Tunisia only, no need of HACCP", {"supplier_countries": {"MA", "TN"}}),
    ("EU producers only, BRC and Kosher certificates needed", {"supplier_countries": {*EU}, "certifications": {"BRCGS", "Kosher"}}),
    ("Organic olive oil, price max 4.20 EUR/kg CIF Rotterdam", {"max_price": (4.2, "EUR", "kilogram"), "incoterm": "CIF", "delivery_country": "NL"}),
    ("Delivery within 3 weeks, English-speaking contact", {"max_lead_time_days": 21, "languages": {"en"}}),
    ("Leather bags, not synthetic, sample first. FOB or CIF.", {"exclusion": ["synthetic"], "sample": True}),
    ("BRC or IFS, ISO 9001 preferred", {}),
    ("Trial order of 200 kg saffron-free spice mix, shipping to London, payment 60 days net", {"quantity": (200, "kilogram"), "delivery_country": "GB"}),
    ("Rugs from North Africa, no Chinese factories, lead time 10 working days", {"supplier_countries": {*NORTH_AFRICA}, "excluded_countries": {"CN"}, "max_lead_time_days": 14}),
    # French
    ("Cherche fabricant de savon noir, 3 000 pots de 200 g, à notre marque", {"quantity": (3000, "piece"), "private_label": True}),
    ("Besoin de 10 tonnes de tomates, livraison à Lyon sous 45 jours", {"quantity": (10, "metric_ton"), "delivery_country": "FR", "max_lead_time_days": 45}),
    ("Huile d'argan bio, pas de mélange, prix maximum 25 €/litre", {"exclusion": ["mélange"], "max_price": (25, "EUR", "liter")}),
    ("Fournisseurs hors UE, interlocuteur francophone, échantillons gratuits", {"excluded_countries": {*EU}, "languages": {"fr"}, "sample": True}),
    ("certifié agriculture biologique, HACCP exigé, pas besoin de Halal", {"certifications": {"EU Organic", "HACCP"}}),
    ("producteurs marocains ou tunisiens de dattes, 2 conteneurs 40 pieds", {"supplier_countries": {"MA", "TN"}, "quantity": (2, "container")}),
    ("Tissu jersey 180 g/m², 1 500 mètres, paiement à 30 jours", {"quantity": (1500, "meter")}),
    # Arabic
    ("نحتاج ١٠ أطنان من زيت الزيتون، التسليم في مرسيليا خلال شهر", {"quantity": (10, "metric_ton"), "delivery_country": "FR", "max_lead_time_days": 30}),
    ("زيت أركان عضوي بدون خلط، شهادة حلال", {"exclusion": ["خلط"], "certifications": {"Halal"}}),
    ("مطلوب موردين مغاربة، 5000 قطعة، السعر أقل من 3 يورو للقطعة", {"quantity": (5000, "piece"), "max_price": (3, "EUR", "piece"), "supplier_countries": {"MA"}}),
    ("تمور في أكياس 5 كغ، ٢٠٠ طن سنويا، فوب FOB", {"quantity": (200, "metric_ton"), "period": "year", "incoterm": "FOB"}),
    ("من المغرب أو تونس فقط، مدة التسليم 20 يوما", {"supplier_countries": {"MA", "TN"}, "max_lead_time_days": 20}),
    ("نريد عينات أولا، والتواصل بالفرنسية", {"sample": True, "languages": {"fr"}}),
    # Spanish
    ("Necesito 2.000 kg de comino, entrega en Barcelona, plazo 15 días", {"quantity": (2000, "kilogram"), "delivery_country": "ES", "max_lead_time_days": 15}),
    ("Aceite de oliva sin mezcla, botellas de 500 ml, 6.000 botellas", {"exclusion": ["mezcla"], "quantity": (6000, "piece")}),
    ("proveedores de Marruecos o Egipto, certificado GlobalGAP obligatorio", {"supplier_countries": {"MA", "EG"}, "certifications": {"GlobalG.A.P."}}),
    ("máximo 12,50 €/kg, no necesitamos certificado ecológico", {"max_price": (12.5, "EUR", "kilogram")}),
    ("Camisetas con marca propia, muestras antes del pedido, FOB Tánger", {"private_label": True, "sample": True, "incoterm": "FOB"}),
    ("no queremos pescado congelado, DAP Madrid", {"exclusion": ["pescado congelado"], "incoterm": "DAP", "delivery_country": "ES"}),
    # German
    ("Suche 500 kg Mandeln, Lieferung nach Wien in 3 Wochen", {"quantity": (500, "kilogram"), "delivery_country": "AT", "max_lead_time_days": 21}),
    ("Bio-Olivenöl, kein Verschnitt, bis 8,50 EUR pro Liter", {"exclusion": ["Verschnitt"], "max_price": (8.5, "EUR", "liter")}),
    ("türkische Hersteller bevorzugt, ISO 9001 und 14001 zwingend", {"certifications": {"ISO 9001", "ISO 14001"}, "supplier_countries": {"TR"}}),
    ("Lieferanten aus Marokko, keine Ware aus China, englischsprachiger Kontakt", {"supplier_countries": {"MA"}, "excluded_countries": {"CN"}, "languages": {"en"}}),
    ("25-kg-Säcke Kreuzkümmel, 4 t, MHD mindestens 18 Monate", {"quantity": (4, "metric_ton")}),
    ("Eigenmarke, 10.000 Flaschen à 250 ml, BSCI wünschenswert", {"private_label": True, "quantity": (10000, "piece")}),
    # Chinese
    ("需要10吨橄榄油，CIF宁波，45天内交货", {"quantity": (10, "metric_ton"), "incoterm": "CIF", "delivery_country": "CN", "max_lead_time_days": 45}),
    ("采购3万件棉质T恤，不要中国工厂，需要GOTS认证", {"quantity": (30000, "piece"), "excluded_countries": {"CN"}, "certifications": {"GOTS"}}),
    ("摩洛哥供应商，每月500公斤，25公斤袋装", {"supplier_countries": {"MA"}, "quantity": (500, "kilogram"), "period": "month"}),
    ("单价不超过3欧元/瓶，自有品牌", {"max_price": (3, "EUR", "piece"), "private_label": True}),
    ("不要香精，清真认证，先寄样品", {"exclusion": ["香精"], "certifications": {"Halal"}, "sample": True}),
    ("两个货柜，送到上海", {"quantity": (2, "container"), "delivery_country": "CN"}),
    # Italian
    ("Cerchiamo 500 kg di couscous, consegna a Milano entro 10 giorni", {"quantity": (500, "kilogram"), "delivery_country": "IT", "max_lead_time_days": 10}),
    ("olio di argan senza profumo, certificazione Ecocert, fornitori dal Marocco", {"exclusion": ["profumo"], "certifications": {"Ecocert"}, "supplier_countries": {"MA"}}),
    ("massimo 15 € al kg, 1.000 vasetti da 250 g, marchio privato", {"max_price": (15, "EUR", "kilogram"), "quantity": (1000, "piece"), "private_label": True}),
    ("produttori tunisini, un container di datteri, campione", {"supplier_countries": {"TN"}, "quantity": (1, "container"), "sample": True}),
    ("HACCP non necessario, IFS obbligatorio", {"certifications": {"IFS"}}),
    # Portuguese
    ("Procuramos 300 kg de açafrão, entrega no Porto em 30 dias", {"quantity": (300, "kilogram"), "delivery_country": "PT", "max_lead_time_days": 30}),
    ("azeite sem mistura, até 6 €/litro, certificado HACCP", {"exclusion": ["mistura"], "max_price": (6, "EUR", "liter"), "certifications": {"HACCP"}}),
    ("fabricantes de Marrocos ou Turquia, 10.000 peças por ano, marca própria", {"supplier_countries": {"MA", "TR"}, "quantity": (10000, "piece"), "period": "year", "private_label": True}),
    ("amostras grátis, CIF Santos, contato que fale português", {"sample": True, "incoterm": "CIF", "delivery_country": "BR", "languages": {"pt"}}),
    # Turkish
    ("500 kg zeytinyağı arıyoruz, İstanbul teslim, 20 gün içinde", {"quantity": (500, "kilogram"), "delivery_country": "TR", "max_lead_time_days": 20}),
    ("helal belgeli, en fazla 5 dolar/kg, Fas'tan", {"certifications": {"Halal"}, "max_price": (5, "USD", "kilogram"), "supplier_countries": {"MA"}}),
    ("sentetik kumaş istemiyoruz, 3.000 adet, özel marka", {"exclusion": ["sentetik kumaş"], "quantity": (3000, "piece"), "private_label": True}),
    ("Çin malı istemiyoruz, numune rica ederiz", {"excluded_countries": {"CN"}, "sample": True}),
    ("ISO 9001 şart değil, BSCI zorunlu", {"certifications": {"BSCI"}}),
    # Dutch
    ("Wij zoeken 2.000 stuks tassen, levering naar Rotterdam binnen 4 weken", {"quantity": (2000, "piece"), "delivery_country": "NL", "max_lead_time_days": 28}),
    ("olijfolie zonder mengsel, maximaal €7 per liter, leverancier uit Marokko", {"exclusion": ["mengsel"], "max_price": (7, "EUR", "liter"), "supplier_countries": {"MA"}}),
    ("geen leveranciers uit China, Engelstalig contact, monsters graag", {"excluded_countries": {"CN"}, "languages": {"en"}, "sample": True}),
    ("eigen merk, 5 ton per jaar, halal vereist", {"private_label": True, "quantity": (5, "metric_ton"), "period": "year", "certifications": {"Halal"}}),
    ("Franse markt, BRC niet nodig", {"delivery_country": "FR"}),
]


def stated(text: str, least: float = MIN_CONFIDENCE) -> dict[str, Any]:
    """The needs of a text in the plain form of the tables: sets for lists, tuples with unit names, words ruled out."""
    sure = sorted((need for need in find_needs(text) if need.confidence >= least), key=lambda need: -need.confidence)
    plain: dict[str, Any] = {}
    for need in sure:
        if isinstance(need.value, tuple):
            plain[need.kind.value] = plain.get(need.kind.value, set()) | set(need.value)
        elif need.kind is NeedKind.EXCLUSION:
            plain.setdefault("exclusion", []).append(need.value)
        else:
            plain.setdefault(need.kind.value, plain_value(need))
    return plain


def plain_value(need: Need) -> Any:
    if isinstance(need.value, Quantity):
        return need.value.value, unit_name(need.value.unit)
    if isinstance(need.value, Money):
        unit = need.value.unit
        return need.value.value, need.value.currency, unit_name(unit) if unit else None
    return need.value


def same_need(kind: str, expected: Any, found: Any) -> bool:
    """Equal; of exclusions, every expected one lies within a found one that is little longer."""
    if kind != "exclusion" or found is None or expected is None:
        return bool(expected == found)
    covered = (any(words in span and len(span) <= len(words) + 20 for span in found) for words in expected)
    return len(expected) == len(found) and all(covered)


@pytest.mark.parametrize(("text", "expected"), STATED)
def test_every_stated_need_is_found_and_no_other(text: str, expected: dict[str, Any]) -> None:
    found = stated(text)
    assert {kind for kind in {*expected, *found} if not same_need(kind, expected.get(kind), found.get(kind))} == set(), found
