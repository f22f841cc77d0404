"""The state machine: the table, the database's own check, and the lost race."""

import itertools

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from pytest_django.fixtures import Settings

from slider.flow import moves
from slider.models import Endpoint, Item, Move, Parcel, Policy, Publication, State
from slider.models.states import BORN, FINAL, MOVES
from tests import casts

pytestmark = pytest.mark.django_db

# The shortest way from birth into each state, used to set the scene by allowed moves alone.
PATHS: dict[State, list[State]] = {
    State.READY: [],
    State.WORKING: [State.WORKING],
    State.REVIEW: [State.WORKING, State.REVIEW],
    State.DONE: [State.WORKING, State.DONE],
    State.WITHDRAWN: [State.WITHDRAWN],
}


def item_in(state: State) -> Item:
    cast = casts.company()
    item = casts.bring_in(cast.task, {"m1": {"text": "hello"}})[0]
    for to in PATHS[state]:
        moves.move_all([step(item, to)], source=State(item.state), lease_s=60)
        item.refresh_from_db()
    assert item.state == state
    return item


def step(item: Item, to: State, *, token: int | None = None) -> moves.Step:
    return moves.Step(item.pk, item.token if token is None else token, to, "the test says so")


@pytest.mark.parametrize(("source", "to"), list(itertools.product(State, State)))
def test_every_pair_of_states_is_allowed_or_refused_by_the_database_as_the_table_says(source: State, to: State) -> None:
    item = item_in(source)
    before = Move.objects.filter(item=item).count()
    if (source, to) in MOVES:
        assert moves.move_all([step(item, to)], source=source, lease_s=60)
        newest = Move.objects.filter(item=item).latest("pk")
        assert (newest.from_state, newest.to_state) == (source, to)
    elif source != to:
        with pytest.raises(DatabaseError, match="may not move"), transaction.atomic():
            moves.move_all([step(item, to)], source=source, lease_s=60)
        item.refresh_from_db()
        assert item.state == source
        assert Move.objects.filter(item=item).count() == before


def test_the_table_names_only_known_states_and_final_states_lead_back_to_people_alone() -> None:
    assert {name for pair in MOVES for name in pair} == {BORN, *State}
    assert [pair for pair in MOVES if pair[0] in FINAL] == [(State.DONE, State.REVIEW)]  # an undo: see test_undo


def test_an_item_is_born_ready_and_nothing_else() -> None:
    cast = casts.company()
    with pytest.raises(DatabaseError, match="born ready"), transaction.atomic():
        Item.objects.create(task=cast.task, external_id="x", state=State.DONE)


def test_a_lost_race_raises_and_writes_nothing() -> None:
    item = item_in(State.WORKING)
    with pytest.raises(moves.Lost, match="no longer"):
        moves.move(step(item, State.DONE, token=item.token - 1), source=State.WORKING)
    item.refresh_from_db()
    assert item.state == State.WORKING
    assert Move.objects.filter(item=item).count() == 2


def test_of_many_moves_the_possible_ones_are_made_and_the_others_left() -> None:
    cast = casts.company()
    first, second = casts.bring_in(cast.task, {"m1": {"text": "a"}, "m2": {"text": "b"}})
    made = moves.move_all(
        [step(first, State.WORKING), step(second, State.WORKING, token=99)], source=State.READY, lease_s=60
    )
    assert made == {first.pk: 1}
    second.refresh_from_db()
    assert second.state == State.READY


@pytest.mark.django_db(transaction=True)
def test_the_plan_for_many_moves_is_made_anew_and_that_for_one_is_kept(settings: Settings) -> None:
    """A plan of the day when the table was small would look through all of it for each batch."""
    cast = casts.company()
    items = casts.bring_in(cast.task, {f"m{n}": {"text": "a"} for n in range(9)})
    connection.close()
    assert settings.ENV.SLIDER_DB_PREPARE
    for pair in zip(items[:6:2], items[1:6:2], strict=True):
        moves.move_all([step(item, State.WORKING) for item in pair], source=State.READY, lease_s=60)
    assert _planned() == 0
    for item in items[6:]:
        moves.move(step(item, State.WORKING), source=State.READY)
    assert _planned() == 1


def _planned() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%%slider_move%%'")
        return int(cursor.fetchone()[0])


def test_each_claim_has_a_token_of_its_own_and_it_never_goes_back() -> None:
    item = item_in(State.WORKING)
    moves.move(step(item, State.READY), source=State.WORKING)
    assert moves.move_all([step(item, State.WORKING)], source=State.READY, lease_s=60) == {item.pk: 2}
    with pytest.raises(DatabaseError, match="may not go back"), transaction.atomic():
        Item.objects.filter(pk=item.pk).update(token=0)


def test_only_a_working_item_has_a_lease() -> None:
    item = item_in(State.REVIEW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Item.objects.filter(pk=item.pk).update(lease_until="2030-01-01T00:00Z")


@pytest.mark.parametrize("change", ["UPDATE slider_{0} SET {1} = {1}", "DELETE FROM slider_{0}"])
@pytest.mark.parametrize("table", ["move", "policy", "decision", "attempt", "score"])
def test_history_can_not_be_edited_or_deleted(table: str, change: str) -> None:
    cast = casts.company(share=1.0)
    casts.one(cast.task)
    key = "attempt_id" if table == "score" else "item_id" if table == "decision" else "id"
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change.format(table, key))
    assert Policy.objects.filter(task=cast.task).count() == 1


def test_a_published_result_stays_as_it_was_but_its_delivery_may_go_on() -> None:
    cast = casts.company(share=1.0)
    Endpoint.objects.create(task=cast.task, url="https://receiver.example.org/")
    casts.one(cast.task)
    result = Publication.objects.get()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Publication.objects.filter(pk=result.pk).update(answer={"topic": "other"})
    assert Parcel.objects.filter(publication=result).update(tries=1) == 1
