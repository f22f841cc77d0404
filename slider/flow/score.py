"""The score stage: signals of an attempt, and by the policy's calibration its difficulty and `p_correct`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from slider.engine import evidence
from slider.engine.calibration import Calibration
from slider.flow import bulk
from slider.flow.records import Rated
from slider.llm.records import Answered
from slider.models import Attempt, Outcome, Score

HARDEST = 1e6  # what a Score says where there was no answer to rank: harder than any logit


def signals(answered: Answered) -> dict[str, float]:
    """What the worker's raw output says about its answer, by name; what it did not give is absent."""
    texts = [sample.text for sample in answered.chosen_first]
    found = {
        "token_logodds": evidence.token_logodds(answered.value_logprobs),
        "weakest_token": evidence.weakest_token(answered.value_logprobs),
        "agreement": evidence.agreement(texts) if len(texts) > 1 else None,
        "stated": evidence.stated(answered.confidence),
    }
    return {name: value for name, value in found.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Candidate:
    """An attempt to be scored, with the claim it was made under."""

    item_id: int
    token: int
    body: Mapping[str, Any]
    attempt: Attempt
    answered: Answered


def rate(candidates: Sequence[Candidate], calibration: Calibration) -> list[Rated]:
    """Score the attempts by one calibration and write their Score rows."""
    if not candidates:
        return []
    found = [signals(c.answered) if c.attempt.outcome == Outcome.ANSWERED else {} for c in candidates]
    usable = np.array([c.attempt.outcome == Outcome.ANSWERED for c in candidates])
    rows = evidence.matrix(found)
    trust = calibration.scores(rows, answered=usable)
    p_correct = np.where(usable, calibration.p_correct(rows), 0.0)
    bulk.insert(
        [
            Score(
                attempt=candidate.attempt,
                signals=found[place],
                difficulty=float(-trust[place]) if usable[place] else HARDEST,
                p_correct=float(p_correct[place]),
                calibration=calibration.key[:40],
            )
            for place, candidate in enumerate(candidates)
        ]
    )
    return [
        Rated(
            c.item_id,
            c.token,
            c.body,
            c.attempt,
            float(trust[place]),
            float(p_correct[place]),
            trouble="" if usable[place] else c.attempt.detail or c.attempt.get_outcome_display(),
        )
        for place, c in enumerate(candidates)
    ]
