"""Every process is replaced while items come in, pages are read and results leave: nobody outside notices."""

import json
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from slider.models import Delivery, Item, Parcel, State
from tests import casts
from tests.deploy import rolled
from tests.deploy.conftest import cookie_of, key_of, wait_until
from tests.deploy.site import Running, Site
from tests.deploy.traffic import Receiver, Traffic, p95
from tests.standin import Model

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300), pytest.mark.slow]
QUIET_CALLS = 60
MOST_ADDED_S = 1.0


def busy(site: Site, cast: casts.Company, *, name: str) -> Traffic:
    """Programs that push and people who read, on connections that are kept and on one a call."""
    traffic = Traffic(site.address)
    task = cast.task
    slider = ["/", f"/tasks/{task.pk}/", f"/tasks/{task.pk}/items/", "/healthz", "/readyz"]
    for keep in (True, False):
        traffic.push(slug=task.slug, key=key_of(cast), name=f"{name}-{keep}", every_s=0.25, keep=keep)
        traffic.read(paths=slider, cookie=cookie_of(cast.tuner), every_s=0.25, keep=keep)
    traffic.read(paths=["/desk/"], cookie=cookie_of(cast.reviewer), every_s=0.3, keep=True)
    return traffic


def replaced(site: Site, old: Sequence[Running]) -> dict[str, float]:
    """Each new one is up before the old one is asked to go, which ends while the next starts; how long each took."""
    took: dict[str, float] = {}
    with ThreadPoolExecutor(len(old)) as ending:
        leaving = {}
        for one in old:
            began = time.monotonic()
            new = site.web() if one.name == "web" else site.worker(one.name)
            site.wait_until_up(new)
            took[f"{one.name} start"] = time.monotonic() - began
            leaving[one.name] = ending.submit(site.stop, one)
        took |= {f"{name} stop": stopped.result() for name, stopped in leaving.items()}
    return took


def ended() -> int:
    return Item.objects.filter(state__in=[State.DONE, State.REVIEW]).count()


def check_a_kill_is_noticed(site: Site, cast: casts.Company, receiver: Receiver) -> None:
    """The control: the same judge, and a web server that is killed and not asked to go."""
    traffic = busy(site, cast, name="late")
    wait_until(lambda: len(traffic.calls) >= 10, limit_s=30, what="calls before the kill")
    assert traffic.failed() == []
    site.lose()
    wait_until(traffic.failed, limit_s=40, what="a call that failed")
    site.close()  # so that what waits at the door fails as well, and does not wait for its limit
    traffic.end()
    assert any("a call failed" in problem for problem in rolled.problems(rolled.read(traffic, receiver)))


def test_every_process_is_replaced_under_load_and_nothing_fails_or_repeats(
    site: Site, cast: casts.Company, receiver: Receiver, model: Model, tmp_path: Path
) -> None:
    model.faults(latency_ms=600, jitter_ms=300)  # so that a stop meets calls in flight
    old = [site.web(), *(site.worker(kind) for kind in ("pumps", "hands", "doors"))]
    site.wait_until_up(*old)
    traffic = busy(site, cast, name="m")
    wait_until(lambda: receiver.taken, limit_s=60, what="a first result at the receiver")

    quiet_from = time.monotonic()
    enough = len(traffic.calls) + QUIET_CALLS  # the measure of the same site when nothing is changed
    wait_until(lambda: len(traffic.calls) >= enough, limit_s=60, what="enough calls to compare with")
    rolling_from = time.monotonic()
    took = replaced(site, old)
    rolled_at = time.monotonic()
    traffic.end()
    wait_until(lambda: ended() == Item.objects.count(), limit_s=60, what=lambda: f"{ended()} items ended")
    owed = Parcel.objects.filter(state=Delivery.DUE)
    wait_until(lambda: not owed.exists(), limit_s=60, what=lambda: f"{owed.count()} results still owed")

    before = traffic.p95_s(since=quiet_from, until=rolling_from)
    during = traffic.p95_s(since=rolling_from, until=rolled_at)
    arrived = {taken[0].item: taken[0].at for taken in receiver.taken.values()}
    waits = {name: arrived[name] - at for name, at in traffic.pushed.items() if name in arrived}
    figures = {
        "calls": len(traffic.calls),
        "items": len(traffic.pushed),
        "rolling_s": round(rolled_at - rolling_from, 1),
        "p95_before_s": round(before, 3),
        "p95_during_s": round(during, 3),
        "slowest_s": round(max(call.took_s for call in traffic.calls), 3),
        "result_p95_before_s": round(p95([s for n, s in waits.items() if traffic.pushed[n] < rolling_from]), 2),
        "result_p95_during_s": round(p95([s for n, s in waits.items() if traffic.pushed[n] >= rolling_from]), 2),
        "took_s": {name: round(s, 1) for name, s in took.items()},
    }
    (tmp_path / "figures.json").write_text(json.dumps(figures))
    if "SLIDER_TEST_FIGURES" in os.environ:
        Path(os.environ["SLIDER_TEST_FIGURES"]).write_text(json.dumps(figures, indent=1))
    assert rolled.problems(rolled.read(traffic, receiver)) == []
    assert during - before < MOST_ADDED_S, figures
    check_a_kill_is_noticed(site, cast, receiver)
