"""What must hold at rest, whatever broke: a pure function of the clients' history, the tables and the receiver's list.

It asks nothing of the product: not its code, not its pages, not its opinion.
"""

import json
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from tests.faults.books import Books
from tests.faults.history import Event
from tests.faults.receiver import Delivery

FINAL = ("done", "withdrawn")
MOVES = {
    ("", "ready"),
    ("ready", "working"),
    ("ready", "review"),
    ("ready", "withdrawn"),
    ("working", "ready"),
    ("working", "review"),
    ("working", "done"),
    ("working", "withdrawn"),
    ("review", "done"),
    ("review", "withdrawn"),
    ("done", "review"),
}
# A transaction that has read the guard's row may end this much later: it is cut off when it idles for two seconds,
# and one batch is written within a statement's own time.
IN_TRANSACTION_S = 4.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What the place was set up with, and until when nothing at all was broken (seconds of the clock)."""

    guard_ttl_s: float
    calm_until: float
    calls: int  # that the endpoint saw


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that did not hold: its name, and the first witness in words."""

    promise: str
    what: str

    def __str__(self) -> str:
        return f"{self.promise}: {self.what}"


def check(events: Iterable[Event], books: Books, deliveries: Sequence[Delivery], limits: Limits) -> list[Violation]:
    """Every violation there is, in the order of the promises."""
    history = list(events)
    moves: dict[int, list[Any]] = defaultdict(list)
    for move in books.moves:
        moves[move.item_id].append(move)
    return [
        *_accepted(history, books),
        *_ended(books, moves),
        *_walked(books, moves),
        *_guarded(history, books, moves, limits),
        *_leased(books, moves, limits),
        *_fenced(books, moves),
        *_owed(books),
        *_received(books, deliveries),
        *_said(history, books),
        *_logged(books),
        *_counted(books, limits),
    ]


def _accepted(history: Sequence[Event], books: Books) -> Iterator[Violation]:
    """I1: what was acknowledged is there, once, and nothing else is."""
    names = Counter((item.task_id, item.external_id) for item in books.items)
    for (_, name), count in names.items():
        if count > 1:
            yield Violation("I1 one item a name", f"{name} is {count} items")
    ids = {item.id: item.external_id for item in books.items}
    asked = {event.key for event in history if event.what == "push" and event.kind == "invoke"}
    told: dict[str, set[int]] = defaultdict(set)
    for event in history:
        if event.what == "push" and event.kind == "ok":
            told[event.key].add(event.value)
    for name, found in told.items():
        if len(found) > 1:
            yield Violation("I1 one item a name", f"{name} was said to be {sorted(found)}")
        for item_id in found:
            if ids.get(item_id) != name:
                yield Violation("I1 an accepted item is there", f"{name} was accepted as {item_id}, which is not there")
    for name in {item.external_id for item in books.items} - asked:
        yield Violation("I1 no item out of nowhere", f"nobody pushed {name}")


def _ended(books: Books, moves: dict[int, list[Any]]) -> Iterator[Violation]:
    """I2, I4: at rest each item has exactly one final result."""
    results = Counter(one.item_id for one in books.publications if one.number == 1)
    decisions = Counter(one.item_id for one in books.decisions)
    for item in books.items:
        if item.state not in FINAL:
            yield Violation("I2 every item ends", f"{item.external_id} ({item.id}) is {item.state}")
        elif results[item.id] != 1:
            yield Violation("I4 one final result", f"{item.external_id} ({item.id}) has {results[item.id]} results")
        if decisions[item.id] > 1:
            yield Violation("I4 one decision", f"item {item.id} was routed {decisions[item.id]} times")
        finals = sum(move.to_state in FINAL for move in moves[item.id])
        undone = sum((move.from_state, move.to_state) == ("done", "review") for move in moves[item.id])
        if finals - undone > 1:
            yield Violation("I4 one final result", f"item {item.id} became final {finals} times")


def _walked(books: Books, moves: dict[int, list[Any]]) -> Iterator[Violation]:
    """I3: every move is one of the table's, each begins where the last one ended, and the item stands at the end."""
    for item in books.items:
        at = ""
        for move in moves[item.id]:
            if (move.from_state, move.to_state) not in MOVES:
                yield Violation("I3 no move outside the table", f"item {item.id}: {move.from_state} to {move.to_state}")
            if move.from_state != at:
                yield Violation("I3 one state at a time", f"item {item.id} was {at} and moved from {move.from_state}")
            at = move.to_state
        if at != item.state:
            yield Violation("I3 the state is the last move's", f"item {item.id} is {item.state}, moved to {at}")


