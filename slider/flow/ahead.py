"""What an open desk holds: the look in sight and a few ahead of it, for as long as the page shows signs of life."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from django.db.models.functions import Now

from slider.flow import admitted, claims
from slider.models import LastWord, Let, Review, standing, whole
from slider.models.may_look import may_look

MOST_PAGE = 4  # one in sight, three ahead
MOST_PERSON = 8  # two full desks
REMEMBERED = timedelta(hours=1)  # no request takes longer


@dataclass(frozen=True, slots=True)
class Grip:
    """A look that a page has in hands, and its claim; `long`: typed for, or its verdict is on its way."""

    review_id: int
    token: int
    long: bool = False


@dataclass(frozen=True, slots=True)
class Leases:
    """How long an open page holds a look without a sign of life, and one that somebody has typed for."""

    page_s: float
    typed_s: float


@dataclass(frozen=True, slots=True)
class Hand:
    """What a page holds from now on: what it had and keeps, and what is new to it, in order."""

    kept: frozenset[int]
    fresh: tuple[Review, ...]
    elsewhere: int  # held by other pages of the same person


def hold(user_id: int, *, page: str, grips: Sequence[Grip], leases: Leases, may: list[int]) -> frozenset[int]:
    """A sign of life: what this page has in hands stays there, and what was let go is taken again if nobody has it.

    `may` are the tasks that the person reviews. A claim that is not theirs, or not the last one, keeps nothing, and
    what a lead has released or given to somebody else comes back to no page by itself.
    """
    with standing.cursor() as cursor:
        cursor.execute(
            f"""
            WITH mine AS (
                SELECT r.id, g.long FROM slider_review r
                JOIN unnest(%(ids)s::bigint[], %(tokens)s::bigint[], %(long)s::boolean[]) AS g(id, token, long)
                  ON g.id = r.id AND g.token = r.token
                WHERE r.task_id = ANY(%(may)s) AND r.token > 0 AND (
                    r.state = 'held' AND r.holder_id = %(user)s OR r.state = 'open' AND r.last_holder_id = %(user)s
                    AND {may_look("r", person="%(user)s")} AND NOT EXISTS (
                        SELECT FROM slider_freed f
                        WHERE f.review_id = r.id AND f.token = r.token AND f.by_id IS NOT NULL
                    )
                )
                ORDER BY r.id FOR UPDATE OF r
            )
            UPDATE slider_review r SET
                state = 'held', holder_id = %(user)s, page = %(page)s,
                taken_at = coalesce(r.taken_at, clock_timestamp()),
                lease_until = clock_timestamp()
                    + CASE WHEN mine.long THEN %(typed_s)s ELSE %(page_s)s END * interval '1 second'
            FROM mine WHERE r.id = mine.id RETURNING r.id
            """,  # noqa: S608  # nothing but the rule goes into this text
            {
                "user": user_id,
                "page": page,
                "may": may,
                "ids": [grip.review_id for grip in grips],
                "tokens": [grip.token for grip in grips],
                "long": [grip.long for grip in grips],
                "page_s": leases.page_s,
                "typed_s": leases.typed_s,
            },
        )
        return frozenset(review_id for (review_id,) in cursor.fetchall())


def fill(
    user_id: int,
    *,
    page: str,
    grips: Sequence[Grip],
    want: int,
    tasks: list[int],
    may: list[int],
    leases: Leases,
    near: int = 0,
    practises: bool = True,
    number: int = 0,
) -> Hand:
    """Hold what the page has, and take as many looks as it lacks, of `tasks`; never more than a person may hold.

    What the page was given and never got, since the answer was lost, is given again before anything is taken.
    `practises`: whether any of the tasks may ask for practice first. `number` counts the page's requests, 0 where it
    doesn't: one from before it closed gets nothing.
    """
    with transaction.atomic():
        claims.lock_person(user_id)
        if number and LastWord.objects.filter(user=user_id, page=page, asked__gte=number).exists():
            return Hand(frozenset(), (), 0)
        kept = hold(user_id, page=page, grips=grips, leases=leases, may=may)
        held = _held(user_id)
        known = {grip.review_id for grip in grips}
        again = [pk for pk, whose in held.items() if whose == page and pk not in known] if want else []
        room = min(want, MOST_PAGE) - len(again)
        room = min(room, MOST_PERSON - len(held))
        taken: list[int] = []
        resting: frozenset[int] = frozenset()
        if room > 0:
            door = admitted.door(user_id, tasks) if practises else admitted.Door(tasks, frozenset())
            lease_s = leases.page_s
            taken = claims.take_looks(user_id, task_ids=door.open, most=room, lease_s=lease_s, page=page, near=near)
            resting = door.resting
        found = whole.looks([*again, *taken])
        for task_id in resting & {found[pk].task_id for pk in taken}:
            admitted.let_in(task_id, user_id, Let.FEW)
    fresh = tuple(found[pk] for pk in (*sorted(again), *taken) if pk in found)
    return Hand(kept, fresh, sum(whose != page for pk, whose in held.items() if pk not in known))


def _held(user_id: int) -> dict[int, str]:
    """What a person holds, and by which of their pages."""
    with standing.cursor() as cursor:
        cursor.execute("SELECT id, page FROM slider_review WHERE holder_id = %s AND state = 'held'", [user_id])
        return dict(cursor.fetchall())


def release(user_id: int, *, page: str, but: Sequence[int], number: int = 0) -> int:
    """A page that closes lets go of all that it holds, what it was given and never got as well.

    `but` are the looks that somebody has typed for, or whose verdict is on its way; what another page has by now stays
    there. A request that is being answered is waited for; what the page asked for up to its request `number`, and comes
    after its last word, gives it nothing.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        claims.lock_person(user_id)
        if number:
            _write_down(user_id, page, number)
        cursor.execute(
            """
            WITH mine AS (
                SELECT id FROM slider_review
                WHERE state = 'held' AND holder_id = %(user)s AND page = %(page)s AND id <> ALL(%(but)s::bigint[])
                ORDER BY id FOR UPDATE
            )
            UPDATE slider_review r SET
                state = 'open', last_holder_id = holder_id, holder_id = NULL, lease_until = NULL, taken_at = NULL,
                page = ''
            FROM mine WHERE r.id = mine.id
            """,
            {"user": user_id, "page": page, "but": list(but)},
        )
        return int(cursor.rowcount)


def _write_down(user_id: int, page: str, number: int) -> None:
    """Keep a page's last word. The person is locked."""
    said = LastWord.objects.filter(user=user_id)
    said.filter(at__lt=Now() - REMEMBERED).delete()
    said.filter(page=page, asked__lt=number).update(asked=number, at=Now())
    LastWord.objects.get_or_create(user_id=user_id, page=page, defaults={"asked": number})
