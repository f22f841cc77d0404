"""Who moved a slider, when, from where, to where and why."""

from dataclasses import dataclass

from slider.models import Maker, Policy

PAGE = 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One policy beside the one before it."""

    policy: Policy
    changes: list[str]

    @property
    def who(self) -> str:
        if self.policy.maker == Maker.GUARD:
            return "the guard"
        return self.policy.made_by.get_username() if self.policy.made_by else "the installation"


@dataclass(frozen=True, slots=True)
class Page:
    entries: list[Entry]
    before: int | None  # where the next older page begins


def page(task_id: int, *, before: int | None = None) -> Page:
    """The newest entries below policy number `before`."""
    policies = Policy.objects.filter(task_id=task_id).select_related("made_by", "worker").defer("calibration")
    if before is not None:
        policies = policies.filter(number__lt=before)
    found = list(policies.order_by("-number")[: PAGE + 1])
    entries = [Entry(newer, changes(older, newer)) for newer, older in zip(found, [*found[1:], None], strict=True)]
    more = len(found) > PAGE
    return Page(entries[:PAGE], found[PAGE - 1].number if more else None)


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
