"""The quality figures: what audits have found, what that bounds, what is owed, and what the next step costs."""

from typing import Any

from django.http import HttpRequest
from pydantic import Field

from slider.api import body, finding, shapes
from slider.api.calls import Terms, call
from slider.api.shapes import Shape
from slider.models import Scope
from slider.queries import curve, errors, quality_looks, quality_nines, quality_trust, results

_TAG = {"tag": "Audits and bounds"}


class CutOut(Shape):
    """Everything up to one share of the ranking: its error, estimated, at least and at most. Null: not known yet."""

    share: float
    verdicts: int
    error: float | None
    lower: float | None
    upper: float | None
    certified: bool


class StepOut(Shape):
    """A step of certified error; what it takes in audits, days and hours of people. Null: not known."""

    error: float
    done: bool
    audits: float | None
    days: float | None
    hours: float | None


class OwedOut(Shape):
    """Looks that people still owe. What tells audits apart is null for people who review."""

    all: int
    audits: int | None
    overdue: int | None
    oldest: shapes.Moment | None
    reviewers: int


class TrustOut(Shape):
    """Whether `p_correct` keeps its word: the mean distance, and what chance alone would make of it."""

    labels: int
    gap: float | None
    luck: float | None
    words: str


class QualityOut(Shape):
    """How often what ran unattended is wrong, and how that is known. `upper` holds with the chance `sure`."""

    policy: int
    epoch: int
    error_limit: float
    sure: float = Field(examples=[0.95])
    audited: int
    wrong: int
    estimate: float | None
    upper: float | None
    owed: OwedOut
    cuts: list[CutOut]
    steps: list[StepOut]
    calibration: TrustOut


@call("GET", "/tasks/{task}/quality", Terms(Scope.READ, {200: QualityOut}, "see", extra=_TAG))
def show(request: HttpRequest, task: str) -> dict[str, Any]:
    """What the audits say of the unattended lane: counts, bounds, and the march to a better one."""
    key = finding.key(request)
    found = finding.task(key, task)
    body.refuse_unknown(request)
    policy, blind = results.gauge(found).policy, finding.is_blind(key)
    audits = errors.counted(policy)
    known = errors.measured(audits, delta=policy.delta)
    march = quality_nines.march(policy, audits, pace=quality_looks.pace(found.pk))
    owed, trust = quality_looks.owed(found), quality_trust.trust(policy)
    names = ("share", "verdicts", "error", "lower", "upper", "certified")
    return {
        "policy": policy.number,
        "epoch": policy.epoch,
        "error_limit": policy.error_limit,
        "sure": known.sure,
        "audited": known.audited,
        "wrong": known.wrong,
        "estimate": known.estimate,
        "upper": known.upper,
        "owed": {
            "all": owed.all,
            "audits": None if blind else owed.audits,
            "overdue": None if blind else owed.overdue,
            "oldest": None if blind else owed.oldest,
            "reviewers": owed.reviewers,
        },
        "cuts": [{name: getattr(point, name) for name in names} for point in curve.points(policy)],
        "steps": [
            {name: getattr(step, name) for name in ("error", "done", "audits", "days", "hours")} for step in march.steps
        ],
        "calibration": {"labels": trust.labels, "gap": trust.gap, "luck": trust.luck, "words": trust.words},
    }
