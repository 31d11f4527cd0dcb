import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.codes import Incoterm
from matching.lexicon import place_names, word_list
from matching.lexicon.reading import number_value
from matching.needs import MIN_CONFIDENCE, Need, NeedKind, Source, find_needs, needs_of
from matching.profiles import BuyerRequest, Constraints, Money, Quantity
from matching.units import unit_name

EXAMPLES = Path(__file__).parent / "needs_examples.jsonl"
EU = tuple(word_list("regions")["eu"]["countries"].split())
NORTH_AFRICA = tuple(word_list("regions")["north_africa"]["countries"].split())

STATED: list[tuple[str, dict[str, Any]]] = [
    # English
    (
        "Looking for 20 tonnes of couscous in 1 kg bags, delivered to Hamburg",
        {"quantity": (20, "metric_ton"), "delivery_country": "DE", "delivery_place": "Hamburg"},
    ),
    ("500 g jars of honey, 3 pallets", {"quantity": (3, "pallet")}),
    (
        "We need 5,000 bottles of 30 ml argan oil serum, private label",
        {"quantity": (5000, "piece"), "private_label": True},
    ),
    (
        "GOTS certified cotton yarn, 2.5 tons per month, FOB",
        {"quantity": (2.5, "metric_ton"), "period": "month", "certifications": {"GOTS"}, "incoterm": "FOB"},
    ),
    ("Suppliers from Morocco or Tunisia only, no need of HACCP", {"supplier_countries": {"MA", "TN"}}),
    (
        "EU producers only, BRC and Kosher certificates needed",
        {"supplier_countries": {*EU}, "certifications": {"BRCGS", "Kosher"}},
    ),
    (
        "Organic olive oil, price max 4.20 EUR/kg CIF Rotterdam",
        {
            "max_price": (4.2, "EUR", "kilogram"),
            "incoterm": "CIF",
            "delivery_country": "NL",
            "delivery_place": "Rotterdam",
        },
    ),
    (
        "300 DZN cotton socks, price max 14 USD/DZN",
        {"quantity": (300, "dozen"), "max_price": (14, "USD", "dozen")},
    ),
    ("We need 2000 KGM of argan oil and 500 H87 glass jars", {"quantity": (2000, "kilogram")}),
    ("NECESITAMOS 5 MIL KILOS DE ACEITE", {"quantity": (5000, "kilogram")}),
    ("Delivery within 3 weeks, English-speaking contact", {"max_lead_time_days": 21, "languages": {"en"}}),
    ("Leather bags, not synthetic, sample first. FOB or CIF.", {"exclusion": ["synthetic"], "sample": True}),
    ("BRC or IFS, ISO 9001 preferred", {}),
    (
        "Trial order of 200 kg saffron-free spice mix, shipping to London, payment 60 days net",
        {
            "quantity": (200, "kilogram"),
            "delivery_country": "GB",
            "delivery_place": "London",
            "exclusion": ["saffron"],
        },
    ),
    (
        "Rugs from North Africa, no Chinese factories, lead time 10 working days",
        {"supplier_countries": {*NORTH_AFRICA}, "excluded_countries": {"CN"}, "max_lead_time_days": 14},
    ),
    # French
    (
        "Cherche fabricant de savon noir, 3 000 pots de 200 g, à notre marque",
        {"quantity": (3000, "piece"), "private_label": True},
    ),
    (
        "Besoin de 10 tonnes de tomates, livraison à Lyon sous 45 jours",
        {"quantity": (10, "metric_ton"), "delivery_country": "FR", "delivery_place": "Lyon", "max_lead_time_days": 45},
    ),
    (
        "Huile d'argan bio, pas de mélange, prix maximum 25 €/litre",
        {"exclusion": ["mélange"], "max_price": (25, "EUR", "liter")},
    ),
    (
        "Fournisseurs hors UE, interlocuteur francophone, échantillons gratuits",
        {"excluded_countries": {*EU}, "languages": {"fr"}, "sample": True},
    ),
    ("certifié agriculture biologique, HACCP exigé, pas besoin de Halal", {"certifications": {"EU Organic", "HACCP"}}),
    (
        "producteurs marocains ou tunisiens de dattes, 2 conteneurs 40 pieds",
        {"supplier_countries": {"MA", "TN"}, "quantity": (2, "container")},
    ),
    ("Tissu jersey 180 g/m², 1 500 mètres, paiement à 30 jours", {"quantity": (1500, "meter")}),
    # Arabic
    (
        "نحتاج ١٠ أطنان من زيت الزيتون، التسليم في مرسيليا خلال شهر",
        {
            "quantity": (10, "metric_ton"),
            "delivery_country": "FR",
            "delivery_place": "مرسيليا",
            "max_lead_time_days": 30,
        },
    ),
    ("زيت أركان عضوي بدون خلط، شهادة حلال", {"exclusion": ["خلط"], "certifications": {"Halal"}}),
    (
        "مطلوب موردين مغاربة، 5000 قطعة، السعر أقل من 3 يورو للقطعة",
        {"quantity": (5000, "piece"), "max_price": (3, "EUR", "piece"), "supplier_countries": {"MA"}},
    ),
    (
        "تمور في أكياس 5 كغ، ٢٠٠ طن سنويا، فوب FOB",
        {"quantity": (200, "metric_ton"), "period": "year", "incoterm": "FOB"},
    ),
    ("من المغرب أو تونس فقط، مدة التسليم 20 يوما", {"supplier_countries": {"MA", "TN"}, "max_lead_time_days": 20}),
    ("نريد عينات أولا، والتواصل بالفرنسية", {"sample": True, "languages": {"fr"}}),
    # Spanish
    (
        "Necesito 2.000 kg de comino, entrega en Barcelona, plazo 15 días",
        {
            "quantity": (2000, "kilogram"),
            "delivery_country": "ES",
            "delivery_place": "Barcelona",
            "max_lead_time_days": 15,
        },
    ),
    (
        "Aceite de oliva sin mezcla, botellas de 500 ml, 6.000 botellas",
        {"exclusion": ["mezcla"], "quantity": (6000, "piece")},
    ),
    (
        "proveedores de Marruecos o Egipto, certificado GlobalGAP obligatorio",
        {"supplier_countries": {"MA", "EG"}, "certifications": {"GlobalG.A.P."}},
    ),
    ("máximo 12,50 €/kg, no necesitamos certificado ecológico", {"max_price": (12.5, "EUR", "kilogram")}),
    (
        "Camisetas con marca propia, muestras antes del pedido, FOB Tánger",
        {"private_label": True, "sample": True, "incoterm": "FOB"},
    ),
    (
        "no queremos pescado congelado, DAP Madrid",
        {"exclusion": ["pescado congelado"], "incoterm": "DAP", "delivery_country": "ES", "delivery_place": "Madrid"},
    ),
    # German
    (
        "Suche 500 kg Mandeln, Lieferung nach Wien in 3 Wochen",
        {"quantity": (500, "kilogram"), "delivery_country": "AT", "delivery_place": "Wien", "max_lead_time_days": 21},
    ),
    (
        "Bio-Olivenöl, kein Verschnitt, bis 8,50 EUR pro Liter",
        {"exclusion": ["Verschnitt"], "max_price": (8.5, "EUR", "liter")},
    ),
    (
        "türkische Hersteller bevorzugt, ISO 9001 und 14001 zwingend",
        {"certifications": {"ISO 9001", "ISO 14001"}, "supplier_countries": {"TR"}},
    ),
    (
        "Lieferanten aus Marokko, keine Ware aus China, englischsprachiger Kontakt",
        {"supplier_countries": {"MA"}, "excluded_countries": {"CN"}, "languages": {"en"}},
    ),
    ("25-kg-Säcke Kreuzkümmel, 4 t, MHD mindestens 18 Monate", {"quantity": (4, "metric_ton")}),
    ("Eigenmarke, 10.000 Flaschen à 250 ml, BSCI wünschenswert", {"private_label": True, "quantity": (10000, "piece")}),
    # Chinese
    (
        "需要10吨橄榄油，CIF宁波，45天内交货",
        {
            "quantity": (10, "metric_ton"),
            "incoterm": "CIF",
            "delivery_country": "CN",
            "delivery_place": "宁波",
            "max_lead_time_days": 45,
        },
    ),
    (
        "采购3万件棉质T恤，不要中国工厂，需要GOTS认证",
        {"quantity": (30000, "piece"), "excluded_countries": {"CN"}, "certifications": {"GOTS"}},
    ),
    (
        "摩洛哥供应商，每月500公斤，25公斤袋装",
        {"supplier_countries": {"MA"}, "quantity": (500, "kilogram"), "period": "month"},
    ),
    ("单价不超过3欧元/瓶，自有品牌", {"max_price": (3, "EUR", "piece"), "private_label": True}),
    ("不要香精，清真认证，先寄样品", {"exclusion": ["香精"], "certifications": {"Halal"}, "sample": True}),
    ("两个货柜，送到上海", {"quantity": (2, "container"), "delivery_country": "CN", "delivery_place": "上海"}),
    # Italian
    (
        "Cerchiamo 500 kg di couscous, consegna a Milano entro 10 giorni",
        {"quantity": (500, "kilogram"), "delivery_country": "IT", "delivery_place": "Milano", "max_lead_time_days": 10},
    ),
    (
        "olio di argan senza profumo, certificazione Ecocert, fornitori dal Marocco",
        {"exclusion": ["profumo"], "certifications": {"Ecocert"}, "supplier_countries": {"MA"}},
    ),
    (
        "massimo 15 € al kg, 1.000 vasetti da 250 g, marchio privato",
        {"max_price": (15, "EUR", "kilogram"), "quantity": (1000, "piece"), "private_label": True},
    ),
    (
        "produttori tunisini, un container di datteri, campione",
        {"supplier_countries": {"TN"}, "quantity": (1, "container"), "sample": True},
    ),
    ("HACCP non necessario, IFS obbligatorio", {"certifications": {"IFS"}}),
    # Portuguese
    (
        "Procuramos 300 kg de açafrão, entrega no Porto em 30 dias",
        {"quantity": (300, "kilogram"), "delivery_country": "PT", "delivery_place": "Porto", "max_lead_time_days": 30},
    ),
    (
        "azeite sem mistura, até 6 €/litro, certificado HACCP",
        {"exclusion": ["mistura"], "max_price": (6, "EUR", "liter"), "certifications": {"HACCP"}},
    ),
    (
        "fabricantes de Marrocos ou Turquia, 10.000 peças por ano, marca própria",
        {"supplier_countries": {"MA", "TR"}, "quantity": (10000, "piece"), "period": "year", "private_label": True},
    ),
    (
        "amostras grátis, CIF Santos, contato que fale português",
        {"sample": True, "incoterm": "CIF", "delivery_country": "BR", "delivery_place": "Santos", "languages": {"pt"}},
    ),
    # Turkish
    (
        "500 kg zeytinyağı arıyoruz, İstanbul teslim, 20 gün içinde",
        {
            "quantity": (500, "kilogram"),
            "delivery_country": "TR",
            "delivery_place": "İstanbul",
            "max_lead_time_days": 20,
        },
    ),
    (
        "helal belgeli, en fazla 5 dolar/kg, Fas'tan",
        {"certifications": {"Halal"}, "max_price": (5, "USD", "kilogram"), "supplier_countries": {"MA"}},
    ),
    (
        "sentetik kumaş istemiyoruz, 3.000 adet, özel marka",
        {"exclusion": ["sentetik kumaş"], "quantity": (3000, "piece"), "private_label": True},
    ),
    ("Çin malı istemiyoruz, numune rica ederiz", {"excluded_countries": {"CN"}, "sample": True}),
    ("ISO 9001 şart değil, BSCI zorunlu", {"certifications": {"BSCI"}}),
    # Dutch
    (
        "Wij zoeken 2.000 stuks tassen, levering naar Rotterdam binnen 4 weken",
        {
            "quantity": (2000, "piece"),
            "delivery_country": "NL",
            "delivery_place": "Rotterdam",
            "max_lead_time_days": 28,
        },
    ),
    (
        "olijfolie zonder mengsel, maximaal €7 per liter, leverancier uit Marokko",
        {"exclusion": ["mengsel"], "max_price": (7, "EUR", "liter"), "supplier_countries": {"MA"}},
    ),
    (
        "geen leveranciers uit China, Engelstalig contact, monsters graag",
        {"excluded_countries": {"CN"}, "languages": {"en"}, "sample": True},
    ),
    (
        "eigen merk, 5 ton per jaar, halal vereist",
        {"private_label": True, "quantity": (5, "metric_ton"), "period": "year", "certifications": {"Halal"}},
    ),
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
    wrong = {kind for kind in {*expected, *found} if not same_need(kind, expected.get(kind), found.get(kind))}
    assert wrong == set(), found


def judged_examples() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Expected and found needs of each example in the data file."""
    lines = EXAMPLES.read_text(encoding="utf-8").splitlines()
    examples = [json.loads(line) for line in lines]
    return [(expected_needs(example["needs"]), stated(example["text"])) for example in examples]


def expected_needs(needs: dict[str, Any]) -> dict[str, Any]:
    """In the examples "@eu" is a region, and lists of strings stand for sets, save the words ruled out."""
    regions = word_list("regions")
    plain: dict[str, Any] = {}
    for kind, value in needs.items():
        if kind == "exclusion" or not isinstance(value, list):
            plain[kind] = value
        elif isinstance(value[0], str):
            codes = (regions[part[1:]]["countries"].split() if part.startswith("@") else [part] for part in value)
            plain[kind] = {code for group in codes for code in group}
        else:
            plain[kind] = tuple(value)
    return plain


def count_same(judged: list[tuple[dict[str, Any], dict[str, Any]]]) -> int:
    return sum(same_need(kind, want[kind], found.get(kind)) for want, found in judged for kind in want)


def test_precision_over_the_examples_is_at_least_97_percent() -> None:
    judged = judged_examples()
    assert count_same(judged) >= 0.97 * sum(len(found) for _, found in judged)


def test_recall_over_the_examples_is_at_least_95_percent() -> None:
    judged = judged_examples()
    assert count_same(judged) >= 0.95 * sum(len(want) for want, _ in judged)


@pytest.mark.parametrize(
    ("digits", "value"),
    [
        ("1,234.56", 1234.56), ("1.234,56", 1234.56), ("1.500", 1500.0), ("1,500", 1500.0), ("0,500", 0.5),
        ("12,5", 12.5), ("1'000", 1000.0), ("٥٠٠", 500.0), ("٢٫٥", 2.5), ("15.03.2025", None), ("9" * 40, None),
    ],
)  # fmt: skip
def test_digits_are_read_with_the_separators_of_each_language(digits: str, value: float | None) -> None:
    assert number_value(digits) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("need 10 000 kg", 10_000), ("need 5k pcs", 5000), ("求购五百公斤", 500), ("求购2万件", 20_000),
        ("نحتاج طنين من التمور", 2), ("half a ton of cumin", 0.5), ("between 500 and 800 kg", 800),
        ("5-8 t of figs", 8), ("cinq tonnes", 5), ("a container of tiles", 1), ("2 x 40ft containers", 2),
    ],
)  # fmt: skip
def test_numbers_in_words_ranges_and_multiples_are_read(text: str, value: float) -> None:
    assert stated(text)["quantity"][0] == value


@pytest.mark.parametrize(
    "text",
    [
        "500 g jars", "30 ml bottle", "sacs de 25 kg", "25公斤袋装", "Kanister mit 5 l", "fabric 180 g/m2",
        "48 V motor", "tiles 10 x 10 cm", "capacity of 20 t per month", "ISO 9001", "sample of 40 kg", "since 1998",
        "12 € per 100 kg", "fûts de 25 et 190 kg",
    ],
)  # fmt: skip
def test_sizes_capacities_and_prices_are_no_quantity(text: str) -> None:
    assert "quantity" not in stated(text)


@pytest.mark.parametrize(
    "text",
    ["payment in 60 days", "Zahlung 30 Tage netto", "DLUO 18 mois", "garantía 2 meses", "保质期12个月", "3月15日前"],
)
def test_payment_terms_and_shelf_life_are_no_lead_time(text: str) -> None:
    assert "max_lead_time_days" not in stated(text)


@pytest.mark.parametrize(
    "text", ["no more than two colours", "ohne Verpflichtung", "sin compromiso", "pas plus de deux", "entrega no Porto"]
)
def test_idioms_with_a_negation_rule_nothing_out(text: str) -> None:
    assert "exclusion" not in stated(text)


@pytest.mark.parametrize("text", ["We are a buyer from Germany", "nous sommes une société, importateur de France"])
def test_country_of_the_buyer_is_not_asked_of_suppliers(text: str) -> None:
    assert "supplier_countries" not in stated(text)


@pytest.mark.parametrize(
    "text", ["argan oil, organic", "huile d'argan bio", "زيت عضوي", "有机橄榄油", "aceite ecológico"]
)
def test_organic_as_an_adjective_is_found_but_unsure(text: str) -> None:
    assert stated(text, 0.0)["certifications"] == {"EU Organic"}
    assert "certifications" not in stated(text)


def test_alternatives_are_found_but_none_is_required() -> None:
    assert stated("BRC or IFS certified", 0.0)["certifications"] == {"BRCGS", "IFS"}
    assert "certifications" not in stated("BRC or IFS certified")


def test_two_incoterms_are_found_but_none_is_required() -> None:
    assert {need.value for need in find_needs("FOB or CIF")} == {Incoterm.FOB, Incoterm.CIF}
    assert "incoterm" not in stated("FOB or CIF")


def test_dap_the_fertiliser_is_no_incoterm() -> None:
    assert "incoterm" not in stated("DAP 18-46 fertilizer, 500 t")


def test_supplier_outside_a_region_that_is_ruled_out_asks_for_the_region() -> None:
    assert stated("no suppliers outside the EU") == {"supplier_countries": {*EU}}


def test_span_of_an_exclusion_covers_the_words_ruled_out() -> None:
    text = "Argan oil, no cosmetic grade, 500 kg"
    assert [text[start:end] for start, end in needs_of(BuyerRequest(text=text)).exclusions] == ["cosmetic grade"]


def test_spans_count_characters_of_the_text_as_given() -> None:
    text = "Straße 1, ﬁne oil, ohne Zusa\u0308tze bitte"
    exclusion = next(need for need in find_needs(text) if need.kind is NeedKind.EXCLUSION)
    assert text[exclusion.start : exclusion.end] == "Zusa\u0308tze"


def test_form_wins_over_text_field_by_field() -> None:
    form = Constraints(quantity=Quantity(value=300, unit="kg"), certifications=("Kosher",))
    request = BuyerRequest(text="500 kg, halal, delivery to Lyon", constraints=form)
    assert needs_of(request).constraints == Constraints(
        quantity=Quantity(value=300, unit="kg"), certifications=("Kosher",), delivery_country="FR"
    )


def test_text_fills_what_the_form_left_open() -> None:
    request = BuyerRequest(text="500 kg halal dates, FOB, max 4 €/kg, hs code 080410")
    assert needs_of(request).constraints == Constraints(
        quantity=Quantity(value=500, unit="kg"),
        certifications=("Halal",),
        incoterm=Incoterm.FOB,
        max_price=Money(value=4, currency="EUR", unit="kg"),
        hs="0804.10",
    )


def test_needs_of_the_form_are_found_without_a_span() -> None:
    request = BuyerRequest(text="dates", constraints=Constraints(incoterm=Incoterm.FOB))
    assert needs_of(request).found == (Need(NeedKind.INCOTERM, Incoterm.FOB, None, None, 1.0, Source.FORM),)


def test_unsure_needs_stay_found_and_do_not_become_constraints() -> None:
    needs = needs_of(BuyerRequest(text="organic argan oil"))
    assert [need.value for need in needs.found] == [("EU Organic",)]
    assert needs.constraints == Constraints()


def test_excluded_countries_leave_the_wanted_ones() -> None:
    needs = needs_of(BuyerRequest(text="suppliers from North Africa, not from Egypt"))
    assert needs.excluded_countries == ("EG",)
    assert set(needs.constraints.supplier_countries) == {*NORTH_AFRICA} - {"EG"}


def test_every_field_of_the_constraints_has_a_kind_of_the_same_name() -> None:
    assert set(Constraints.model_fields) <= {kind.value for kind in NeedKind}


def test_every_place_and_region_has_a_country_code_that_the_profiles_accept() -> None:
    regions = {code for region in word_list("regions").values() for code in region["countries"].split()}
    places = {code for _, code in place_names()}
    codes = {*regions, *places, *word_list("demonyms"), *word_list("countries")}
    assert set(Constraints(supplier_countries=tuple(codes)).supplier_countries) == codes


_PHRASES = [text for text, _ in STATED]
_WORDS = st.sampled_from(
    sorted({word for text in _PHRASES for word in text.split()} | {"½", "万", "٥", "no", "-", "to"})
)


@given(st.text() | st.lists(_WORDS, max_size=60).map(" ".join))
def test_any_text_is_read_and_spans_lie_within_it(text: str) -> None:
    for need in find_needs(text):
        assert need.start is not None
        assert need.end is not None
        assert 0 <= need.start < need.end <= len(text)


@given(st.lists(_WORDS, min_size=1, max_size=60).map(" ".join))
def test_needs_of_any_text_are_valid_constraints(text: str) -> None:
    assert Constraints.model_validate(needs_of(BuyerRequest(text=text)).constraints.model_dump())


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("delivery by 15 March 2027", "2027-03-15"), ("livraison avant le 30 juin", "--06-30"),
        ("Lieferung bis 15.03.2027", "2027-03-15"), ("Anlieferung im Februar", "--02"), ("Lieferung in KW 20", "--W20"),
        ("2027年3月15日前交货", "2027-03-15"), ("التسليم قبل 20 غشت", "--08-20"), ("entrega até 5 de maio", "--05-05"),
    ],
)  # fmt: skip
def test_dates_of_delivery_are_read_as_far_as_they_are_stated(text: str, date: str) -> None:
    assert stated(text)["delivery_date"] == date


@pytest.mark.parametrize("text", ["quotes by 15 March", "restaurant opening on 1 June", "harvest of October 2026"])
def test_the_date_of_something_else_is_no_date_of_delivery(text: str) -> None:
    assert "delivery_date" not in stated(text)


def test_certificates_of_the_buyer_are_not_asked_of_suppliers() -> None:
    assert "certifications" not in stated("We are an ISO 14001 certified importer of spices")
