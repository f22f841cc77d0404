"""Real Celery workers: a pause holds within a second or so, on whichever host; who lives is seen."""

import os
import signal
import socket
import time
from functools import partial

import pytest

from slider.flow import operate
from slider.flow.operate import Target
from slider.models import Attempt, Item, Mode, Presence, Sign, Stance, State, Worker
from slider.queries import fleet_hosts
from tests import casts
from tests.faults.test_kill import fleet, wait_until
from tests.standin import Model

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180), pytest.mark.slow]
ITEMS = 200
SOON_S = 1.5


def goes_on(since: int) -> bool:
    return Attempt.objects.count() > since


def test_a_pause_a_drain_and_a_halted_host_hold_for_running_workers(model: Model) -> None:
    cast = casts.company(share=0.5, mode=Mode.TRIAL)
    Worker.objects.update(model="standin-1", in_flight=4, samples=1)
    model.faults(latency_ms=150)
    casts.bring_in(cast.task, {f"m{n}": {"text": f"where is my parcel {n}"} for n in range(ITEMS)})
    by = cast.admin.pk
    with fleet(model) as running:
        wait_until(lambda: Attempt.objects.count() > 8, limit_s=60, what="work has begun")
        wait_until(lambda: any(one.state == "working" for one in fleet_hosts.processes()), limit_s=10, what="seen")
        for target, stance in (
            (Target(cast.task.pk), Stance.PAUSED),
            (Target(host=socket.gethostname()), Stance.DRAINING),
        ):
            before = Attempt.objects.count()
            wait_until(partial(goes_on, before), limit_s=30, what="it goes on")
            operate.stand(target, stance, by=by, reason="a test")
            time.sleep(SOON_S)  # the promise itself: so soon nothing begins any more
            wait_until(lambda: not Item.objects.filter(state=State.WORKING).exists(), limit_s=10, what="hands empty")
            still = Attempt.objects.count()
            time.sleep(SOON_S)
            assert Attempt.objects.count() == still < ITEMS
            operate.stand(target, None, by=by, reason="a test")
        wait_until(lambda: Attempt.objects.count() == ITEMS, limit_s=90, what="every item was answered")
        assert Attempt.objects.count() == ITEMS  # what was given back was asked once all the same
        assert {tuple(one.queues.split(",")) for one in Presence.objects.all()} == {
            ("work",),
            ("guard", "intake", "publish", "sweep"),
        }
        assert {one.node.partition("@")[0] for one in Presence.objects.all()} == {"work", "hands"}
        assert set(Sign.objects.values_list("name", flat=True)) == {"sweep", "guard"}
        os.kill(running[0].pid, signal.SIGTERM)
        wait_until(lambda: not Presence.objects.filter(queues="work").exists(), limit_s=40, what="pumps said goodbye")
