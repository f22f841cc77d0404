"""An item that is erased while it is sent again: whoever comes first, nothing comes in under its id."""

import threading
import time
from typing import Any

import pytest
from django.db import connections, transaction

from slider.flow import erasing, intake
from slider.flow.intake import Arrival, Row
from slider.models import Emptied, Item
from tests import casts

pytestmark = pytest.mark.django_db(transaction=True)
BODY: dict[str, Any] = {"text": "I want my money back."}


@pytest.mark.parametrize("before", [True, False], ids=["nothing was erased before", "the task has its key"])
def test_nothing_comes_in_under_an_id_that_is_being_erased(before: bool) -> None:
    cast = casts.company()
    if not before:
        other = casts.one(cast.task, "other", text="other")
        erasing.erase(other.pk, by=cast.admin.pk, words="asked")
    item = casts.one(cast.task, "m1", **BODY)
    erased, came = threading.Event(), []

    def erase() -> None:
        with transaction.atomic():
            erasing.erase(item.pk, by=cast.admin.pk, words="asked")
            erased.set()
            time.sleep(0.5)  # who sends it again waits for the end of this
        connections.close_all()

    def send() -> list[Arrival]:
        erased.wait(10)
        came.extend(intake.add(cast.task, [Row(BODY, "m1")], origin="again"))
        connections.close_all()
        return came

    threads = [threading.Thread(target=erase), threading.Thread(target=send)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(20)
    (arrival,) = came
    assert arrival.erased
    assert Item.objects.filter(external_id="m1").count() == 0
    assert Emptied.objects.filter(item=item, told=True).exists()
    assert Item.objects.count() == (1 if before else 2)
