"""Planted canaries: nonsense is put before a task's own scoring, and what would have run unattended is counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models.functions import Now

from slider.engine import coins, evidence, lanes
from slider.engine.calibration import Calibration
from slider.engine.sanity import canaries, judges, look, watch
from slider.engine.sanity.canaries import Canary, Kind, Known
from slider.engine.sanity.look import Case
from slider.flow import sentinels
from slider.models import QUIET, Gauge, Policy, Pulse, Review, ReviewState, Score, Task, Verdict, Worker

LEAST_KNOWN = 2
MOST_KNOWN = 500
USUAL_SHARE = 0.8
"""The position that canaries are measured at while a task's slider asks for nothing."""

_TAKEN_IN = 0.95


class TooFewKnown(Exception):
    """A task has no answers yet that people found right, and its worker no worked examples."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found.

    Attributes:
        alone: canaries that a score which believes in every one of them would have let run unattended, by kind.
        guarded: those that did so although the sentinels looked.
        share: the slider's position that this was measured at.
        sentinels: how many canaries each sentinel distrusted.
    """

    alone: dict[Kind | None, judges.Miss]
    guarded: dict[Kind | None, judges.Miss]
    share: float
    sentinels: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        return {
            "alone": {kind or "all": miss.to_json() for kind, miss in self.alone.items()},
            "guarded": {kind or "all": miss.to_json() for kind, miss in self.guarded.items()},
            "share": self.share,
            "sentinels": self.sentinels,
        }


def run(task_id: int, *, count: int, seed: int) -> Report:
    """Measure a task's scoring path on canaries, and keep the result for the pages. No item is made or routed.

    Each canary is scored as by somebody who is taken in: every signal stands where the most trusted twentieth of the
    last answers has it. What passes alone shows how far the score can be fooled, what passes under the sentinels is
    what they leave to the audits. Raises TooFewKnown.
    """
    gauge = Gauge.objects.select_related("policy__worker", "task").get(pk=task_id)
    task, policy = gauge.task, gauge.policy
    worker = policy.worker
    if worker is None:
        raise TooFewKnown(f"{task} has no worker yet, so there is nothing to measure.")
    planted = _planted(task, worker, count=count, seed=seed)
    given = sentinels.brief(task, worker)
    looks = look.looks([Case(canary.item, canary.answer) for canary in planted], given)
    pulse = Pulse.objects.filter(pk=task_id).first()
    # What is planted must not teach the sentinels anything: the new state is dropped.
    state = sentinels.remembered(pulse)
    sights = [watch.weigh([one], state, off=task.sentinels_off, at=0.0)[0][0] for one in looks]
    share = policy.effective or policy.requested or USUAL_SHARE
    alone = _passes(gauge, planted, share, distrusted=[False] * len(planted))
    guarded = _passes(gauge, planted, share, distrusted=[bool(sight.veto) for sight in sights])
    found = [finding.sentinel.value for sight in sights for finding in sight.findings]
    report = Report(
        dict(judges.measure(planted, alone, passes_from=0.5)),
        dict(judges.measure(planted, guarded, passes_from=0.5)),
        share,
        {name: found.count(name) for name in sorted(set(found))},
    )
    Pulse.objects.get_or_create(pk=task_id)
    Pulse.objects.filter(pk=task_id).update(canaries=report.to_json(), canaries_at=Now())
    return report


def _planted(task: Task, worker: Worker, *, count: int, seed: int) -> list[Canary]:
    known = _known(task, worker)
    if len(known) < LEAST_KNOWN:
        raise TooFewKnown(
            f"{task} has {len(known)} answers that people found right and worked examples of its worker together; "
            f"{LEAST_KNOWN} are needed. Review some items first."
        )
    return canaries.make(
        count,
        known=known,
        instructions=worker.instructions,
        input_schema=task.input_schema,
        output_schema=task.output_schema,
        seed=seed,
    )


def _known(task: Task, worker: Worker) -> list[Known]:
    """Items with answers that a person called right or put right, the newest first; then the worker's own examples."""
    looks = Review.objects.filter(
        task=task, state=ReviewState.DECIDED, verdict__in=[Verdict.ACCEPT, Verdict.FIX], answer__isnull=False
    )
    looks = looks.exclude(kind__in=QUIET)
    rows = looks.order_by("-pk").values_list("item__payload__body", "answer")[:MOST_KNOWN]
    examples = [(example["input"], example["output"]) for example in worker.examples]
    return [Known(item, answer) for item, answer in (*rows, *examples)]


def _passes(gauge: Gauge, planted: Sequence[Canary], share: float, *, distrusted: Sequence[bool]) -> list[float]:
    """1 for each canary that would be inside the share, 0 for the others."""
    policy = gauge.policy
    calibration = Calibration.from_json(policy.calibration)
    row = evidence.matrix([_taken_in(policy)], signals=calibration.signals)
    answered = ~np.array(distrusted, dtype=np.bool_)
    trust = calibration.scores(np.repeat(row, len(planted), axis=0), answered=answered)
    track = lanes.Track.from_json(gauge.track) if gauge.track else lanes.Track()
    ties = coins.coins(bytes(gauge.task.coin_secret), [str(n) for n in range(len(planted))], "canary")
    return [
        float(np.isfinite(score) and lanes.rank(track, float(score), float(tie)) <= share)
        for score, tie in zip(trust, ties, strict=True)
    ]


def _taken_in(policy: Policy) -> dict[str, float]:
    """The signals of an answer that its judge believes in: of each, the 95th percentile of the last answers."""
    rows = Score.objects.filter(attempt__worker=policy.worker, attempt__item__task=policy.task_id)
    seen: dict[str, list[float]] = {}
    for signals in rows.order_by("-pk").values_list("signals", flat=True)[:MOST_KNOWN]:
        for name, value in signals.items():
            seen.setdefault(name, []).append(float(value))
    return {name: float(np.quantile(values, _TAKEN_IN)) for name, values in seen.items() if name in evidence.SIGNALS}
