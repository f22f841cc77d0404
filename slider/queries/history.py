"""Who moved a slider, when, from where, to where and why, and what the guard did beside."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from slider.engine import percents
from slider.models import Act, ActKind, Maker, Policy

PAGE = 20
# What people who only review may read of the guard's acts: the rest speaks of audits.
PLAIN_ACTS = (ActKind.OPENED, ActKind.PULLED_BACK, ActKind.ANEW)
_NOT_KNOWN = -1.0  # in place of NULL, so that two shares that are both not known are the same one


@dataclass(frozen=True, slots=True)
class Entry:
    """One policy beside the one before it, and what the guard did by itself while it was in force.

    `blind` is for people who review: neither changes nor reasons speak of audits to them.
    """

    policy: Policy
    changes: list[str]
    before: Policy | None = None  # what stood before it
    acts: tuple[Act, ...] = ()  # oldest first
    blind: bool = False

    @property
    def reason(self) -> str:
        """Why. Of the guard's reasons people who review read those that are told to everybody, and a count."""
        if not (self.blind and self.by_guard):
            return self.policy.reason
        told = "; ".join(act.words for act in self.because)
        return told or f"{self.policy.labels:,} verdict{'' if self.policy.labels == 1 else 's'} count so far"

    @property
    def because(self) -> list[Act]:
        """The acts that are this policy's reason: it says what they say."""
        return [act for act in self.acts if act.words in self.policy.reason]

    @property
    def beside(self) -> list[Act]:
        """The acts that have more to say, newest first."""
        return [act for act in reversed(self.acts) if act.words not in self.policy.reason]

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


def page(task_id: int, *, before: int | None = None, routine: bool = True, blind: bool = False) -> Page:
    """The newest entries below policy number `before`; without `routine`, those where something was done.

    Routine is what the guard makes when it counts anew, every share stays as it was, and it does nothing else.
    `blind` is for people who review: what speaks of audits is not told, and routine is nothing else.
    """
    routine = routine and not blind
    told = PLAIN_ACTS if blind else tuple(ActKind)
    policies = Policy.objects.filter(task_id=task_id)
    if before is not None:
        policies = policies.filter(number__lt=before)
    if not routine:
        acted = Act.objects.filter(policy=OuterRef("pk"), kind__in=told)
        policies = policies.filter(~Q(maker=Maker.GUARD) | ~Exists(_with_the_same_shares()) | Exists(acted))
    found = list(policies.select_related("made_by", "worker").defer("calibration").order_by("-number")[: PAGE + 1])
    shown = found[:PAGE]
    return Page(entries(task_id, shown, blind=blind), shown[-1].number if len(found) > PAGE else None)


def entries(task_id: int, policies: Sequence[Policy], *, blind: bool = False) -> list[Entry]:
    """These policies of a task, each beside the one before it."""
    older, acts = _before(task_id, policies), _acts(policies, PLAIN_ACTS if blind else tuple(ActKind))
    return [_entry(older.get(policy.number - 1), policy, acts[policy.pk], blind=blind) for policy in policies]


def last_move(task_id: int, *, blind: bool = False) -> Entry | None:
    """Who moved the slider last: the newest entry in which what runs, what was asked or how it is held is another."""
    before = Policy.objects.filter(task=OuterRef("task"), number=OuterRef("number") - 1)
    still = before.filter(**{name: OuterRef(name) for name in ("requested", "mode", "held", "effective")})
    moved = Policy.objects.filter(~Exists(still), task_id=task_id).select_related("made_by", "worker")
    last = moved.defer("calibration").order_by("-number").first()
    return None if last is None else entry(last, blind=blind)


def entry(policy: Policy, *, blind: bool = False) -> Entry:
    """One policy of the task beside the one before it."""
    return entries(policy.task_id, [policy], blind=blind)[0]


def _entry(old: Policy | None, new: Policy, acts: Sequence[Act] = (), *, blind: bool = False) -> Entry:
    return Entry(new, changes(old, new, blind=blind), old, tuple(acts), blind)


def _acts(shown: Sequence[Policy], told: Sequence[ActKind]) -> dict[int, list[Act]]:
    """What the guard did under each policy, oldest first, by the policy's key."""
    found: dict[int, list[Act]] = defaultdict(list)
    rows = Act.objects.filter(policy__in=[policy.pk for policy in shown], kind__in=[str(kind) for kind in told])
    for act in rows.order_by("pk"):
        found[act.policy_id].append(act)
    return found


def _with_the_same_shares() -> QuerySet[Policy]:
    """The policy just before another one, if it allowed the same and had the same in effect."""
    return Policy.objects.alias(known=Coalesce("allowed", _NOT_KNOWN)).filter(
        task=OuterRef("task"),
        number=OuterRef("number") - 1,
        known=Coalesce(OuterRef("allowed"), _NOT_KNOWN),
        effective=OuterRef("effective"),
    )


def _before(task_id: int, shown: Sequence[Policy]) -> dict[int, Policy]:
    """The policy just before each that is shown, by number: the rows between may be folded away."""
    numbers = [policy.number - 1 for policy in shown]
    rows = Policy.objects.filter(task_id=task_id, number__in=numbers).select_related("worker").defer("calibration")
    return {policy.number: policy for policy in rows}


def changes(old: Policy | None, new: Policy, *, blind: bool = False) -> list[str]:
    """What is different, in words; the first policy says where it began. `blind` people read nothing of audits."""
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
        found.append(f"limit {percents.said(old.error_limit)} → {percents.said(new.error_limit)}")
    if old.audit_chance != new.audit_chance and not blind:
        found.append(f"audits {_share(old.audit_chance)} → {_share(new.audit_chance)}")
    return found or ["evidence brought up to date"]


def _share(share: float | None) -> str:
    return "not known yet" if share is None else percents.said(share, digits=1)
