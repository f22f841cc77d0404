"""Which tasks a person doesn't want on their desk."""

from collections.abc import Collection

from django.db import transaction

from slider.models import Hidden


def hide(user_id: int, *, hidden: Collection[int], of: Collection[int]) -> None:
    """Of these tasks, hide those and show the others; what a person hides elsewhere stays as it is."""
    with transaction.atomic():
        Hidden.objects.filter(user_id=user_id, task_id__in=set(of) - set(hidden)).delete()
        Hidden.objects.bulk_create(
            [Hidden(user_id=user_id, task_id=task_id) for task_id in sorted(set(hidden) & set(of))],
            ignore_conflicts=True,
        )
