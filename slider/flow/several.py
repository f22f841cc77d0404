"""Several looks at one item, each without the others: what they come to, and what happens where they disagree.

The gate is the item's one verdict, whoever gives it: it is all that the guard, the calibration and the exports ever
read. Where a task asks for several looks it waits for its peers, is decided by them where most of them say the same,
and goes to somebody who leads where they don't.
"""

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Now

from slider import strict
from slider.flow import moves, outbox
from slider.models import Decision, Item, Review, ReviewKind, ReviewState, State, Task, Unheard, Verdict
from slider.models.standing import Given, Standing
from slider.models.states import ENDINGS


def looks(task: Task, decision: Decision, *, in_bin: int | None, skills: list[str] | None) -> list[Review]:
    """The rows of an item that goes to people: its gate, and where several people are to look the peers behind it."""
    gate = Review(
        item_id=decision.item_id, task=task, kind=ReviewKind.GATE, place=decision.seq, bin=in_bin, skills=skills
    )
    if task.looks == 1:
        return [gate]
    gate.state, gate.looks, gate.skills = ReviewState.WAITING, task.looks, None
    peers = [
        Review(
            item_id=decision.item_id,
            task=task,
            kind=ReviewKind.PEER,
            slot=slot,
            looks=task.looks,
            skills=skills,
        )
        for slot in range(1, task.looks + 1)
    ]
    return [gate, *peers]


_PEER = Standing(lambda: Review.objects.filter(pk=Given("id"), kind=ReviewKind.PEER))


def lock(review_id: int) -> None:
    """Lock what a verdict on this look may move before the look itself: the gate comes first, as in a withdrawal."""
    peer = _PEER.first(id=review_id)
    if peer is not None:
        _gate(peer.item_id)


def _gate(item_id: int) -> Review:
    rows = Review.objects.select_for_update(of=("self",)).select_related("task", "item")
    return rows.get(item_id=item_id, kind=ReviewKind.GATE)


def has_looked(review: Review, user_id: int) -> bool:
    """Whether this person has, or has decided, another of the item's looks: nobody gets two."""
    others = Review.objects.filter(item_id=review.item_id, kind=ReviewKind.PEER, holder_id=user_id)
    return others.exclude(pk=review.pk).exists()


def peers_of(item_id: int) -> list[Review]:
    """The looks at an item that was given to several people, in the order of their slots."""
    return list(Review.objects.filter(item_id=item_id, kind=ReviewKind.PEER).select_related("holder").order_by("slot"))


def hear(peer: Review) -> None:
    """One of several looks was just decided. With the last of them the item gets its verdict, or goes to a lead."""
    gate, peers = _gate(peer.item_id), peers_of(peer.item_id)
    if gate.state != ReviewState.WAITING or any(one.state != ReviewState.DECIDED for one in peers):
        return
    most = majority(peers)
    if most:
        _decide(gate, most)
    else:
        gate.state, gate.for_lead = ReviewState.OPEN, True
        gate.save(update_fields=["state", "for_lead"])


def majority(peers: Sequence[Review]) -> list[Review]:
    """Those that say the same, where they are more than half of all; nothing where no more than half do.

    The same is the same verdict, and the same answer as canonical JSON. Rejections agree whatever their reasons.
    """
    said: dict[tuple[str, bytes], list[Review]] = {}
    for one in peers:
        said.setdefault((one.verdict, strict.canonical(one.answer)), []).append(one)
    most = max(said.values(), key=len, default=[])
    return most if 2 * len(most) > len(peers) else []


def _decide(gate: Review, most: list[Review]) -> None:
    """Write down what the looks have come to. It counts when none of them can be taken back any more."""
    first = most[0]
    gate.state, gate.verdict, gate.answer = ReviewState.DECIDED, first.verdict, first.answer
    gate.reason = _commonest([one.reason for one in most])
    # Right for the wrong reason is evidence for nothing: one who says so is enough.
    gate.lucky = any(one.lucky for one in most)
    gate.decided_at, gate.undo_until = Now(), Now() + timedelta(seconds=gate.task.undo_s)
    gate.save()
    Unheard.objects.create(review=gate, task_id=gate.task_id)
    verdict = Verdict(gate.verdict)
    words = f"{verdict.label} by {len(most)} of {gate.looks} people, each without the others"
    moves.move(moves.Step(gate.item_id, gate.item.token, State.DONE, words), source=State.REVIEW)
    result = outbox.Result(gate.item_id, ENDINGS[verdict], gate.answer, gate.reason, gate.pk)
    outbox.owe(gate.task_id, [result], undo_s=gate.task.undo_s)


def _commonest(reasons: list[str]) -> str:
    return max(reasons, key=reasons.count)  # the first of those that are said equally often


def unhear(peer: Review, *, by: int) -> None:
    """One of several looks was taken back: what they had come to is unmade. Raises outbox.HasLeft."""
    gate = _gate(peer.item_id)
    if gate.state == ReviewState.DECIDED:
        Unheard.objects.filter(review=gate).delete()
        outbox.take_back(gate.item_id, Q(review=gate))
        step = moves.Step(gate.item_id, Item.objects.get(pk=gate.item_id).token, State.REVIEW, "one look taken back")
        moves.move(step, source=State.DONE, by=by)
    elif gate.state != ReviewState.OPEN:
        return  # not all looks were in
    gate.state, gate.for_lead, gate.verdict, gate.reason = ReviewState.WAITING, False, "", ""
    gate.answer = gate.decided_at = gate.undo_until = None
    gate.lucky = False
    gate.save()
