"""Items routed and judged for tests of the guard, and its memory changed from outside."""

from collections.abc import Callable
from typing import Any

from slider.flow import guard, review
from slider.models import Gauge, Policy, Review, ReviewState, Verdict, Watch
from tests import casts

ANSWER = {"topic": "refund", "urgent": False}
OTHER = {"topic": "delivery", "urgent": False}


def routed(cast: casts.Company, count: int, *, start: int = 0) -> None:
    """Route so many items of all kinds of difficulty, in no order."""
    names = [f"m{start + n}" for n in range(count)]
    answers = {name: casts.says(ANSWER, p=0.5 + 0.49 * (n * 37 % 101) / 101) for n, name in enumerate(names)}
    casts.route_all(cast.task, answers, bodies={name: {"text": "hello"} for name in names})


def never(_: Review) -> bool:
    return False


def always(_: Review) -> bool:
    return True


def audited(look: Review) -> bool:
    """Wrong where it ran unattended: a model that is bad just where nobody looks."""
    return look.kind != "gate"


def judge(cast: casts.Company, *, wrong: Callable[[Review], bool] = never, most: int = 10_000) -> int:
    """Have every open look judged for good, in their turn; returns how many."""
    looks = list(Review.objects.filter(task=cast.task, state=ReviewState.OPEN).order_by("turn", "pk")[:most])
    for look in looks:
        held = casts.take(cast.reviewer, cast.task)
        assert held.pk == look.pk
        said = review.Said(Verdict.FIX, OTHER) if wrong(held) else review.Said(Verdict.ACCEPT)
        review.decide(held.pk, user_id=cast.reviewer.pk, token=held.token, said=said)
    casts.time_passes(cast.task)
    return len(looks)


def opened(*, share: float = 0.9, items: int = 60, **changes: Any) -> casts.Company:
    """A guarded task whose evidence has opened a share: a wide limit, and every item so far was right."""
    cast = casts.company(share=share, error_limit=0.4, audit_floor=1.0, **changes)
    routed(cast, items)
    judge(cast)
    assert guard.tend(cast.task.pk).effective >= 0.3
    return cast


def tend(cast: casts.Company) -> Policy:
    """A round of the guard, when nothing that was said can be taken back any more."""
    casts.time_passes(cast.task)
    return guard.tend(cast.task.pk)


def in_force(cast: casts.Company) -> Policy:
    return Gauge.objects.select_related("policy").get(pk=cast.task.pk).policy


def watch(cast: casts.Company) -> Watch:
    return Watch.objects.get(pk=cast.task.pk)


def remember(cast: casts.Company, **state: Any) -> None:
    """Change what the guard remembers, as if it had heard other things."""
    row = watch(cast)
    row.state |= state
    row.save(update_fields=["state"])
