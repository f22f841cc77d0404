"""Practice as its pages show it: what comes next, what was said and what is right, and how far somebody has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count, Q

from slider import strict
from slider.engine import coins
from slider.engine.proportion import Share, share
from slider.models import Admission, Decision, Item, Known, Membership, Practice, Review, ReviewKind, Task, Verdict
from slider.models.project import RIGHTS
from slider.queries import shape
from slider.queries.shape import Part

DELTA = 0.05
FEW = 5  # answers below which a share is no number
LISTED = 100


@dataclass(frozen=True, slots=True)
class Progress:
    """How far somebody is with one task; `right` and `done` are of the last `task.practice_looks`, or of all."""

    task: Task
    stock: int  # known answers that this person can practise on
    untried: int
    done: int
    right: int
    is_barred: bool

    @property
    def rests(self) -> bool:
        """Whether practice is asked for and can't be had."""
        return self.task.practice_looks > 0 and self.stock < self.task.practice_looks


@dataclass(frozen=True, slots=True)
class Line:
    """A field: what the draft says, what the person would have let out, and what is right."""

    part: Part
    draft: Any
    said: Any
    right: Any
    agrees: bool | None  # None: what is right is not known, or the person gave no answer


@dataclass(frozen=True, slots=True)
class Told:
    """One answer in practice, explained."""

    practice: Practice
    title: str
    lines: tuple[Line, ...]
    knows_right: bool
    explanation: str
    reason: str
    others: int  # fields that are otherwise than what is right, though the verdict was right


@dataclass(frozen=True, slots=True)
class Summary:
    """What first answers say of somebody, and their newest answers."""

    first: Share | None
    missed: Share | None
    alarms: Share | None
    answers: tuple[tuple[Practice, str], ...]
    of: int


def barred_ids(user_id: int, project_ids: Sequence[int]) -> list[int]:
    """The tasks of these projects that a person has to practise for first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT t.id FROM slider_task t
            WHERE t.project_id = ANY(%(projects)s) AND t.practice_looks > 0
              AND NOT EXISTS (SELECT FROM slider_admission a WHERE a.task_id = t.id AND a.person_id = %(user)s)
              AND slider_must_practise(t.id, %(user)s)
            """,
            {"user": user_id, "projects": list(project_ids)},
        )
        return [row[0] for row in cursor.fetchall()]


def barred(user_id: int, tasks: Sequence[Task]) -> list[Task]:
    """Those of these tasks that a person has to practise for first."""
    if not any(task.practice_looks for task in tasks):
        return []
    found = set(barred_ids(user_id, list({task.project_id for task in tasks})))
    return [task for task in tasks if task.pk in found]


def stock(task: Task, user_id: int) -> dict[int, bool]:
    """What this person can practise on: item ids, and whether the draft is right."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT item_id, draft_right FROM slider_to_practise(%s, %s)", [task.pk, user_id])
        return dict(cursor.fetchall())


def progress(task: Task, user_id: int) -> Progress:
    """How far somebody is with one task."""
    there = stock(task, user_id)
    newest = Practice.objects.filter(task=task, person=user_id).order_by("-pk")
    looked = newest[: task.practice_looks] if task.practice_looks else newest
    right = list(looked.values_list("right", flat=True))
    tried = set(newest.filter(item__in=there).values_list("item_id", flat=True))
    return Progress(
        task=task,
        stock=len(there),
        untried=len(there) - len(tried),
        done=len(right),
        right=sum(right),
        is_barred=bool(barred(user_id, [task])),
    )


def next_look(task: Task, user_id: int) -> Review | None:
    """What comes next, as a look that is nowhere kept: `token` is its turn. What was never tried comes first.

    Wrong drafts come as often as right ones, as far as there are both; what was tried comes again, the oldest first.
    """
    there = stock(task, user_id)
    mine = Practice.objects.filter(task=task, person=user_id)
    tried = list(mine.filter(item__in=there).order_by("-pk").values_list("item_id", flat=True))
    untried = sorted(there.keys() - set(tried))
    if untried:
        chosen = _choose(untried, there, secret=bytes(task.coin_secret), of=f"{user_id}|{mine.count()}")
    elif tried:
        chosen = list(dict.fromkeys(tried))[-1]
    else:
        return None
    return _look(task, chosen, user_id)


def look_at(task: Task, item_id: int, user_id: int) -> Review | None:
    """A known answer of this task, or what a person has practised on before it was taken out, as such a look."""
    mine = Practice.objects.filter(task=task, person=user_id, item=item_id)
    if item_id not in stock(task, user_id) and not mine.exists():
        return None
    return _look(task, item_id, user_id)


def _look(task: Task, item_id: int, user_id: int) -> Review:
    turn = 1 + Practice.objects.filter(person=user_id, item=item_id).count()
    item = Item.objects.select_related("payload").get(pk=item_id)
    return Review(item=item, task=task, kind=ReviewKind.KNOWN, token=turn)


def _choose(untried: Sequence[int], there: dict[int, bool], *, secret: bytes, of: str) -> int:
    want = coins.coin(secret, of, "practice|right") < 0.5
    side = [one for one in untried if there[one] == want] or untried
    return side[int(coins.coin(secret, of, "practice|which") * len(side))]


def told(task: Task, practice_id: int, user_id: int) -> Told | None:
    """One of a person's own answers with what is right; None where it is not theirs."""
    found = Practice.objects.filter(pk=practice_id, task=task, person=user_id).select_related("item__payload").first()
    if found is None:
        return None
    decision = Decision.objects.select_related("attempt").get(pk=found.item_id)
    draft = decision.attempt.answer if decision.attempt is not None else None
    known = Known.objects.get(pk=found.item_id)
    right = draft if found.draft_right else known.answer
    lines = tuple(_line(part, draft, found.answer, right) for part in shape.parts(task.output_schema, draft))
    return Told(
        practice=found,
        title=task.title(found.item.payload.body, found.item.external_id),
        lines=lines,
        knows_right=right is not None,
        explanation=known.explanation or "Two people said so, each without the other.",
        reason=task.reason_words.get(found.reason, found.reason),
        others=sum(line.agrees is False for line in lines) if found.right else 0,
    )


