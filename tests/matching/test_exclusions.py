import numpy as np

from matching.exclusions import RuledOut, without_exclusions
from tests.conftest import HashingEncoder

GOODS = "soy candles"
OFFERS = ["paraffin candles", "soy candles", "soy candles, paraffin free"]


def offered(encoder: HashingEncoder) -> list[float]:
    ruled_out = RuledOut.of(["paraffin"], GOODS, encoder.encode([GOODS])[0], encoder)
    assert ruled_out is not None
    return np.round(ruled_out.offered(encoder.encode(OFFERS), OFFERS.__getitem__), 6).tolist()


def test_who_names_what_is_ruled_out_offers_it_and_who_names_it_to_be_without_does_not(encoder: HashingEncoder) -> None:
    with_it, silent, without_it = offered(encoder)
    assert with_it == 1.0
    assert max(silent, without_it) < 0.6


def test_nothing_ruled_out_is_none(encoder: HashingEncoder) -> None:
    assert RuledOut.of(["", "…"], GOODS, encoder.encode([GOODS])[0], encoder) is None


def test_a_text_keeps_its_places_where_what_it_does_without_is_blanked() -> None:
    text = "soap without palm oil, 100 g"
    assert without_exclusions(text) == "soap without         , 100 g"