def _guarded(
    history: Sequence[Event], books: Books, moves: dict[int, list[Any]], limits: Limits
) -> Iterator[Violation]:
    """I5: every unattended result stands under a policy and a guard that allowed it at that moment."""
    held = list(_held(history))
    seen = [(event.at, event.value) for event in history if event.what == "guard" and event.kind == "seen"]
    times = [at for at, _ in seen]
    for decision in books.decisions:
        if decision.lane != "unattended":
            continue
        if decision.held or decision.effective <= 0:
            yield Violation(
                "I5 a policy that allows it", f"item {decision.item_id} under policy {decision.policy_number}"
            )
        at = next((m.at for m in moves[decision.item_id] if (m.from_state, m.to_state) == ("working", "done")), None)
        if at is None:
            yield Violation("I5 a result has its move", f"item {decision.item_id} ran unattended without a move")
            continue
        for begin, end in held:
            if begin < at < end:
                words = f"item {decision.item_id} finished {at - begin:.2f} s after a pull-back had returned"
                yield Violation("I5 a pull-back holds", words)
        if place := bisect_right(times, at + 0.3):
            age = at - seen[place - 1][1]
            if age > limits.guard_ttl_s + IN_TRANSACTION_S and at - times[place - 1] < 1.0:
                words = f"item {decision.item_id} finished when the guard had been silent for {age:.1f} s"
                yield Violation("I5 a guard that lives", words)


def _held(history: Sequence[Event]) -> Iterator[tuple[float, float]]:
    """From the return of each pull-back to the first attempt to end it."""
    begin = None
    for event in history:
        if event.who != "tuner":
            continue
        if (event.what, event.kind) == ("pull back", "ok"):
            begin = event.at
        elif event.what == "release" and begin is not None:
            yield begin, event.at
            begin = None


def _leased(books: Books, moves: dict[int, list[Any]], limits: Limits) -> Iterator[Violation]:
    """I6: leases of an item never overlap, tokens rise with each, and a living holder keeps its own."""
    tries = max((task.max_tries for task in books.tasks), default=0)
    for item in books.items:
        token, is_held = 0, False
        for move in moves[item.id]:
            if move.to_state == "working":
                if is_held:
                    yield Violation("I6 one holder at a time", f"item {item.id} was claimed under claim {token}")
                if move.token != token + 1:
                    yield Violation("I6 tokens rise one by one", f"item {item.id}: {token}, then {move.token}")
                token, is_held = move.token, True
            else:
                is_held = False
            if move.reason == "the worker's lease ran out" and move.at < limits.calm_until:
                yield Violation(
                    "I6 a living holder keeps its lease", f"item {item.id} was taken away while all was well"
                )
        if item.tries > tries:
            yield Violation("I6 no more tries than allowed", f"item {item.id} was tried {item.tries} times")


def _fenced(books: Books, moves: dict[int, list[Any]]) -> Iterator[Violation]:
    """I7: nothing is written under a claim that is over."""
    for attempt in books.attempts:
        spans = _spans(moves[attempt.item_id], attempt.token)
        if not spans:
            yield Violation("I7 a write has a claim", f"item {attempt.item_id}: no claim {attempt.token}")
        elif attempt.at > spans[1]:
            words = (
                f"item {attempt.item_id}, claim {attempt.token}: written {attempt.at - spans[1]:.2f} s after its end"
            )
            yield Violation("I7 a holder whose lease ran out writes nothing", words)
    by_id = {attempt.id: attempt for attempt in books.attempts}
    for decision in books.decisions:
        attempt = by_id.get(decision.attempt_id)
        last = max((move.token for move in moves[decision.item_id]), default=0)
        if attempt is not None and attempt.token != last:
            words = f"item {decision.item_id} was routed by claim {attempt.token}, and the last one is {last}"
            yield Violation("I7 a holder whose lease ran out writes nothing", words)


def _spans(moves: Sequence[Any], token: int) -> tuple[float, float] | None:
    """When a claim began and when it was over."""
    for place, move in enumerate(moves):
        if move.to_state == "working" and move.token == token:
            return move.at, moves[place + 1].at if place + 1 < len(moves) else float("inf")
    return None


