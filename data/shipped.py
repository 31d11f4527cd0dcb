"""Where the parts that ship inside lie: sample collection, encoder, ranker, glossary, headings, rates, needs."""

from pathlib import Path

_HERE = Path(__file__).parent

SAMPLE = _HERE / "sample"
ENCODER = _HERE / "encoder"
RANKER = _HERE / "ranker" / "ranker.json"
GLOSSARY = _HERE / "glossary"
ENCODER_PROBE = _HERE / "encoder_probe"
HEADINGS = _HERE / "headings"
NEEDS = _HERE / "needs"
RATES = _HERE / "rates" / "rates.csv"
