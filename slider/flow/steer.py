"""The first hand: a person moves a task's slider, pulls it back, or lets it go again, always with a reason."""

import math

from django.db import transaction

from slider.flow import notices, policies
from slider.models import Maker, Mode, NoticeKind, Policy


class Unfit(ValueError):
    """A setting that makes no sense; the message says which and what would."""


def apply(task_id: int, *, share: float, mode: Mode, reason: str, by: int, expected: int | None = None) -> Policy:
    """Ask for another share, 0-1, from the next item on. Raises Unfit, or policies.Superseded after a race."""
    if not (math.isfinite(share) and 0 <= share <= 1):
        raise Unfit(f"a share of {share} is none: give 0 to 100 per cent")
    change = policies.Change(requested=share, mode=mode)
    return policies.make(task_id, change, maker=Maker.PERSON, reason=_said(reason), by=by, expected=expected)


def put_back(task_id: int, *, number: int, reason: str, by: int, expected: int) -> Policy:
    """Ask again for what policy `number` asked and how it was held; a pull-back stays as it is. Raises as `apply`."""
    stood = Policy.objects.filter(task_id=task_id, number=number).only("requested", "mode").first()
    if stood is None:
        raise Unfit(f"this task has no policy {number}")
    return apply(task_id, share=stood.requested, mode=Mode(stood.mode), reason=reason, by=by, expected=expected)


def pull_back(task_id: int, *, reason: str, by: int) -> Policy:
    """Send everything to people. When this returns, no unattended result follows until somebody releases it."""
    return _hold(task_id, held=True, reason=_said(reason), by=by)


def release(task_id: int, *, reason: str, by: int) -> Policy:
    """End a pull-back; the share goes back to what was asked for, as far as evidence allows."""
    return _hold(task_id, held=False, reason=_said(reason), by=by)


def _hold(task_id: int, *, held: bool, reason: str, by: int) -> Policy:
    """Pull back or release, and tell everybody who answers for the slider, all or nothing."""
    with transaction.atomic():
        policy = policies.make(task_id, policies.Change(held=held), maker=Maker.PERSON, reason=reason, by=by)
        kind = NoticeKind.PULLED_BACK if held else NoticeKind.RELEASED
        facts = {"requested": policy.requested, "effective": policy.effective}
        notices.tell(task_id, kind, reason, facts=facts, policy=policy.number, by=by)
        return policy


def _said(reason: str) -> str:
    said = " ".join(reason.split())
    if not said:
        raise Unfit("say why: whoever reads the history later needs the reason")
    return said