def _owed(books: Books) -> Iterator[Violation]:
    """I8: what is owed and what is final match one to one; every result tells what its maker said."""
    done = {item.id for item in books.items if item.state == "done"}
    seen = Counter((one.item_id, one.number) for one in books.publications)
    for (item_id, number), count in seen.items():
        if count > 1:
            yield Violation("I8 one result a number", f"item {item_id} owes result {number} {count} times")
        if number == 1 and item_id not in done:
            yield Violation("I8 only what is final is owed", f"item {item_id} is not done and owes a result")
    attempts = {attempt.id: attempt for attempt in books.attempts}
    unattended = {d.item_id: attempts.get(d.attempt_id) for d in books.decisions if d.lane == "unattended"}
    verdicts = {r.item_id: r for r in books.reviews if r.kind == "gate" and r.state == "decided"}
    for one in books.publications:
        if one.number != 1:
            continue
        if one.item_id in unattended:
            attempt = unattended[one.item_id]
            if attempt is None or attempt.answer != one.answer:
                yield Violation("I8 a result is its answer", f"item {one.item_id} owes {one.answer}")
        elif (review := verdicts.get(one.item_id)) is None:
            yield Violation("I8 a result has a maker", f"item {one.item_id} owes a result that nobody gave")
        elif one.answer != (None if review.verdict == "reject" else review.answer):
            yield Violation("I8 a result is what was decided", f"item {one.item_id} owes {one.answer}")
    yield from _parcelled(books)


def _parcelled(books: Books) -> Iterator[Violation]:
    """I8, further: every result has one parcel for each endpoint, under its own name, and no parcel carries nothing."""
    names = {one.id: one.webhook_id for one in books.publications}
    packed = Counter((parcel.endpoint_id, parcel.publication_id) for parcel in books.parcels)
    for endpoint in books.endpoints:
        for one in books.publications:
            if packed[endpoint.id, one.id] != 1:
                count = packed[endpoint.id, one.id]
                words = f"result {one.number} of item {one.item_id} has {count} for endpoint {endpoint.id}"
                yield Violation("I8 one parcel a result and endpoint", words)
    for parcel in books.parcels:
        if names.get(parcel.publication_id) != parcel.webhook_id:
            yield Violation("I8 a parcel carries a result", f"parcel {parcel.id} is {parcel.webhook_id}")


def _received(books: Books, deliveries: Sequence[Delivery]) -> Iterator[Violation]:
    """I9, I10: each result arrived, under one name, always with the same bytes, and says what is stored."""
    wire: dict[str, set[bytes]] = defaultdict(set)
    taken = {delivery.webhook_id for delivery in deliveries if delivery.taken}
    for delivery in deliveries:
        wire[delivery.webhook_id].add(delivery.body)
        if not delivery.is_signed:
            yield Violation("I9 every delivery is signed", f"{delivery.webhook_id} was not")
    stored = {one.webhook_id: one for one in books.publications}
    states: dict[int, list[str]] = defaultdict(list)
    for parcel in books.parcels:
        states[parcel.publication_id].append(parcel.state)
    yield from _booked(books, taken)
    for name, bodies in wire.items():
        if len(bodies) > 1:
            yield Violation("I9 one name, the same bytes", f"{name} came with {len(bodies)} bodies")
        if name not in stored:
            yield Violation("I9 nothing is sent that is not owed", f"{name} is no result: {min(bodies)[:120]!r}")
    for one in books.publications:
        if one.webhook_id not in taken:
            yield Violation("I9 every result arrives", f"item {one.item_id}, result {one.number}, {states[one.id]}")
            continue
        told = json.loads(min(wire[one.webhook_id]))["data"]
        if (told["item"], told["number"], told["answer"]) != (one.item_id, one.number, one.answer):
            yield Violation("I10 what arrives is what is stored", f"item {one.item_id}: {told['answer']}, {one.answer}")


def _booked(books: Books, taken: set[str]) -> Iterator[Violation]:
    """I9, further: at rest no parcel is on its way, what is booked as sent arrived, and no try is booked twice."""
    for parcel in books.parcels:
        if parcel.state == "due":
            yield Violation("I9 every parcel is sent or given up", f"parcel {parcel.id} is {parcel.state}")
        if parcel.state == "sent" and parcel.webhook_id not in taken:
            yield Violation("I9 what is booked as sent arrived", f"parcel {parcel.id}, {parcel.webhook_id}")
    for (parcel_id, number), count in Counter((one.parcel_id, one.number) for one in books.tries).items():
        if count > 1:
            yield Violation("I9 a try is made once", f"try {number} at parcel {parcel_id} is booked {count} times")


