"""The only maker of a Notice: said in the transaction of the act that it is about, with the mails owed for it."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction

from slider.models import Letter, Membership, Notice, NoticeKind, NoticeSeen, Task
from slider.models.notice import WORDS_MOST
from slider.models.project import RIGHTS


def tell(
    task_id: int,
    kind: NoticeKind,
    words: str,
    *,
    facts: Mapping[str, Any] | None = None,
    policy: int | None = None,
    by: int | None = None,
) -> Notice:
    """Say what was done to a task's slider and why, to everybody who is responsible for it.

    Call it in the transaction of the act: then there is no act without its notice, and no notice of an act that was
    rolled back. `policy` is the number of the policy that the act put in force, `by` the person who acted (None: the
    guard), who need not be told. `facts` are the numbers behind the words, as JSON.
    """
    said = " ".join(words.replace("\x00", "").split())
    if not said:
        raise ValueError(f"a notice of task {task_id} says nothing: give the reason in words")
    with transaction.atomic():
        notice = Notice.objects.create(
            task_id=task_id,
            kind=kind,
            words=said if len(said) <= WORDS_MOST else f"{said[: WORDS_MOST - 1]}…",
            facts=dict(facts or {}),
            policy=policy,
            by_id=by,
        )
        if by is not None:
            NoticeSeen.objects.create(notice=notice, user_id=by)
        if settings.ENV.sends_mail:
            _owe(notice, but=by)
    return notice


def _owe(notice: Notice, *, but: int | None) -> None:
    """Owe a letter to each person who may steer the task and has an address."""
    project = Task.objects.values_list("project_id", flat=True).get(pk=notice.task_id)
    readers = Membership.objects.filter(project_id=project, role__in=steering_roles(), user__is_active=True)
    people = readers.exclude(user__email="").exclude(user_id=but or 0).values_list("user_id", flat=True)
    Letter.objects.bulk_create([Letter(notice=notice, to_id=user_id) for user_id in people])


def steering_roles() -> list[str]:
    """The roles that answer for a slider."""
    return [role for role, verbs in RIGHTS.items() if "steer" in verbs]


def see(notice_id: int, *, user_id: int) -> None:
    """Put a notice away for one person; again is no harm."""
    NoticeSeen.objects.bulk_create([NoticeSeen(notice_id=notice_id, user_id=user_id)], ignore_conflicts=True)
