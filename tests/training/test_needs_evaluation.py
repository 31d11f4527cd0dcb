from collections.abc import Callable, Sequence

from data import shipped
from matching.codes import Incoterm
from matching.needs import Need, NeedKind, Source
from matching.profiles import Money
from training.needs_evaluation import (
    Half,
    LabelledRequest,
    Statement,
    agrees,
    evaluate_needs,
    read_requests,
    sure_statements,
)


def need(kind: NeedKind, value: object, start: int, end: int, confidence: float = 0.9) -> Need:
    return Need(kind, value, start, end, confidence, Source.TEXT)  # type: ignore[arg-type]


def finding(*needs: Need) -> Callable[[str], Sequence[Need]]:
    return lambda _text: needs


LABEL = Statement(NeedKind.INCOTERM, Incoterm.FOB, 0, 3)
REQUEST = LabelledRequest("r", "en", "FOB Agadir, no palm oil", (LABEL,), Half.DEVELOPMENT)


def test_a_need_of_the_same_kind_value_and_place_counts_for_both_sides() -> None:
    count = evaluate_needs([REQUEST], finding(need(NeedKind.INCOTERM, Incoterm.FOB, 0, 10))).by_kind[
        REQUEST.half, "all"
    ]
    assert (count.labels, count.labels_found, count.found, count.found_right) == (1, 1, 1, 1)


def test_another_value_or_another_place_is_wrong_and_leaves_the_label_missed() -> None:
    found = finding(need(NeedKind.INCOTERM, Incoterm.CIF, 0, 3), need(NeedKind.INCOTERM, Incoterm.FOB, 5, 9))
    evaluation = evaluate_needs([REQUEST], found)
    assert (len(evaluation.missed), len(evaluation.wrong)) == (1, 2)


def test_an_unsure_need_does_not_count() -> None:
    count = evaluate_needs([REQUEST], finding(need(NeedKind.INCOTERM, Incoterm.FOB, 0, 3, 0.5))).by_kind
    assert count[REQUEST.half, "all"].found == 0


def test_a_list_agrees_with_the_labels_that_name_all_of_its_codes() -> None:
    labels = [
        Statement(NeedKind.SUPPLIER_COUNTRIES, frozenset({code}), *span)
        for code, span in (("MA", (0, 5)), ("TN", (9, 14)))
    ]
    both = Statement(NeedKind.SUPPLIER_COUNTRIES, frozenset({"MA", "TN"}), 0, 14)
    assert agrees(both, labels)
    assert not agrees(both, labels[:1])
    assert agrees(labels[0], [both])


def test_words_ruled_out_agree_where_half_of_their_characters_are_covered() -> None:
    label = Statement(NeedKind.EXCLUSION, "palm oil", 10, 18)
    assert agrees(label, [Statement(NeedKind.EXCLUSION, "palm", 10, 14)])
    assert not agrees(label, [Statement(NeedKind.EXCLUSION, "pal", 10, 13)])


def test_a_price_per_piece_is_one_without_a_unit() -> None:
    prices = [Money(value=2.5, currency="EUR", unit=unit) for unit in ("pcs", None)]
    first, second = sure_statements(need(NeedKind.MAX_PRICE, price, 0, 3) for price in prices)
    assert first.value == second.value


def test_the_shipped_labels_are_read_to_the_precision_and_recall_that_are_asked() -> None:
    requests = read_requests(shipped.NEEDS / "requests.jsonl")
    assert len(requests) >= 200
    count = evaluate_needs(requests).by_kind[Half.HELD_OUT, "all"]
    assert count.found_right >= 0.95 * count.found
    assert count.labels_found >= 0.85 * count.labels