def _said(history: Sequence[Event], books: Books) -> Iterator[Violation]:
    """I11: what a person was told is saved is there as they said it, and nobody else was told so."""
    reviews = {str(review.id): review for review in books.reviews}
    told: dict[str, set[str]] = defaultdict(set)
    for event in history:
        if event.what == "decide" and event.kind == "ok":
            told[event.key].add(event.value)
    for review_id, notes in told.items():
        review = reviews.get(review_id)
        if len({note.split()[0] for note in notes}) > 1:
            yield Violation(
                "I11 one verdict a look", f"look {review_id}: {len(notes)} people were told that theirs is saved"
            )
        if review is None or review.note not in notes or review.state != "decided":
            yield Violation(
                "I11 what was said is stored", f"look {review_id} holds {review.note if review else None!r}"
            )
    for item_id, count in Counter(r.item_id for r in books.reviews if r.kind == "gate").items():
        if count > 1:
            yield Violation("I11 one gate an item", f"item {item_id} has {count}")


def _logged(books: Books) -> Iterator[Violation]:
    """I12: every chain of the log is whole, and tells of every decision, result and verdict that is there."""
    ends: dict[str, tuple[int, bytes]] = {}
    told: dict[str, dict[int, bytes]] = defaultdict(dict)
    for link in books.links:
        number, before = ends.get(link.chain, (0, b""))
        if link.number is None:
            yield Violation("I12 every entry has its link", f"entry {link.entry_id} of {link.chain}")
            continue
        if link.number != number + 1:
            yield Violation("I12 a chain has no hole", f"{link.chain}: after {number} comes {link.number}")
        if bytes(link.hash) != _linked(link, before):
            yield Violation("I12 a link holds what it was made for", f"{link.chain}, {link.number}")
        ends[link.chain] = link.number, bytes(link.hash)
        packed = bytes(link.digests or b"")
        for at in range(0, len(packed), 40):
            row = int.from_bytes(packed[at : at + 8], "big", signed=True)
            told[json.loads(link.facts)["table"]][row] = packed[at + 8 : at + 40]
    there = {
        "decision": {decision.item_id for decision in books.decisions},
        "publication": {one.id for one in books.publications},
        "review": {review.id for review in books.reviews if review.verdict},
    }
    for table, rows in there.items():
        known = {row for row, digest in told[table].items() if any(digest)}
        for row in sorted(rows ^ known)[:5]:
            words = "is there and was never told" if row in rows else "was told and is not there"
            yield Violation("I12 the log tells what is so", f"{table} {row} {words}")


def _linked(link: Any, before: bytes) -> bytes:
    """The hash of a link, by the words of docs/log.md."""
    if link.facts is None:
        return b""
    lines = ["slider log 1", link.told_in, link.number, link.entry_id, link.at_us, link.kind]
    lines += ["" if one is None else one for one in (link.project_id, link.task_id, link.by_id)]
    lines += [link.via, sha256(link.facts.encode()).hexdigest(), sha256(bytes(link.digests)).hexdigest(), before.hex()]
    return sha256("\n".join(map(str, lines)).encode()).digest()


def _counted(books: Books, limits: Limits) -> Iterator[Violation]:
    """I13: counters equal what the rows say."""
    epochs = {policy.task_id: policy.epoch for policy in books.policies}
    for gauge in books.gauges:
        if gauge.routed != len(books.decisions):
            yield Violation("I13 counters are right", f"routed: {gauge.routed}, and {len(books.decisions)} decisions")
        ran = sum(d.lane == "unattended" and d.epoch == epochs[gauge.task_id] for d in books.decisions)
        if gauge.unattended != ran:
            yield Violation("I13 counters are right", f"unattended: {gauge.unattended}, and {ran} decisions")
    if sorted(decision.seq for decision in books.decisions) != list(range(len(books.decisions))):
        yield Violation("I13 counters are right", "the routing order has holes or doubles")
    calls = sum(spend.calls for spend in books.spends)
    if calls > limits.calls:
        yield Violation(
            "I13 no call is paid for twice", f"{calls} calls are booked, and the endpoint saw {limits.calls}"
        )
    if calls < len(books.attempts):
        yield Violation("I13 every call is paid for", f"{calls} calls are booked for {len(books.attempts)} attempts")
