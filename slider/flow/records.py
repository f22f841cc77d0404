"""What one stage hands to the next, so that no stage has to know another."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slider.models import Attempt, Outcome


@dataclass(frozen=True, slots=True)
class Rated:
    """An item ready to be routed: `trust` is the ranking score, -inf without an answer to be trusted."""

    item_id: int
    token: int
    body: Mapping[str, Any]
    attempt: Attempt | None
    trust: float
    p_correct: float
    trouble: str = ""
    veto: str = ""  # what a sentinel distrusts, in words: to people whatever the score

    @property
    def answered(self) -> bool:
        return self.attempt is not None and self.attempt.outcome == Outcome.ANSWERED
