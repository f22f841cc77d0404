"""API keys are made and revoked here; the whole key exists only in the answer to its making."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.db.models.functions import Now

from slider.models import ApiKey, Project, Scope


@dataclass(frozen=True, slots=True)
class Made:
    """A new key: `whole` is shown once and stored nowhere."""

    key: ApiKey
    whole: str


def make(
    project: Project,
    *,
    name: str,
    scopes: list[Scope],
    expires_at: datetime | None,
    by: int,
    person: int | None = None,
) -> Made:
    """Make a key of this project; `expires_at` None: it holds until it is revoked. `person`: whom it acts for."""
    whole, prefix, digest = ApiKey.make()
    key = ApiKey.objects.create(
        project=project,
        name=name,
        prefix=prefix,
        digest=digest,
        scopes=[str(scope) for scope in scopes],
        created_by_id=by,
        person_id=person,
        expires_at=expires_at,
    )
    return Made(key, whole)


def revoke(key: ApiKey) -> bool:
    """End a key at once; False when it had ended already."""
    return ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=Now()) == 1


def used(key: ApiKey) -> None:
    """Note that a program used the key; written once a minute at most, so that busy keys cost no row lock."""
    stale = Q(last_used_at=None) | Q(last_used_at__lt=Now() - timedelta(minutes=1))
    ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=Now())