def _line(part: Part, draft: Any, said: Any, right: Any) -> Line:
    values = [shape.held(whole, part) for whole in (draft, said, right)]
    is_said = said is not None and right is not None
    agrees = strict.canonical(values[1]) == strict.canonical(values[2]) if is_said else None
    return Line(part, values[0], values[1], values[2], agrees)


def summary(task: Task, user_id: int) -> Summary:
    """Shares of first answers only: who is asked again has been told."""
    mine = Practice.objects.filter(task=task, person=user_id)
    first, missed, alarms = first_shares(task, [user_id]).get(user_id, (None, None, None))
    newest = mine.select_related("item__payload").order_by("-pk")[:LISTED]
    answers = tuple((one, task.title(one.item.payload.body, one.item.external_id)) for one in newest)
    return Summary(first, missed, alarms, answers, mine.count())


Shares = tuple[Share | None, Share | None, Share | None]


def first_shares(task: Task, people: Sequence[int]) -> dict[int, Shares]:
    """Of each person's first answers: the share judged right, of wrong drafts accepted, of right ones not accepted."""
    first = Practice.objects.filter(task=task, person__in=people, turn=1, item__known__retired_at=None)
    accepted = Q(verdict=Verdict.ACCEPT)
    counted = first.values("person").annotate(
        all=Count("pk"),
        right=Count("pk", filter=Q(right=True)),
        wrong=Count("pk", filter=Q(draft_right=False)),
        missed=Count("pk", filter=Q(draft_right=False) & accepted),
        alarms=Count("pk", filter=Q(draft_right=True) & ~accepted),
    )
    return {
        row["person"]: (
            _share(row["right"], row["all"]),
            _share(row["missed"], row["wrong"]),
            _share(row["alarms"], row["all"] - row["wrong"]),
        )
        for row in counted
    }


def _share(hits: int, of: int) -> Share | None:
    return share(hits, of, delta=DELTA) if of >= FEW else None


# -- for those who answer for the task ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Trainee:
    """Somebody who reviews in a task's project, and how they stand with its practice."""

    user_id: int
    name: str
    practised: int
    right: Share | None
    let_in: str  # why, in words; empty: not yet
    must: bool


@dataclass(frozen=True, slots=True)
class Gym:
    """Practice on a task, as its lead sees it. `waits` where somebody stands before the door."""

    people: tuple[Trainee, ...]
    known: int
    smallest: int  # what the person with the least can practise on

    @property
    def waits(self) -> bool:
        return any(one.must for one in self.people)


def gym(task: Task) -> Gym:
    """Everybody who reviews in the task's project: what they have practised, and whether they may begin."""
    from_roles = [role for role, verbs in RIGHTS.items() if "review" in verbs]
    people = Membership.objects.filter(project=task.project_id, role__in=from_roles, user__is_active=True)
    names = dict(people.order_by("user__username").values_list("user_id", "user__username"))
    admitted = {one.person_id: one.get_why_display() for one in Admission.objects.filter(task=task)}
    counts = dict(Practice.objects.filter(task=task).values_list("person").annotate(Count("pk")))
    shares = first_shares(task, list(names))
    stocks = {user_id: len(stock(task, user_id)) for user_id in names}
    trainees = tuple(
        Trainee(
            user_id,
            name,
            counts.get(user_id, 0),
            shares.get(user_id, (None, None, None))[0],
            admitted.get(user_id, ""),
            user_id not in admitted and 0 < task.practice_looks <= stocks[user_id],
        )
        for user_id, name in names.items()
    )
    known = Known.objects.filter(task=task, retired_at=None).count()
    waiting = [stocks[one.user_id] for one in trainees if not one.let_in] or list(stocks.values())
    return Gym(trainees, known, min(waiting, default=0))
