"""Known answers: found among the past, mixed in among new looks where nobody can tell them, and taken out again."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Now

from slider import strict
from slider.engine import coins
from slider.flow import archive
from slider.models import (
    Decision,
    Item,
    Known,
    KnownFrom,
    Payload,
    Publication,
    Review,
    ReviewKind,
    ReviewState,
    State,
    Task,
    Why,
)
from slider.models.project import RIGHTS

NEWEST = 200  # so many known answers are chosen among: the newest look most like today's work
GATHERED = 500  # so many of the newest second looks, and of the newest gates, are asked whether people agree
TELLING = (Why.HELD, Why.STALE, Why.QUARANTINE)  # a sheet that says so would be out of date, and give itself away
WORDS_MOST = 2000
REVIEWING = [role for role, verbs in RIGHTS.items() if "review" in verbs]


class Unfit(ValueError):
    """An item that can't be a known answer, or a mark without its reason."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A known answer that somebody may still be asked about; `slot` is the one of its next look."""

    item_id: int
    draft_right: bool
    slot: int
    people: tuple[frozenset[str], ...] = (frozenset(),)  # the skills of each who may be asked

    def suits(self, skills: list[str] | None) -> bool:
        """Whether one of them knows what it takes."""
        return any(known.issuperset(skills or ()) for known in self.people)


def among(task: Task, looks: Sequence[Review]) -> list[Review]:
    """Mix known answers in among new looks, at the task's rate. The gauge is locked.

    They become rows of the queue beside the looks that they hide among, so that their ids, the counts, and the
    statement that hands them out are those of any other look. Each look's own coin says whether one follows it.
    """
    secret = bytes(task.coin_secret)
    if not task.known_rate:
        return list(looks)
    taken = [look for look in looks if look.state != ReviewState.WAITING]
    drawn = [look for look in taken if task.known_rate > coins.coin(secret, look.item_id, _coin(look))]
    if not drawn:
        return list(looks)
    gather(task)
    left = candidates(task)
    skills = _skills_of(left, task)
    left = [one for one in left if one.suits(skills[one.item_id])]
    planted: dict[tuple[int, str], Review] = {}
    for look in drawn:
        chosen = _choose(left, secret=secret, beside=look.item_id)
        if chosen is not None:
            left.remove(chosen)
            planted[look.item_id, _coin(look)] = Review(
                item_id=chosen.item_id,
                task=task,
                kind=ReviewKind.KNOWN,
                slot=chosen.slot,
                skills=skills[chosen.item_id],
            )
    rows = ((look, planted.get((look.item_id, _coin(look)))) for look in looks)
    return [row for pair in rows for row in pair if row is not None]


def _coin(look: Review) -> str:
    """The name of a look's coin: each of an item's several looks has its own, and none the gate that waits for them."""
    if look.state == ReviewState.WAITING:
        return ""
    return "known" if look.slot == 1 else f"known|{look.slot}"


def _skills_of(candidates: Sequence[Candidate], task: Task) -> dict[int, list[str] | None]:
    """What looking at these items takes, as for any other item of the task."""
    ids = [one.item_id for one in candidates]
    return {pk: task.wants(body) for pk, body in Payload.objects.filter(pk__in=ids).values_list("pk", "body")}


def _choose(left: Sequence[Candidate], *, secret: bytes, beside: int) -> Candidate | None:
    """One of them by coins: a wrong draft as often as a right one, as far as there are both."""
    want_right = coins.coin(secret, beside, "known|right") < 0.5
    side = [one for one in left if one.draft_right == want_right] or left
    return side[int(coins.coin(secret, beside, "known|which") * len(side))] if side else None


# What people said in agreement: by a second look, or as most of several. Where a lead settled it, nobody agreed.
_AGREED = """
    SELECT s.item_id, s.verdict, s.answer, '' AS words FROM (
        SELECT * FROM slider_review WHERE task_id = %(task)s AND kind = 'second' AND state = 'decided'
          AND decided_at <= clock_timestamp() - %(undo_s)s * interval '1 second'
        ORDER BY decided_at DESC LIMIT %(most)s
    ) AS s JOIN slider_review f ON f.item_id = s.item_id AND f.kind NOT IN ('known', 'second', 'peer') AND f.slot = 1
    WHERE f.state = 'decided' AND s.verdict = f.verdict AND s.answer IS NOT DISTINCT FROM f.answer
    UNION ALL
    SELECT g.item_id, g.verdict, g.answer, (
        SELECT count(*) FROM slider_review p WHERE p.item_id = g.item_id AND p.kind = 'peer' AND p.state = 'decided'
          AND p.verdict = g.verdict AND p.answer IS NOT DISTINCT FROM g.answer
    ) || ' of ' || g.looks || ' people said so, each without the others.'
    FROM (
        SELECT * FROM slider_review WHERE task_id = %(task)s AND kind = 'gate' AND state = 'decided'
        ORDER BY item_id DESC LIMIT %(most)s
    ) AS g
    WHERE g.looks IS NOT NULL AND g.holder_id IS NULL
      AND g.decided_at <= clock_timestamp() - %(undo_s)s * interval '1 second'
"""
_GATHER = f"""
INSERT INTO slider_known (item_id, task_id, draft_right, answer, source, explanation)
SELECT s.item_id, %(task)s, s.verdict = 'accept', s.answer, 'agreed', s.words
FROM ({_AGREED}) AS s
JOIN slider_decision d ON d.item_id = s.item_id JOIN slider_attempt a ON a.id = d.attempt_id
WHERE a.answer IS NOT NULL AND a.answer <> 'null' AND d.why <> ALL(%(telling)s)
  AND NOT EXISTS (SELECT FROM slider_known k WHERE k.item_id = s.item_id)
  AND NOT EXISTS (SELECT FROM slider_correction c WHERE c.item_id = s.item_id AND c.undone_at IS NULL)
  AND NOT EXISTS (SELECT FROM slider_archived x WHERE x.item_id = s.item_id)
  AND NOT EXISTS (SELECT FROM slider_emptied e WHERE e.item_id = s.item_id)
ON CONFLICT (item_id) DO NOTHING
"""  # noqa: S608  # nothing but the fragment above goes into this text


