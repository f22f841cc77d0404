"""The client sends files piece by piece, once under each name, and waits for what becomes of them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from slider.client import Client, Refused, TooSlow
from slider.client.records import Import as Told
from slider.flow import imports
from slider.models import Import, Item
from tests import casts

Clients = Callable[[User], Client]
MAPPING = {"external_id": "Ticket", "input": {"text": "Body"}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "tickets.csv"
    found.write_text("Ticket,Body\n" + "".join(f"t{n},Message {n}\n" for n in range(20_000)) + "t9,\n")
    return found


def test_a_file_is_tried_out_started_and_waited_for(cast: casts.Company, client_of: Clients, file: Path) -> None:
    slider = client_of(cast.tuner)
    sent = slider.imports.send(cast.task.slug, file, mapping=MAPPING, dry_run=True)
    assert (sent.state, sent.name) == ("trying", "tickets.csv")
    assert Import.objects.get().bytes == file.stat().st_size > 256 * 1024
    with pytest.raises(TooSlow, match="trying"):
        slider.imports.wait(sent.id, timeout_s=0)
    imports.run(sent.id)
    heard: list[Told] = []
    tried = slider.imports.wait(sent.id, tell=heard.append)
    assert heard == [tried]
    assert tried.tried is not None
    assert (tried.state, tried.tried["added"], tried.tried["refused"]) == ("asking", 20_000, 1)
    assert [row.line for row in slider.imports.refused(sent.id)] == [20_002]
    assert not Item.objects.exists()
    slider.imports.start(sent.id)
    dropped = slider.imports.drop(sent.id)
    assert (dropped.state, dropped.added) == ("dropped", 0)
    assert [one.id for one in slider.imports.all(cast.task.slug)] == [sent.id]


def test_a_call_under_one_name_brings_a_file_in_once(cast: casts.Company, client_of: Clients, file: Path) -> None:
    slider = client_of(cast.tuner)
    first = slider.imports.send(cast.task.slug, file, mapping=MAPPING, once="march")
    assert slider.imports.send(cast.task.slug, file, mapping=MAPPING, once="march").id == first.id
    file.write_text("Ticket,Body\nt1,another\n")
    with pytest.raises(Refused, match="another file"):
        slider.imports.send(cast.task.slug, file, once="march")
    assert Import.objects.count() == 1


def test_a_file_that_can_not_be_is_refused_in_words(cast: casts.Company, client_of: Clients, tmp_path: Path) -> None:
    photo = tmp_path / "photo.csv"
    photo.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    with pytest.raises(Refused, match="is an image"):
        client_of(cast.tuner).imports.send(cast.task.slug, photo)
