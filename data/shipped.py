"""Where the parts that ship inside lie: the sample collection, the encoder, the ranker."""

from pathlib import Path

_HERE = Path(__file__).parent

SAMPLE = _HERE / "sample"
ENCODER = _HERE / "encoder"
RANKER = _HERE / "ranker" / "ranker.json"
