"""What has to be true after everything was replaced under load, judged from the notes of all who took part."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Count

from slider.models import Delivery, Item, Move, Parcel, Review, State
from tests.deploy.traffic import Receiver, Traffic

ENDED = frozenset({str(State.DONE), str(State.REVIEW)})


@dataclass(frozen=True, slots=True)
class Books:
    """The clients' notes, the receiver's, and the rows."""

    failed: tuple[str, ...]  # calls that were not answered as they should be
    pushed: frozenset[str]  # items that were acknowledged, by their external ids
    taken: Mapping[str, tuple[str, ...]]  # by webhook-id: the item of each time that it came
    items: Mapping[str, str]  # their states
    gates: tuple[str, ...]  # the item of each look that its result waits for
    ends: Mapping[str, int]  # how often each item ended
    results: tuple[tuple[int, str], ...]  # number and delivery of each result


def read(traffic: Traffic, receiver: Receiver) -> Books:
    """The books as they stand; call it when nothing is on its way any more."""
    ends = Move.objects.filter(to_state__in=ENDED).values_list("item__external_id").annotate(n=Count("pk"))
    return Books(
        failed=tuple(f"{call.path}: {call.problem}" for call in traffic.failed()),
        pushed=frozenset(traffic.pushed),
        taken={name: tuple(one.item for one in taken) for name, taken in receiver.taken.items()},
        items=dict(Item.objects.values_list("external_id", "state")),
        gates=tuple(Review.objects.filter(kind="gate").values_list("item__external_id", flat=True)),
        ends=dict(ends),
        results=tuple(Parcel.objects.values_list("publication__number", "state")),
    )


def problems(books: Books) -> list[str]:
    """What somebody outside could have noticed, or should have got."""
    return [*_outside(books), *_ends(books)]


def _outside(books: Books) -> Iterator[str]:
    yield from (f"a call failed: {call}" for call in books.failed)
    yield from (f"{name} came {len(taken)} times" for name, taken in books.taken.items() if len(taken) > 1)
    if lost := books.pushed - set(books.items):
        yield f"acknowledged, and not there: {sorted(lost)}"
    done = Counter(name for name, state in books.items.items() if state == State.DONE)
    came = Counter(taken[0] for taken in books.taken.values())
    if came != done:
        yield f"results that came, against items that are done: {dict(came - done)} more, {dict(done - came)} missing"


def _ends(books: Books) -> Iterator[str]:
    """Each item ended, once, and its result or its look is there, once."""
    if open_items := [name for name, state in books.items.items() if state not in ENDED]:
        yield f"not ended: {open_items}"
    waiting = Counter(name for name, state in books.items.items() if state == State.REVIEW)
    if Counter(books.gates) != waiting:
        yield f"looks for {sorted(books.gates)}, against items that wait for one: {sorted(waiting)}"
    if twice := {name: n for name, n in books.ends.items() if n != 1}:
        yield f"ended not once: {twice}"
    if odd := set(books.results) - {(1, Delivery.SENT)}:
        yield f"results that are not the first, or not sent: {odd}"
