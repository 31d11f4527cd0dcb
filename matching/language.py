"""The language that a text is written in."""

from __future__ import annotations

from functools import cache

from lingua import IsoCode639_1, Language, LanguageDetector, LanguageDetectorBuilder

_DETECTED = ["EN", "FR", "AR", "ES", "DE", "ZH", "IT", "PT", "TR", "NL", "RU", "JA", "KO", "PL"]
_LEAST_DISTANCE = 0.05


def detect_language(text: str) -> str | None:
    """ISO 639-1 code of a text's language, None where no language stands out.

    Tells apart the ten languages of Souk's messages and a few neighbours, by lingua's character trigrams.
    """
    found = _detector().detect_language_of(text)
    return found.iso_code_639_1.name.lower() if found else None


@cache
def _detector() -> LanguageDetector:
    languages = [Language.from_iso_code_639_1(getattr(IsoCode639_1, code)) for code in _DETECTED]
    builder = LanguageDetectorBuilder.from_languages(*languages).with_low_accuracy_mode()
    return builder.with_minimum_relative_distance(_LEAST_DISTANCE).build()
