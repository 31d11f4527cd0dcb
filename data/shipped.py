"""Where the parts that ship inside lie: the sample collection, the encoder, the ranker, the glossary, the headings."""

from pathlib import Path

_HERE = Path(__file__).parent

SAMPLE = _HERE / "sample"
ENCODER = _HERE / "encoder"
RANKER = _HERE / "ranker" / "ranker.json"
GLOSSARY = _HERE / "glossary"
ENCODER_PROBE = _HERE / "encoder_probe"
HEADINGS = _HERE / "headings"
