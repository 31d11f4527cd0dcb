"""Every exception that Souk raises on purpose.

SoukError
├── InvalidInput          what the caller gave cannot be used
│   ├── InvalidRequest    a buyer's request: empty, too long, a value out of range
│   └── UnreadableFile    a file as a whole: missing, wrong kind, damaged
├── UnknownRecord         an id that no stored record of its kind has
│   └── UnknownSupplier   an id that no stored supplier has
├── PreconditionFailed    a record is not in the state that a write was bound to
├── AccessRefused         who calls may not do this
│   ├── KeyRefused        no key, an unknown one or a revoked one
│   └── ScopeMissing      a key that is not meant for this
├── TooManyRequests       a key's allowance is used up for now
├── KeyUsedOtherwise      an Idempotency-Key that came with another request before
├── NotReady              a catalogue that is still being loaded
├── OutputUnavailable     a form of output whose library this machine lacks
├── StoreUnavailable      the database of records cannot be reached or written
├── IndexDamaged          an index file that is torn, or made by another encoder
├── ModelMissing          a model folder that is not there, or not a model
├── ModelDamaged          a model whose contents differ from its manifest or from the code
└── PromotionRefused      a model that the checks before a promotion do not let into service

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


class UnknownRecord(SoukError):
    """An id that no stored record of its kind has."""


class UnknownSupplier(UnknownRecord):
    """An id that no stored supplier has."""


class PreconditionFailed(SoukError):
    """A record is not in the state that a write was bound to; nothing was stored."""


class AccessRefused(SoukError):
    """Who calls may not do this."""


class KeyRefused(AccessRefused):
    """No key was given, or one that is unknown or revoked."""


class ScopeMissing(AccessRefused):
    """The key is good, but not for this."""


class TooManyRequests(SoukError):
    """A key's allowance is used up; retry_after_seconds tells when there is more."""

    def __init__(self, message: str, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class KeyUsedOtherwise(SoukError):
    """An Idempotency-Key that came with another request before."""


class NotReady(SoukError):
    """A catalogue that is still being loaded; the message tells how far it is."""


class OutputUnavailable(SoukError):
    """A form of output whose library this machine lacks; the message names what to install."""


class StoreUnavailable(SoukError):
    """The database of records cannot be reached or written; nothing of the call was stored."""


class IndexDamaged(SoukError):
    """An index file that is torn or belongs to another encoder; `souk index` makes it anew."""


class ModelMissing(SoukError):
    """A model folder that is not there or holds no model."""


class ModelDamaged(SoukError):
    """A model whose files differ from its manifest, or whose features differ from those of the code."""


class PromotionRefused(SoukError):
    """A model that checks do not let into service; the message names each check with its value and bound."""
