"""Notices that a person has not put away yet, and those of the past."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from slider.models import Letter, Membership, Notice, NoticeSeen, Post, Project, Task
from slider.models.notice import PLAIN_KINDS
from slider.models.project import RIGHTS

PAGE = 30
SHOWN = 3  # banners at once; the rest is counted
MANY = 100
FRESH = timedelta(days=30)  # who joins later is not met by years of old news


@dataclass(frozen=True, slots=True)
class Banners:
    """The newest notices that this person has not put away, and how many more there are."""

    notices: Sequence[Notice]
    more: int

    @property
    def key(self) -> str:
        """Tells one set of banners from another: a page that polls asks for news only."""
        return "-".join(str(notice.pk) for notice in self.notices) + f".{self.more}"


@dataclass(frozen=True, slots=True)
class Page:
    notices: list[Notice]
    older: int | None
    unseen: frozenset[int]
    unsent: dict[int, str]  # why a mail about a notice was given up, by notice


def unseen(user: AbstractBaseUser | AnonymousUser, *, project: Project | None = None) -> Banners:
    """What a person has to hear of: in one project, or in all where they answer for something."""
    told = addressed(user)
    if told is None:
        return Banners((), 0)
    told = told.filter(created_at__gt=Now() - FRESH)
    if project is not None:
        told = told.filter(task__project=project)
    seen = NoticeSeen.objects.filter(notice=OuterRef("pk"), user_id=int(user.pk or 0))
    found = list(told.filter(~Exists(seen)).select_related("task__project", "by").order_by("-pk")[:MANY])
    return Banners(found[:SHOWN], max(len(found) - SHOWN, 0))


def addressed(user: AbstractBaseUser | AnonymousUser) -> QuerySet[Notice] | None:
    """The notices that are meant for a person: by their right in each project. None: there is no such project."""
    if not user.is_authenticated or not user.is_active:
        return None
    rows = Membership.objects.filter(user_id=int(user.pk)).values_list("project_id", "role")
    steers = [project for project, role in rows if "steer" in RIGHTS[role]]
    pulls = [project for project, role in rows if "pull back" in RIGHTS[role]]
    if not pulls and not steers:
        return None
    return Notice.objects.filter(
        Q(task__project__in=steers) | Q(task__project__in=pulls, kind__in=[str(kind) for kind in PLAIN_KINDS])
    )


def past(task: Task, user_id: int, *, blind: bool, before: int | None, most: int = PAGE) -> Page:
    """The notices of a task, newest first; `blind` people are not told what speaks of audits."""
    wanted = Notice.objects.filter(task=task)
    if blind:
        wanted = wanted.filter(kind__in=[str(kind) for kind in PLAIN_KINDS])
    if before is not None:
        wanted = wanted.filter(pk__lt=before)
    found = list(wanted.select_related("by").order_by("-pk")[: most + 1])
    ids = [notice.pk for notice in found[:most]]
    seen = set(NoticeSeen.objects.filter(notice__in=ids, user_id=user_id).values_list("notice_id", flat=True))
    failed = Letter.objects.filter(notice__in=ids, state=Post.FAILED).values_list("notice_id", "last_problem")
    return Page(
        notices=found[:most],
        older=ids[-1] if len(found) > most else None,
        unseen=frozenset(set(ids) - seen),
        unsent={} if blind else dict(failed),
    )
