from __future__ import annotations

import pytest

from matching.language import detect_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("we are looking for organic argan oil", "en"),
        ("nous cherchons de l'huile d'argan bio", "fr"),
        ("نبحث عن زيت أركان عضوي", "ar"),
        ("buscamos aceite de argán ecológico", "es"),
        ("wir suchen Bio-Arganöl aus Marokko", "de"),
        ("我们需要有机摩洛哥坚果油", "zh"),
        ("cerchiamo olio di argan biologico", "it"),
        ("procuramos óleo de argão biológico", "pt"),
        ("organik argan yağı arıyoruz", "tr"),
        ("wij zoeken biologische arganolie", "nl"),
    ],
)
def test_the_ten_languages_are_told_apart(text: str, language: str) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize("text", ["", "12345", "XZ-400 / 50"])
def test_no_language_is_named_where_none_stands_out(text: str) -> None:
    assert detect_language(text) is None