def gather(task: Task) -> None:
    """Make known answers of what people have said in agreement, each without the others; twice makes no two.

    As soon as it can't be undone any more. A draft that is no answer can't be accepted, so it tells nothing.
    """
    values: dict[str, Any] = {
        "task": task.pk,
        "undo_s": task.undo_s,
        "most": GATHERED,
        "telling": [why.value for why in TELLING],
    }
    with connection.cursor() as cursor:
        cursor.execute(_GATHER, values)


_CANDIDATES = """
SELECT k.item_id, k.draft_right,
       1 + coalesce((SELECT max(r.slot) FROM slider_review r WHERE r.item_id = k.item_id AND r.kind = 'known'), 0),
       who.skills::text
FROM (
    SELECT * FROM slider_known WHERE task_id = %(task)s AND retired_at IS NULL ORDER BY item_id DESC LIMIT %(newest)s
) AS k
CROSS JOIN LATERAL (
    SELECT jsonb_agg(m.skills) AS skills FROM slider_membership m JOIN auth_user u ON u.id = m.user_id
    WHERE m.project_id = %(project)s AND m.role = ANY(%(roles)s) AND u.is_active
      AND m.user_id IS DISTINCT FROM k.by_id AND NOT EXISTS (
        SELECT FROM slider_review o WHERE o.item_id = k.item_id AND (
            o.holder_id = m.user_id OR o.last_holder_id = m.user_id
            OR EXISTS (SELECT FROM slider_decline d WHERE d.review_id = o.id AND d.user_id = m.user_id)
            OR EXISTS (SELECT FROM slider_handing h WHERE h.review_id = o.id AND h.by_id = m.user_id)
        )
    ) AND NOT EXISTS (SELECT FROM slider_practice p WHERE p.item_id = k.item_id AND p.person_id = m.user_id)
) AS who
WHERE who.skills IS NOT NULL AND NOT EXISTS (
    SELECT FROM slider_review r WHERE r.item_id = k.item_id AND r.state IN ('open', 'held')
)
ORDER BY k.item_id
"""


def candidates(task: Task) -> list[Candidate]:
    """Known answers that nobody is being asked about, and that somebody who reviews has not seen yet."""
    values: dict[str, Any] = {"task": task.pk, "project": task.project_id, "roles": REVIEWING, "newest": NEWEST}
    with connection.cursor() as cursor:
        cursor.execute(_CANDIDATES, values)
        return [
            Candidate(item_id, right, slot, tuple(frozenset(one) for one in json.loads(people)))
            for item_id, right, slot, people in cursor.fetchall()
        ]


def mark(item: Item, *, draft_right: bool, words: str, by: int) -> Known:
    """Make a known answer of a finished item, with the explanation that whoever gets it wrong will read.

    What was published stays as it is. Raises Unfit.
    """
    with transaction.atomic():
        archive.bring_back([item.pk])  # its sheet is shown again, and known answers stay where they are
        return _marked(item, draft_right=draft_right, words=words, by=by)


def _marked(item: Item, *, draft_right: bool, words: str, by: int) -> Known:
    words = words.strip()
    if not words or len(words) > WORDS_MOST or "\x00" in words:
        raise Unfit(f"say in 1 to {WORDS_MOST} characters why: whoever judges it wrong will read it")
    decision = Decision.objects.select_related("attempt").filter(pk=item.pk).first()
    draft = decision.attempt.answer if decision is not None and decision.attempt is not None else None
    if decision is None or draft is None or item.state != State.DONE:
        raise Unfit("only a finished item with a worker's answer can be a known answer")
    if decision.why in TELLING:
        raise Unfit("its sheet says that the slider was pulled back, so everybody would see that it is old")
    answer = draft if draft_right else _better(item, draft)
    return Known.objects.update_or_create(
        item=item,
        defaults={
            "task_id": item.task_id,
            "draft_right": draft_right,
            "answer": answer,
            "source": KnownFrom.MARKED,
            "explanation": words,
            "by_id": by,
            "retired_at": None,
        },
    )[0]


def _better(item: Item, draft: Any) -> Any:
    """What has left instead of a wrong draft; None where that is the draft itself, or nothing."""
    out = Publication.objects.filter(item=item).order_by("-number").first()
    if out is None or out.answer is None or strict.canonical(out.answer) == strict.canonical(draft):
        return None
    return out.answer


def retire(item_id: int, *, task_id: int) -> None:
    """Take a known answer out: it was none. It counts for nobody from now on, the past included."""
    with transaction.atomic():
        Review.objects.filter(item_id=item_id, kind=ReviewKind.KNOWN, state=ReviewState.OPEN, token=0).update(
            state=ReviewState.VOID
        )
        Known.objects.filter(pk=item_id, task_id=task_id, retired_at=None).update(retired_at=Now())
