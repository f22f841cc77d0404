"""Who moved a slider, when, from where, to where and why."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from slider.models import Maker, Policy

PAGE = 20
_NOT_KNOWN = -1.0  # in place of NULL, so that two shares that are both not known are the same one


@dataclass(frozen=True, slots=True)
class Entry:
    """One policy beside the one before it."""

    policy: Policy
    changes: list[str]
    before: Policy | None = None  # what stood before it

    @property
    def by_guard(self) -> bool:
        return self.policy.maker == Maker.GUARD

    @property
    def moved_setting(self) -> bool:
        """Whether what was asked, or how it is held, changed: only that can be put back."""
        old, new = self.before, self.policy
        return old is not None and (old.requested, old.mode) != (new.requested, new.mode)

    @property
    def who(self) -> str:
        if self.by_guard:
            return "the guard"
        return self.policy.made_by.get_username() if self.policy.made_by else "the installation"


@dataclass(frozen=True, slots=True)
class Page:
    entries: list[Entry]
    before: int | None  # where the next older page begins


def page(task_id: int, *, before: int | None = None, routine: bool = True) -> Page:
    """The newest entries below policy number `before`; without `routine`, those that moved no share.

    Routine is what the guard makes when it counts anew and every share stays as it was.
    """
    policies = Policy.objects.filter(task_id=task_id)
    if before is not None:
        policies = policies.filter(number__lt=before)
    if not routine:
        policies = policies.filter(~Q(maker=Maker.GUARD) | ~Exists(_with_the_same_shares()))
    found = list(policies.select_related("made_by", "worker").defer("calibration").order_by("-number")[: PAGE + 1])
    shown = found[:PAGE]
    older = _before(task_id, shown)
    entries = [_entry(older.get(policy.number - 1), policy) for policy in shown]
    return Page(entries, shown[-1].number if len(found) > PAGE else None)


def last_move(task_id: int) -> Entry | None:
    """Who moved the slider last: the newest entry that is not the guard's routine."""
    return next(iter(page(task_id, routine=False).entries), None)


def entry(policy: Policy) -> Entry:
    """One policy of the task beside the one before it."""
    return _entry(_before(policy.task_id, [policy]).get(policy.number - 1), policy)


def _entry(old: Policy | None, new: Policy) -> Entry:
    return Entry(new, changes(old, new), old)


def _with_the_same_shares() -> QuerySet[Policy]:
    """The policy just before another one, if it allowed the same and had the same in effect."""
    return Policy.objects.alias(known=Coalesce("allowed", _NOT_KNOWN)).filter(
        task=OuterRef("task"),
        number=OuterRef("number") - 1,
        known=Coalesce(OuterRef("allowed"), _NOT_KNOWN),
        effective=OuterRef("effective"),
    )


def _before(task_id: int, shown: list[Policy]) -> dict[int, Policy]:
    """The policy just before each that is shown, by number: the rows between may be folded away."""
    numbers = [policy.number - 1 for policy in shown]
    rows = Policy.objects.filter(task_id=task_id, number__in=numbers).select_related("worker").defer("calibration")
    return {policy.number: policy for policy in rows}


def changes(old: Policy | None, new: Policy) -> list[str]:
    """What is different, in words; the first policy says where it began."""
    if old is None:
        return [f"began at {_share(new.requested)}, {new.get_mode_display()}"]
    found: list[str] = []
    if old.held != new.held:
        found.append("pulled back: everything to people" if new.held else "released")
    if old.requested != new.requested:
        found.append(f"asked {_share(old.requested)} → {_share(new.requested)}")
    if old.mode != new.mode:
        found.append(f"{old.get_mode_display()} → {new.get_mode_display()}")
    if old.epoch != new.epoch:
        found.append("evidence starts anew")
    if old.allowed != new.allowed:
        found.append(f"allowed {_share(old.allowed)} → {_share(new.allowed)}")
    if old.effective != new.effective:
        found.append(f"in effect {_share(old.effective)} → {_share(new.effective)}")
    if old.worker_id != new.worker_id:
        found.append(f"worker {old.worker} → {new.worker}")
    if (old.error_limit, old.delta) != (new.error_limit, new.delta):
        found.append(f"limit {old.error_limit:.2%} → {new.error_limit:.2%}")
    if old.audit_chance != new.audit_chance:
        found.append(f"audits {_share(old.audit_chance)} → {_share(new.audit_chance)}")
    return found or ["evidence brought up to date"]


def _share(share: float | None) -> str:
    return "not known yet" if share is None else f"{round(share * 100, 1):g} %"
