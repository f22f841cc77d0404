"""The checker sees each broken promise in books that are right but for one thing, and nothing in right ones."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from types import SimpleNamespace as Row
from typing import Any

import pytest

from tests.faults.books import Books
from tests.faults.checker import Limits, check
from tests.faults.history import Event
from tests.faults.receiver import Delivery

ANSWER = {"topic": "refund", "urgent": False}
LIMITS = Limits(guard_ttl_s=10.0, calm_until=0.0, calls=2)


@dataclass(slots=True)
class Case:
    """Two items that ended well: a1 ran unattended, a2 was accepted by a person."""

    events: list[Event]
    books: Books
    deliveries: list[Delivery]
    limits: Limits = field(default=LIMITS)

    def found(self) -> set[str]:
        return {one.promise.split()[0] for one in check(self.events, self.books, self.deliveries, self.limits)}


def event(at: float, who: str, kind: Any, what: str, key: str = "", value: Any = None) -> Event:
    return Event(at, who, kind, what, key, value)


def move(number: int, item: int, source: str, to: str, token: int, at: float, reason: str = "") -> Row:
    return Row(id=number, item_id=item, from_state=source, to_state=to, token=token, by_id=None, reason=reason, at=at)


def entry(table: str, *rows: int) -> Row:
    digests = b"".join(row.to_bytes(8, "big") + bytes([row]) * 32 for row in rows)
    return Row(
        chain="task 1", number=0, hash=b"", entry_id=0, told_in="task 1", at_us=1_000_000, kind="result", project_id=1,
        task_id=1, by_id=None, via="pump", facts=f'{{"table": "{table}"}}', digests=digests,
    )  # fmt: skip


def chain(*entries: Row) -> list[Row]:
    """The entries linked one to another, as the database does it."""
    before = b""
    for number, one in enumerate(entries, 1):
        one.number, one.entry_id = number, 10 + number
        parts = f"slider log 1\ntask 1\n{number}\n{10 + number}\n1000000\nresult\n1\n1\n\npump\n"
        parts += f"{sha256(one.facts.encode()).hexdigest()}\n{sha256(one.digests).hexdigest()}\n{before.hex()}"
        one.hash = before = sha256(parts.encode()).digest()
    return list(entries)


@pytest.fixture
def case() -> Case:
    steps = [("", "ready", 0, 1.0), ("ready", "working", 1, 2.0)]
    moves = [move(n, 1, *step) for n, step in enumerate([*steps, ("working", "done", 1, 3.0)])]
    more = [*steps, ("working", "review", 1, 3.0), ("review", "done", 1, 5.0)]
    moves += [move(10 + n, 2, *step) for n, step in enumerate(more)]
    policy = {"policy_id": 1, "epoch": 1, "share": 0.5, "held": False, "effective": 0.5, "policy_number": 1}
    results = [Row(id=n, item_id=n, number=1, webhook_id=f"w{n}", ending="x", answer=ANSWER) for n in (1, 2)]
    parcels = [Row(id=n, endpoint_id=1, publication_id=n, webhook_id=f"w{n}", state="sent", tries=1) for n in (1, 2)]
    books = Books(
        items=[Row(id=n, external_id=f"a{n}", state="done", token=1, tries=1, task_id=1) for n in (1, 2)],
        moves=moves,
        attempts=[Row(id=n, item_id=n, token=1, outcome="answered", answer=ANSWER, at=2.9) for n in (1, 2)],
        decisions=[
            Row(item_id=1, attempt_id=1, seq=0, lane="unattended", audit=False, mode="trial", **policy),
            Row(item_id=2, attempt_id=2, seq=1, lane="people", audit=False, mode="trial", **policy),
        ],
        reviews=[
            Row(
                id=7, item_id=2, kind="gate", state="decided", holder_id=3, token=1, verdict="accept", answer=ANSWER,
                reason="", note="anna 1",
            )
        ],
        opinions=[],
        publications=results,
        parcels=parcels,
        tries=[Row(parcel_id=n, number=1, reason="") for n in (1, 2)],
        endpoints=[Row(id=1, task_id=1)],
        gauges=[Row(task_id=1, routed=2, unattended=1)],
        policies=[Row(id=1, task_id=1, number=1, epoch=1)],
        spends=[Row(worker_id=1, calls=2)],
        tasks=[Row(id=1, max_tries=5)],
        links=chain(entry("decision", 1, 2), entry("publication", 1, 2), entry("review", 7)),
    )  # fmt: skip
    events = [event(0.5, "program-1", "invoke", "push", f"a{n}") for n in (1, 2)]
    events += [event(1.0, "program-1", "ok", "push", f"a{n}", n) for n in (1, 2)]
    events += [event(float(at), "watch", "seen", "guard", value=float(at)) for at in range(1, 6)]
    events += [event(4.0, "anna", "invoke", "decide", "7", "anna 1"), event(5.0, "anna", "ok", "decide", "7", "anna 1")]
    return Case(events, books, [Delivery(6.0, f"w{n}", body(n), True, True) for n in (1, 2)])


def body(item: int, topic: str = "refund") -> bytes:
    return b'{"data":{"item":%d,"number":1,"answer":{"topic":"%s","urgent":false}}}' % (item, topic.encode())


def test_right_books_are_found_right(case: Case) -> None:
    assert case.found() == set()


def lost(case: Case) -> None:
    case.events.append(event(1.5, "program-1", "ok", "push", "a3", 3))


def two_items_of_a_name(case: Case) -> None:
    case.books.items[1].external_id = "a1"


def out_of_nowhere(case: Case) -> None:
    case.events[:] = [one for one in case.events if one.key != "a2"]


def never_ends(case: Case) -> None:
    case.books.items[1].state = "review"
    case.books.moves.pop()
    case.books.publications.pop()


def final_twice(case: Case) -> None:
    case.books.moves.append(move(20, 1, "done", "done", 1, 4.0))


def outside_the_table(case: Case) -> None:
    case.books.moves[1].to_state = "withdrawn"


def from_another_state(case: Case) -> None:
    case.books.moves[2].from_state = "ready"


def under_a_held_policy(case: Case) -> None:
    case.books.decisions[0].held = True


def after_a_pull_back(case: Case) -> None:
    case.events.append(event(2.5, "tuner", "ok", "pull back"))
    case.events.append(event(9.0, "tuner", "invoke", "release"))


def under_a_silent_guard(case: Case) -> None:
    case.events[:] = [
        replace(one, value=one.value - 30.0) if one.what == "guard" else one for one in case.events
    ]  # fmt: skip


def two_holders(case: Case) -> None:
    case.books.moves.insert(2, move(30, 1, "working", "working", 2, 2.5))


def a_token_again(case: Case) -> None:
    case.books.moves[1].token = 2


def taken_from_the_living(case: Case) -> None:
    case.books.moves[2:2] = [
        move(31, 1, "working", "ready", 1, 2.2, "the worker's lease ran out"),
        move(32, 1, "ready", "working", 2, 2.4),
    ]
    case.books.moves[4].token = case.books.attempts[0].token = 2
    case.limits = replace(LIMITS, calm_until=10.0)


def written_late(case: Case) -> None:
    case.books.attempts[0].at = 9.0


def routed_by_an_old_claim(case: Case) -> None:
    taken_from_the_living(case)
    case.limits = LIMITS
    case.books.attempts[0].token, case.books.attempts[0].at = 1, 2.1


def owed_twice(case: Case) -> None:
    case.books.publications.append(Row(**{**vars(case.books.publications[0]), "id": 9, "webhook_id": "w9"}))
    case.deliveries.append(Delivery(6.0, "w9", body(1), True, True))


def owed_otherwise(case: Case) -> None:
    case.books.publications[1].answer = {"topic": "other", "urgent": False}
    case.deliveries[1] = Delivery(6.0, "w2", body(2, "other"), True, True)


def never_arrived(case: Case) -> None:
    case.deliveries.pop()


def arrived_and_lost(case: Case) -> None:
    case.deliveries[1] = replace(case.deliveries[1], taken=False)


def two_bodies(case: Case) -> None:
    case.deliveries.append(Delivery(7.0, "w1", body(1, "other"), True, True))


def never_sent(case: Case) -> None:
    case.books.parcels[1].state = "due"


def tried_twice_at_once(case: Case) -> None:
    case.books.tries.append(Row(parcel_id=1, number=1, reason=""))


def no_parcel(case: Case) -> None:
    case.books.parcels.pop()


def two_parcels(case: Case) -> None:
    case.books.parcels.append(Row(**{**vars(case.books.parcels[0]), "id": 9}))


def an_empty_parcel(case: Case) -> None:
    case.books.parcels[0].webhook_id = "w7"


def a_stranger(case: Case) -> None:
    case.deliveries.append(Delivery(7.0, "w8", body(1), True, True))


def unsigned(case: Case) -> None:
    case.deliveries[0] = replace(case.deliveries[0], is_signed=False)


def arrived_otherwise(case: Case) -> None:
    case.deliveries[0] = replace(case.deliveries[0], body=body(1, "other"))


def two_people_saved(case: Case) -> None:
    case.events.append(event(5.5, "ben", "ok", "decide", "7", "ben 1"))


def words_lost(case: Case) -> None:
    case.books.reviews[0].note = ""


def two_gates(case: Case) -> None:
    case.books.reviews.append(Row(**{**vars(case.books.reviews[0]), "id": 8}))


def linked_never(case: Case) -> None:
    case.books.links[2].number = None


def cut_out(case: Case) -> None:
    del case.books.links[1]


def written_over(case: Case) -> None:
    case.books.links[1].facts = '{"table": "publication", "op": "gone"}'


def entry_lost(case: Case) -> None:
    case.books.links[0].facts = case.books.links[0].digests = None


def past_the_log(case: Case) -> None:
    case.books.links[:] = chain(entry("decision", 1), entry("publication", 1, 2), entry("review", 7))


def told_and_gone(case: Case) -> None:
    case.books.links[:] = chain(entry("decision", 1, 2), entry("publication", 1, 2, 3), entry("review", 7))


def miscounted(case: Case) -> None:
    case.books.gauges[0].unattended = 2


def a_hole(case: Case) -> None:
    case.books.decisions[1].seq = 5


def paid_twice(case: Case) -> None:
    case.books.spends[0].calls = 3


def not_paid(case: Case) -> None:
    case.books.spends[0].calls = 1


BROKEN: dict[str, tuple[Callable[[Case], None], ...]] = {
    "I1": (lost, two_items_of_a_name, out_of_nowhere),
    "I2": (never_ends,),
    "I4": (final_twice,),
    "I3": (outside_the_table, from_another_state),
    "I5": (under_a_held_policy, after_a_pull_back, under_a_silent_guard),
    "I6": (two_holders, a_token_again, taken_from_the_living),
    "I7": (written_late, routed_by_an_old_claim),
    "I8": (owed_twice, owed_otherwise, no_parcel, two_parcels, an_empty_parcel),
    "I9": (never_arrived, arrived_and_lost, two_bodies, a_stranger, unsigned, never_sent, tried_twice_at_once),
    "I10": (arrived_otherwise,),
    "I11": (two_people_saved, words_lost, two_gates),
    "I12": (linked_never, cut_out, written_over, entry_lost, past_the_log, told_and_gone),
    "I13": (miscounted, a_hole, paid_twice, not_paid),
}


CASES = [(promise, hurt) for promise, hurts in BROKEN.items() for hurt in hurts]


@pytest.mark.parametrize(("promise", "hurt"), CASES, ids=lambda one: getattr(one, "__name__", one))
def test_each_broken_promise_is_seen(case: Case, promise: str, hurt: Callable[[Case], None]) -> None:
    hurt(case)
    assert promise in case.found()


def test_a_call_that_nobody_knows_the_end_of_is_held_against_nobody(case: Case) -> None:
    case.events.append(event(1.5, "program-1", "invoke", "push", "a3"))
    case.events.append(event(1.6, "program-1", "info", "push", "a3", "TimeoutError"))
    assert case.found() == set()
