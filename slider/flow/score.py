"""The score stage: signals of an attempt, and by the policy's calibration its difficulty and `p_correct`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from slider.engine import evidence
from slider.engine.calibration import Calibration
from slider.engine.sanity.watch import Sight
from slider.flow import bulk
from slider.flow.records import Rated
from slider.llm.records import Answered
from slider.models import Attempt, Outcome, Score

HARDEST = 1e6  # what a Score says where there was no answer to rank, or none to trust: harder than any logit


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


def _all_signals(candidate: "Candidate") -> dict[str, float]:
    return {**signals(candidate.answered), **candidate.sight.signals}


@dataclass(frozen=True, slots=True)
class Candidate:
    """An attempt to be scored, with the claim it was made under and what the sentinels say of it."""

    item_id: int
    token: int
    body: Mapping[str, Any]
    attempt: Attempt
    answered: Answered
    sight: Sight


def rate(candidates: Sequence[Candidate], calibration: Calibration) -> list[Rated]:
    """Score the attempts by one calibration and write their Score rows.

    What a sentinel distrusts is ranked as the hardest of all, whatever its signals say; its `p_correct` stays what the
    signals made of it, as a record of who was taken in.
    """
    if not candidates:
        return []
    found = [_all_signals(c) if c.attempt.outcome == Outcome.ANSWERED else {} for c in candidates]
    usable = np.array([c.attempt.outcome == Outcome.ANSWERED for c in candidates])
    trusted = usable & np.array([not c.sight.veto for c in candidates])
    rows = evidence.matrix(found, signals=calibration.signals)
    trust = calibration.scores(rows, answered=trusted)
    p_correct = np.where(usable, calibration.p_correct(rows), 0.0)
    bulk.insert(
        [
            Score(
                attempt_id=candidate.attempt.pk,
                signals=found[place],
                difficulty=float(-trust[place]) if trusted[place] else HARDEST,
                p_correct=float(p_correct[place]),
                calibration=calibration.key[:40],
                sentinels=[finding.to_json() for finding in candidate.sight.findings],
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
            veto=c.sight.veto,
        )
        for place, c in enumerate(candidates)
    ]
