"""What older code owes by a result's own row, while an upgrade lasts and when it ends: nothing of it is lost."""

import importlib
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from slider.flow import archive, endpoints, erasing, retaining, tidying
from slider.models import Emptied, Endpoint, Parcel, Publication, sealing
from tests import archives, casts, logs
from tests.archives import grow_old

pytestmark = pytest.mark.django_db
MOVING = importlib.import_module("slider.migrations.0045_what_is_owed_moves_over")
URL = "https://receiver.example.org/hook"
COLUMNS = """
ALTER TABLE slider_publication
    ADD COLUMN delivery varchar(6) NOT NULL DEFAULT 'none', ADD COLUMN tries smallint NOT NULL DEFAULT 0,
    ADD COLUMN next_try_at timestamptz NOT NULL DEFAULT now(), ADD COLUMN delivered_at timestamptz,
    ADD COLUMN last_problem varchar(200) NOT NULL DEFAULT ''
"""
EDITOR: Any = SimpleNamespace(connection=connection)


@pytest.fixture(autouse=True)
def older_columns(db: None) -> None:
    """Until the test ends they stand as they do between the halves of an upgrade."""
    logs.sql(COLUMNS)


@pytest.fixture
def cast() -> casts.Company:
    made = casts.company()
    endpoints.make(made.task, url=URL)
    return made


def owed_by_older_code(cast: casts.Company, name: str = "m1", *, delivery: str = "due") -> Publication:
    casts.one(cast.task, name)
    casts.decide(cast.reviewer, cast.task)
    found = Publication.objects.get(item__external_id=name)
    Parcel.objects.filter(publication=found).delete()
    logs.sql("UPDATE slider_publication SET delivery = %s WHERE id = %s", delivery, found.pk)
    return found


def off() -> None:
    Endpoint.objects.update(disabled_at=Now(), disabled_why="410")


def test_what_is_owed_to_a_receiver_that_is_off_keeps_its_contents(cast: casts.Company) -> None:
    cast.task.contents_days = archives.DAYS
    cast.task.save()
    result = owed_by_older_code(cast)
    other = owed_by_older_code(cast, "m2", delivery="sent")
    off()
    assert tidying.adopt() == 0
    grow_old(cast.task)
    retaining.sweep(limit_s=5)
    assert list(Emptied.objects.values_list("item", flat=True)) == [other.item_id]
    MOVING.move_over(None, EDITOR)
    assert Parcel.objects.get(publication=result).state == "due"


def test_what_is_owed_by_its_row_is_not_archived(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = archives.company(monkeypatch, share=0.0)
    endpoints.make(cast.task, url=URL)
    for number, delivery in enumerate(("due", "failed", "sent")):
        owed_by_older_code(cast, f"m{number}", delivery=delivery)
    grow_old(cast.task)
    archive.step(cast.task.pk)
    assert archives.archived(cast.task) == ["m2"]


@pytest.mark.parametrize("how", ["adopted", "moved"])
def test_what_was_erased_meanwhile_is_taken_over_as_given_up(cast: casts.Company, how: str) -> None:
    result = owed_by_older_code(cast)
    kept = owed_by_older_code(cast, "m2")
    erasing.erase(result.item_id, by=cast.admin.pk, words="asked for by letter")
    if how == "adopted":
        assert tidying.adopt() == 2
    else:
        MOVING.move_over(None, EDITOR)
    parcel = Parcel.objects.get(publication=result)
    assert (parcel.state, parcel.last_problem) == ("failed", "its contents were deleted")
    assert Parcel.objects.get(publication=kept).state == "due"


def test_history_goes_to_the_receiver_it_was_for_and_twice_changes_nothing(cast: casts.Company) -> None:
    for number, delivery in enumerate(("due", "sent", "failed", "none")):
        owed_by_older_code(cast, f"m{number}", delivery=delivery)
    was_there(days=1)
    Endpoint.objects.create(task=cast.task, url=f"{URL}/2")
    for _ in range(2):
        MOVING.move_over(None, EDITOR)
        assert list(Parcel.objects.order_by("pk").values_list("state", flat=True)) == ["due", "sent", "failed"]
    assert {parcel.endpoint_id for parcel in Parcel.objects.all()} == {Endpoint.objects.earliest("pk").pk}


def test_a_receiver_that_came_after_gets_nothing_that_was_for_one_before_it(cast: casts.Company) -> None:
    owed_by_older_code(cast)
    was_there(days=1)
    endpoints.remove(Endpoint.objects.get())
    second = endpoints.make(cast.task, url=f"{URL}/2").endpoint
    Endpoint.objects.filter(pk=second.pk).update(created_at=Now() + timedelta(seconds=1))
    later = owed_by_older_code(cast, "m2")
    Publication.objects.filter(pk=later.pk).update(created_at=Now() + timedelta(seconds=2))
    MOVING.move_over(None, EDITOR)
    assert [parcel.publication_id for parcel in Parcel.objects.all()] == [later.pk]


def was_there(*, days: float) -> None:
    """Receivers that there are now were there when they could be several, so many days ago."""
    moment = timezone.now() - timedelta(days=days)
    logs.sql("UPDATE django_migrations SET applied = %s WHERE name = '0039_parcels_for_receivers'", moment)
    Endpoint.objects.update(created_at=moment)


def test_whoever_goes_back_to_older_code_finds_what_it_can_send_with(cast: casts.Company) -> None:
    """It knows one receiver a task, and reads its secret as it is."""
    with pytest.raises(endpoints.Unfit, match="upgrade after"):
        endpoints.make(cast.task, url=f"{URL}/2")
    row = Endpoint.objects.get()
    assert row.secret.startswith("whsec_")
    rotated = endpoints.rotate(row, overlap_h=0)
    assert Endpoint.objects.get().secret == rotated.new_secret
    moved = endpoints.change(row, endpoints.Wish(url="https://elsewhere.example.org/hook"), by="anna")
    assert Endpoint.objects.get().secret == moved.new_secret
    MOVING.seal(None, EDITOR)
    assert sealing.unseal(Endpoint.objects.get().secret) == moved.new_secret


def test_both_secrets_are_sealed_and_one_that_is_replaced_meanwhile_stays(
    cast: casts.Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, older = "whsec_" + "QUJD" * 8, "whsec_" + "REVG" * 8
    Endpoint.objects.update(secret=plain, old_secret=older, old_until=Now() + timedelta(hours=1))
    MOVING.seal(None, EDITOR)
    row = Endpoint.objects.get()
    assert (sealing.unseal(row.secret), sealing.unseal(row.old_secret)) == (plain, older)
    MOVING.unseal(None, EDITOR)
    row = Endpoint.objects.get()
    assert (row.secret, row.old_secret) == (plain, older)
    seal = sealing.seal

    def somebody_else_first(text: str) -> str:
        Endpoint.objects.update(secret="replaced")
        return seal(text)

    monkeypatch.setattr(sealing, "seal", somebody_else_first)
    MOVING.seal(None, EDITOR)
    assert Endpoint.objects.get().secret == "replaced"
