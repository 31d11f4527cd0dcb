"""Every exception that Souk raises on purpose.

SoukError
├── InvalidInput          what the caller gave cannot be used
│   ├── InvalidRequest    a buyer's request: empty, too long, a value out of range
│   └── UnreadableFile    a file as a whole: missing, wrong kind, damaged
├── UnknownSupplier       an id that no stored supplier has
├── StoreUnavailable      the database of records cannot be reached or written
├── IndexDamaged          an index file that is torn, or made by another encoder
├── ModelMissing          a model folder that is not there, or not a model
└── ModelDamaged          a model whose contents differ from its manifest or from the code

Each message says what was given, where, and what would do.
"""

from __future__ import annotations


class SoukError(Exception):
    """The root: whoever catches it catches every foreseen failure and no programming mistake."""


class InvalidInput(SoukError):
    """What the caller gave cannot be used; the message names the field and what was expected."""


class InvalidRequest(InvalidInput):
    """A buyer's request that cannot be matched."""


class UnreadableFile(InvalidInput):
    """A file of which no row can be read."""


class UnknownSupplier(SoukError):
    """An id that no stored supplier has."""


class StoreUnavailable(SoukError):
    """The database of records cannot be reached or written; nothing of the call was stored."""


class IndexDamaged(SoukError):
    """An index file that is torn or belongs to another encoder; `souk index` makes it anew."""


class ModelMissing(SoukError):
    """A model folder that is not there or holds no model."""


class ModelDamaged(SoukError):
    """A model whose files differ from its manifest, or whose features differ from those of the code."""
