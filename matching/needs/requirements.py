"""Certificates, languages, private label and samples that are asked for."""

from __future__ import annotations

from collections.abc import Iterator

from matching.lexicon import Mark
from matching.lexicon.reading import Reading
from matching.needs.need import Need, NeedKind, need_at
from matching.needs.negation import is_waived


def certificates(reading: Reading) -> Iterator[Need]:
    """Certificates asked for; wishes and alternatives ("BRC or IFS") are less sure, waived ones are none."""
    seen: set[str] = set()
    for mark in reading.marks("certificate"):
        if mark.value in seen or is_waived(reading, mark) or _is_buyers_own(reading, mark):
            continue
        seen.add(mark.value)
        confidence = 0.5 if _is_optional(reading, mark) else 0.9
        yield need_at(reading, NeedKind.CERTIFICATIONS, (mark.value,), (mark.first, mark.last), confidence)
    if "EU Organic" not in seen:
        yield from _organic(reading)


def _is_buyers_own(reading: Reading, mark: Mark) -> bool:
    """ "we are an ISO 14001 certified importer", "本公司已通过ISO 14001认证"."""
    buyer = reading.before("buyer_is", mark.first, reach=5)
    if buyer is None:
        return False
    kinds = ("need", "supplier")
    sought = any(reading.before(kind, buyer.first, reach=3) for kind in kinds)
    return not sought and not any(
        reading.after(kind, buyer.last, reach=mark.first - buyer.last - 1) for kind in kinds if mark.first > buyer.last
    )


def _organic(reading: Reading) -> Iterator[Need]:
    """An organic product asks for a certificate without saying which: a low confidence."""
    for mark in reading.marks("organic"):
        if not reading.at("not_organic", mark.last) and not is_waived(reading, mark):
            yield need_at(reading, NeedKind.CERTIFICATIONS, ("EU Organic",), (mark.first, mark.last), 0.5)
            return


def _is_optional(reading: Reading, mark: Mark) -> bool:
    wished = reading.before("optional", mark.first, reach=3) or reading.after("optional", mark.last, reach=3)
    textile = mark.value == "EU Organic" and reading.after("textile", mark.last, reach=2)
    return bool(wished or textile or _has_alternative(reading, mark))


def _has_alternative(reading: Reading, mark: Mark) -> bool:
    after = reading.at("or", mark.last)
    if after and (reading.at("certificate", after.last) or reading.after("same_as", after.last, reach=1)):
        return not _is_iso_pair(reading, mark, reading.at("certificate", after.last))
    before = reading.ending("or", mark.first)
    other = reading.ending("certificate", before.first) if before else None
    return other is not None and not _is_iso_pair(reading, other, mark)


def _is_iso_pair(reading: Reading, left: Mark, right: Mark | None) -> bool:
    """ "ISO 9001/14001" asks for both."""
    slash = right is not None and reading.word(right.first - 1) == "/"
    return slash and right is not None and all(str(mark.value).startswith("ISO") for mark in (left, right))


def languages(reading: Reading) -> Iterator[Need]:
    """Languages that the contact is to speak."""
    for mark in reading.marks("speaker_of"):
        yield need_at(reading, NeedKind.LANGUAGES, (str(mark.value),), (mark.first, mark.last), _spoken(reading, mark))
    for mark in reading.marks("language"):
        cued = reading.before("speaks", mark.first, reach=1) or reading.after("language_word", mark.last)
        listed = _listed_language(reading, mark)
        if cued or listed:
            yield need_at(reading, NeedKind.LANGUAGES, (mark.value,), (mark.first, mark.last), _spoken(reading, mark))


def _listed_language(reading: Reading, mark: Mark) -> bool:
    """ "French" in "French or Arabic speaking", "Arabic" in "parle français ou arabe"."""
    after = reading.at("or", mark.last) or reading.at("and", mark.last)
    right = reading.at("language", after.last) if after else None
    before = reading.ending("or", mark.first) or reading.ending("and", mark.first)
    left = reading.ending("language", before.first) if before else None
    led = left is not None and reading.before("speaks", left.first, reach=1) is not None
    return led or (right is not None and reading.after("language_word", right.last) is not None)


def _spoken(reading: Reading, mark: Mark) -> float:
    """Agents who speak a language are what is bought, not whom the buyer talks to."""
    return 0.5 if reading.after("staff", mark.last, reach=4) or reading.before("staff", mark.first, reach=1) else 0.85


def private_labels(reading: Reading) -> Iterator[Need]:
    """Whether goods under the buyer's own brand are wanted; the first mention."""
    for mark in reading.marks("private_label"):
        if not is_waived(reading, mark):
            confidence = 0.5 if reading.after("not_private_label", mark.last, reach=1) else 0.9
            yield need_at(reading, NeedKind.PRIVATE_LABEL, True, (mark.first, mark.last), confidence)
            return


def samples(reading: Reading) -> Iterator[Need]:
    """Whether samples are wanted; the first mention."""
    for mark in reading.marks("sample"):
        if not is_waived(reading, mark):
            yield need_at(reading, NeedKind.SAMPLE, True, (mark.first, mark.last), 0.8)
            return
