"""The intake hint: carries an import's key, and is harmless when it is late, double or wrong."""

import io

import pytest

from slider.celery import app
from slider.flow import histories, imports
from slider.models import Import, ImportState, Item, PastState
from tasks.intake import intake
from tests import casts, pasts

pytestmark = pytest.mark.django_db


def test_a_hint_brings_the_file_in_and_a_second_one_finds_nothing_to_do() -> None:
    cast = casts.company()
    received = imports.receive(cast.task, name="a.csv", stream=io.BytesIO(b"id,text\n1,a\n"), by=cast.tuner.pk)
    assert imports.waiting() == [received.pk]
    assert (intake(received.pk), intake(received.pk), intake(10**12)) == (True, False, False)
    assert Import.objects.get().state == ImportState.DONE
    assert Item.objects.count() == 1
    assert imports.waiting() == []


@pytest.mark.parametrize("stage", ["intake", "publish"])
def test_a_hint_of_the_stage_finds_its_machine_and_its_queue(stage: str) -> None:
    app.loader.import_default_modules()
    name = f"tasks.{stage}.{stage}"
    assert name in app.tasks
    assert app.conf.task_routes[f"tasks.{stage}.*"] == stage


def test_a_history_goes_to_its_own_stage() -> None:
    cast = casts.company()
    past = histories.receive(
        cast.task, name="a.jsonl", stream=io.BytesIO(pasts.jsonl(pasts.rows(60))), by=cast.tuner.pk
    )
    assert past.file_id is not None
    assert intake(past.file_id)
    past.refresh_from_db()
    assert (past.state, Item.objects.count()) == (PastState.READY, 0)
