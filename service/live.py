"""The matcher now in service, and how it is replaced without a failed request."""

from __future__ import annotations

from collections.abc import Callable

from matching.errors import ModelMissing, SoukError
from matching.matcher import Matcher
from matching.profiles import BuyerRequest


class Live:
    """Holds one reference to the matcher in service; `reload` builds the next one whole before it takes over.

    open_matcher : builds a matcher from what is stored
    """

    def __init__(self, open_matcher: Callable[[], Matcher]) -> None:
        self._open_matcher = open_matcher
        self._matcher: Matcher | None = None
        self.failure: str | None = "starting"

    @property
    def matcher(self) -> Matcher:
        """The matcher in service; ModelMissing, with the reason, where none could be loaded yet."""
        if self._matcher is None:
            raise ModelMissing(f"no matcher is in service: {self.failure}")
        return self._matcher

    def reload(self) -> None:
        """Build a new matcher, try it on one request, then rebind; on failure the old one goes on serving."""
        try:
            matcher = self._open_matcher()
            matcher.match(BuyerRequest(text="test"), top=1)
        except SoukError as error:
            self.failure = str(error)
            return
        self._matcher, self.failure = matcher, None
