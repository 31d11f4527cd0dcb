"""Certificates, labels and standards of trade: one name for each, found in free text, and which stands in for which."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Iterator
from functools import cache, lru_cache
from typing import NamedTuple

from matching.lexicon import Mark, Phrasebook, Token, tokens, word_list
from matching.profiles import Supplier

# What a holder of the key has also been audited for. Kept to what the scheme's own rules say.
_INCLUDES: dict[str, tuple[str, ...]] = {
    # FSSC 22000 is ISO 22000 plus prerequisite programmes; ISO 22000 takes in the Codex HACCP principles (clause 8.5).
    "FSSC 22000": ("ISO 22000", "HACCP"),
    "ISO 22000": ("HACCP",),
    # BRCGS Food and IFS Food require a HACCP plan (chapter 2 of both). They do not stand in for each other.
    "BRCGS": ("HACCP",),
    "IFS": ("HACCP",),
    # GMP+ feed assurance requires HACCP too.
    "GMP+": ("HACCP",),
    # IATF 16949 and EN 9100 hold the whole of ISO 9001; ISO 13485 keeps its process model (without its every clause,
    # yet buyers take it as a quality system), ISO 3834 does not.
    "IATF 16949": ("ISO 9001",),
    "EN 9100": ("ISO 9001",),
    "ISO 13485": ("ISO 9001",),
    # GRASP is an add-on assessed only beside GlobalG.A.P.
    "GRASP": ("GlobalG.A.P.",),
    # A Demeter or Naturland farm in trade with the EU is certified to the organic regulation first.
    "Demeter": ("EU Organic",),
    "Naturland": ("EU Organic",),
    # ISO 22716 is the good manufacturing practice of cosmetics.
    "ISO 22716": ("GMP",),
    # GOTS asks for certified organic fibre with the chain of custody that OCS checks; GRS likewise for RCS.
    "GOTS": ("OCS",),
    "GRS": ("RCS",),
    # Ecocert and COSMOS: Ecocert Greenlife certifies cosmetics to COSMOS, of which it is a founder, but an Ecocert
    # certificate may be for food or textiles, and COSMOS is granted by other bodies: neither includes the other.
    # UTZ was merged into Rainforest Alliance in 2018.
    "UTZ": ("Rainforest Alliance",),
}
_EDITION_WORDS = frozenset({"v", "version", "issue", "certified", "certification"})
_ISO_LIST_LINKS = frozenset({",", "/", "&", "and", "et", "und", "y", "e", "ve", "en", "و", "和", "、", "+"})
_MOST_UNNUMBERED = 20


class Held(NamedTuple):
    """What a catalogue keeps of a certificate: its usual name, and the last day on which it counts."""

    name: str
    expires: datetime.date | None = None

    def counts_on(self, day: datetime.date) -> bool:
        """Whether it has not expired by a day; one without an expiry date always counts."""
        return self.expires is None or day <= self.expires


@lru_cache(maxsize=4096)
def certificate_name(text: str) -> str:
    """The usual name: "BRC Food" gives "BRCGS", "ISO9001:2015" gives "ISO 9001"; an unknown one comes back trimmed.

    A label is read without regard to case ("ce", "fsc"), since nothing else can be meant in a list of certificates.
    """
    trimmed = text.strip()
    for written in (trimmed, trimmed.upper()):
        first = next(iter(_phrasebook().find(written)), None)
        if first and first.first == 0 and _is_all(first, tokens(written)):
            return str(first.value)
    return trimmed


def find_certificates(text: str) -> list[tuple[str, int, int]]:
    """Certificates named in a text as (name, start, end), in reading order, with offsets into the text.

    Short labels that are also words (CE, REACH, WRAP) count only in capitals. "ISO 9001, 14001" names two.
    """
    run = tokens(text)
    marks = (found for mark in _phrasebook().find(text) for found in _with_listed_standards(mark, run))
    return [(str(mark.value), run[mark.first].start, run[mark.last - 1].end) for mark in marks]


def satisfies(held: Collection[str], required: str) -> bool:
    """Whether one of the certificates held is the required one or includes it: FSSC 22000 satisfies HACCP."""
    wanted = certificate_name(required)
    return any(wanted == name or wanted in _INCLUDES.get(name, ()) for name in map(certificate_name, held))


def held_by(supplier: Supplier) -> frozenset[Held]:
    """The certificates that a supplier states, expired ones too.

    Of more than 20 without a number none counts: who claims all that there are says nothing that can be relied on.
    """
    unnumbered = sum(one.number is None for one in supplier.certifications)
    counting = (one for one in supplier.certifications if one.number or unnumbered <= _MOST_UNNUMBERED)
    return frozenset(Held(certificate_name(one.scheme), one.expires) for one in counting)


def current_day() -> datetime.date:
    """The day now in UTC, the same for every replica, for whoever is not told which day certificates are held to."""
    return datetime.datetime.now(datetime.UTC).date()


def satisfying(held: Iterable[Held], required: str, today: datetime.date) -> list[Held]:
    """Those of the certificates held that satisfy the required one and have not expired by a day."""
    counting = [one for one in held if one.counts_on(today)]
    names = {name for name in {one.name for one in counting} if satisfies([name], required)}
    return [one for one in counting if one.name in names]


def _is_all(mark: Mark, run: tuple[Token, ...]) -> bool:
    """The year or issue of an edition ("ISO 9001:2015", "BRC v9") does not make another certificate."""
    return all(not token.text.isalpha() or token.text in _EDITION_WORDS for token in run[mark.last :])


def _with_listed_standards(mark: Mark, run: tuple[Token, ...]) -> Iterator[Mark]:
    yield mark
    last = mark.last + 2 * (mark.last + 1 < len(run) and run[mark.last].text == ":" and run[mark.last + 1].is_number)
    while str(mark.value).startswith("ISO ") and last + 1 < len(run) and run[last].text in _ISO_LIST_LINKS:
        name = f"ISO {run[last + 1].text}"
        if name not in word_list("certificates"):
            return
        last += 2
        yield Mark(mark.kind, name, last - 1, last)


@cache
def _phrasebook() -> Phrasebook:
    named = word_list("certificates").items()
    return Phrasebook(
        [("certificate", [(spelling, name) for name, own in named for spelling in _spellings(name, own)])]
    )


def _spellings(name: str, own: list[str]) -> list[str]:
    return own if f"={name}" in own else [name, *own]
