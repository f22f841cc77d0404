"""Signs of life: one row a process, gone with it, and missed when it was killed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from slider.flow import presence
from slider.flow.presence import Life
from slider.models import Presence, Sign
from slider.queries import fleet_hosts, fleet_parts
from tasks import presence as machine
from tests import casts

pytestmark = pytest.mark.django_db


def test_a_process_is_one_row_however_often_it_shows_life() -> None:
    cast = casts.company()
    presence.show(Life("alpha", 7, "work@alpha", "work"))
    first = Presence.objects.get()
    presence.show(Life("alpha", 7, "work@alpha", "work", cast.task.pk, "reader", 12, 4))
    row = Presence.objects.get()
    assert (row.task, row.profile, row.held, row.flying) == (cast.task, "reader", 12, 4)
    assert row.started_at == first.started_at
    assert row.seen_at > first.seen_at


def test_a_task_that_is_gone_is_no_reason_to_fall_silent() -> None:
    presence.show(Life("a" * 300, 7, "n" * 300, "q" * 300, 2**62, "p" * 300))
    row = Presence.objects.get()
    assert row.task is None
    assert len(row.host) == 255


def test_a_process_that_ends_is_not_missed_and_one_that_was_killed_is_until_it_is_forgotten() -> None:
    for pid in (7, 8, 9):
        presence.show(Life("alpha", pid))
    presence.leave("alpha", 7)
    Presence.objects.filter(pid=8).update(seen_at=timezone.now() - timedelta(seconds=fleet_hosts.SILENT_S + 1))
    assert [(one.presence.pid, one.is_silent) for one in fleet_hosts.processes()] == [(8, True), (9, False)]
    assert presence.forget() == 0
    Presence.objects.filter(pid=8).update(seen_at=timezone.now() - timedelta(seconds=presence.FORGOTTEN_S + 1))
    assert presence.forget() == 1


def test_what_runs_now_and_then_leaves_one_sign() -> None:
    assert fleet_parts.signs().sweep_s is None
    presence.sign("sweep")
    presence.sign("sweep")
    assert Sign.objects.count() == 1
    assert (fleet_parts.signs().sweep_s or 0) < 5


def test_a_process_says_what_its_pump_carries_and_nothing_once_the_shift_is_over() -> None:
    machine.carry(task_id=3, profile="reader", held=5, flying=4)
    assert (machine.life().task_id, machine.life().held) == (3, 5)
    machine.carry()
    assert (machine.life().task_id, machine.life().profile, machine.life().held) == (None, "", 0)
