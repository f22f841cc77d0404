"""The client brings a history in: sent, waited for, asked about, put into force."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from slider.client import Client, TooSlow
from slider.models import Past
from tests import casts, pasts


def test_a_history_is_sent_answered_and_put_into_force(
    cast: casts.Company, client_of: Callable[[User], Client], tmp_path: Path
) -> None:
    slider = client_of(cast.tuner)
    file = tmp_path / "march.jsonl"
    file.write_bytes(pasts.jsonl([row | {"correct": 1 - row["correct"]} for row in pasts.rows(300)]))
    number = slider.imports.send(cast.task.slug, file, purpose="history").history
    assert number is not None
    with pytest.raises(TooSlow, match="still being read"):
        slider.histories.wait(number, timeout_s=0)
    pasts.read(Past.objects.get())
    asked = slider.histories.wait(number)
    assert asked.found is not None
    assert [one.code for one in asked.found.questions] == ["reading"]
    assert slider.histories.answer(number, reading="flipped").state == "reading"
    pasts.read(Past.objects.get())
    ready = slider.histories.wait(number)
    assert ready.proof is not None
    assert (ready.state, ready.proof.rows) == ("ready", 300)
    done = slider.histories.confirm(ready, reason="all of March was judged")
    assert (done.state, done.policy) == ("in_force", ready.expected + 1)
    assert [one.id for one in slider.histories.all(cast.task.slug)] == [number]


def test_columns_are_named_and_a_history_is_dropped(cast: casts.Company, client_of: Callable[[User], Client]) -> None:
    slider = client_of(cast.tuner)
    lines = "".join(f"{n},{n % 97 + 1},{'no' if n % 9 else 'yes'}\n" for n in range(200))
    past = pasts.bring(cast, f"id,sureness,thumbs\n{lines}".encode(), "odd.csv")
    columns = {"correct": "thumbs", "signals": {"token_logodds": {"column": "sureness"}}}
    meant = slider.histories.name_columns(past.pk, columns).meaning
    assert meant is not None
    assert meant["signals"] == {"token_logodds": {"column": "sureness", "way": "percent"}}
    slider.histories.drop(past.pk)
    assert list(slider.histories.all(cast.task.slug)) == []
