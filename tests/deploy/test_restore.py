"""The drill: a live site is dumped, lost, restored from the dump, and goes on as docs/deploy.md says."""

import http.client
import io
import json
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.db.models import Count

from slider.embedded import programs
from slider.flow import claims, erasing, intake, retaining, review
from slider.flow.review import Said
from slider.models import (
    Cause,
    Delivery,
    Emptied,
    Endpoint,
    Item,
    Move,
    Parcel,
    Payload,
    Publication,
    Review,
    State,
    Task,
    Verdict,
    Worker,
)
from slider.queries import upgrade
from tests import archives, casts
from tests.deploy.conftest import another_database, database_url, key_of, wait_until
from tests.deploy.site import Site
from tests.deploy.traffic import Receiver, Traffic, body
from tests.standin import Model

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300), pytest.mark.slow]
OWN = {"topic": "refund", "urgent": False}


def tool(name: str, *arguments: str) -> None:
    """One of PostgreSQL's own programs, as docs/deploy.md calls it."""
    done = subprocess.run(
        [programs.postgres_programs() / name, *arguments], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr


@contextmanager
def restored_from(dump: Path) -> Iterator[None]:
    """The test's database is lost, and what the dump holds stands in its place until the end."""
    with another_database():
        tool("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={database_url()}", str(dump))
        yield


def paused(cast: casts.Company, receiver: Receiver) -> Task:
    """A second task, whose items wait until somebody resumes it."""
    made = casts.task(cast.project, by=cast.admin, share=1.0, name="Later", undo_s=0)
    Task.objects.filter(pk=made.pk).update(paused=True)
    Worker.objects.filter(task=made).update(model="standin-1", samples=1)
    Endpoint.objects.create(task=made, url=receiver.url)
    casts.bring_in(made, {f"later-{n}": body(f"later-{n}") for n in range(3)})
    return made


def in_every_state(cast: casts.Company) -> Review:
    """Looks that are open, held and decided, and an item that was withdrawn; the fleet adds the rest. The held one."""
    unsure = {f"people-{n}": casts.fails() for n in range(4)}
    items = casts.route_all(cast.task, unsure, bodies={name: {"text": f"a letter, {name}"} for name in unsure})
    intake.withdraw(items[-1].pk, by=cast.admin.pk, reason="sent by mistake")
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.REJECT, reason="other")
    return casts.take(cast.colleague, cast.task)


def say_again(site: Site, *, slug: str, key: str, names: Iterable[str]) -> Counter[str]:
    """A source sends again what it has sent since the backup, and a little before; what became of each."""
    items = [{"external_id": name, "input": body(name)} for name in names]
    line = http.client.HTTPConnection(*site.address, timeout=60)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    line.request("POST", f"/api/v1/tasks/{slug}/items", json.dumps({"items": items}), headers)
    told = json.loads(line.getresponse().read())
    line.close()
    return Counter(row["status"] for row in told["rows"])


def until_a_good_moment(receiver: Receiver) -> None:
    """Some results have been sent, some were tried and are owed, and more items are on their way."""
    wait_until(lambda: len(receiver.taken) >= 10, limit_s=90, what="ten results at the receiver")
    receiver.refuses = True
    tried = Parcel.objects.filter(state=Delivery.DUE, tries__gte=1, last_problem__contains="503")
    wait_until(lambda: tried.count() >= 3, limit_s=60, what="three results that were refused")


def test_a_live_site_is_lost_restored_and_goes_on(
    site: Site, cast: casts.Company, receiver: Receiver, model: Model, tmp_path: Path
) -> None:
    model.faults(latency_ms=600, jitter_ms=300)
    key, dump = key_of(cast), tmp_path / "slider.dump"
    held, later = in_every_state(cast), paused(cast, receiver)
    site.wait_until_up(site.web(), *(site.worker(kind) for kind in ("pumps", "hands", "doors")))
    traffic = Traffic(site.address)
    traffic.push(slug=cast.task.slug, key=key, name="m", every_s=0.05, keep=True)
    until_a_good_moment(receiver)

    # One is with a worker that nobody will hear of again.
    assert len(claims.claim(later.pk, most=1, max_tries=3, lease_s=20, by="a worker that is lost")) == 1
    head = tmp_path / "head.json"
    call_command("verify_log", "--write-head", str(head))
    tool("pg_dump", "--format=custom", f"--file={dump}", f"--dbname={database_url()}")
    sent_by_then, receiver.refuses = len(receiver.taken), False
    wait_until(lambda: len(receiver.taken) >= sent_by_then + 10, limit_s=60, what="results after the dump")
    traffic.end()
    assert traffic.failed() == []
    site.lose()
    in_the_lost = {*Item.objects.values_list("pk", flat=True)}

    with restored_from(dump):
        stood = Standing.now()
        assert stood.states == set(State), "the dump holds no item in one of the states: nothing was tested"
        assert stood.sent
        assert stood.owed
        assert in_the_lost > stood.items
        check_the_rules_are_back(head)
        call_command("after_restore", stdout=(said := io.StringIO()))
        assert f"{len(stood.looks)} looks wait for people, {len(stood.owed)} results are owed" in said.getvalue()

        site.wait_until_up(site.web(), *(site.worker(kind) for kind in ("hands", "pumps", "doors")))
        again = say_again(site, slug=cast.task.slug, key=key, names=traffic.pushed)
        assert set(again) == {"known", "added"}
        assert Item.objects.count() == len(stood.items) + again["added"]
        new = {*Item.objects.values_list("pk", flat=True)} - stood.items
        assert min(new) > max(in_the_lost), "an id was given to a second item"
        review.decide(held.pk, user_id=cast.colleague.pk, token=held.token, said=Said(Verdict.FIX, OWN))
        Task.objects.filter(pk=later.pk).update(paused=False)
        unfinished = Item.objects.filter(state__in=[State.READY, State.WORKING])
        wait_until(lambda: not unfinished.exists(), limit_s=60, what=lambda: f"{unfinished.count()} items on their way")
        owed = Parcel.objects.filter(state=Delivery.DUE)
        wait_until(lambda: not owed.exists(), limit_s=60, what=lambda: f"{owed.count()} results owed")
        site.lose()
        call_command("verify_log", "--head", str(head))
        check_each_ended_once(stood, receiver)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a database says at one moment."""

    items: set[int]
    states: set[str]
    looks: set[int]
    sent: dict[str, int]  # webhook-id: item
    owed: dict[str, int]

    @classmethod
    def now(cls) -> Self:
        def results(delivery: Delivery) -> dict[str, int]:
            rows = Parcel.objects.filter(state=delivery).values_list("webhook_id", "publication__item_id")
            return {str(name): item for name, item in rows}

        return cls(
            items={*Item.objects.values_list("pk", flat=True)},
            states={*Item.objects.values_list("state", flat=True)},
            looks={*Review.objects.filter(state__in=["open", "held"]).values_list("pk", flat=True)},
            sent=results(Delivery.SENT),
            owed=results(Delivery.DUE),
        )


def check_the_rules_are_back(head: Path) -> None:
    """Not only rows: functions, triggers and constraints came with the dump, and no migration waits.

    The log is whole, up to the head that was kept before the dump.
    """
    assert upgrade.waiting().plan == ()
    call_command("verify_log", head=[str(head)], stdout=(said := io.StringIO()))
    assert said.getvalue().startswith("Whole: "), said.getvalue()
    for forbidden in (Move.objects.all(), Publication.objects.filter(parcels__state=Delivery.SENT)):
        with pytest.raises(IntegrityError), transaction.atomic():
            forbidden.update(reason="another")
    with pytest.raises(IntegrityError), transaction.atomic():
        Item.objects.filter(state=State.DONE).update(state=State.READY)


def check_each_ended_once(stood: Standing, receiver: Receiver) -> None:
    """By the receiver's own notes and by the rows."""
    results = {str(name): item for name, item in Publication.objects.values_list("webhook_id", "item_id")}
    assert len(results) == len(set(results.values())), "an item has two results"
    assert set(results) <= set(receiver.taken), "a result never came"
    finished = {*Item.objects.filter(state=State.DONE).values_list("pk", flat=True)}
    assert set(results.values()) == finished
    finals = Move.objects.filter(to_state=State.DONE).values("item_id").annotate(n=Count("pk"))
    assert {row["n"] for row in finals} == {1}
    for name, taken in receiver.taken.items():
        assert len({one.body for one in taken}) == 1, "one id came with two bodies"
        if name in stood.sent:
            assert len(taken) == 1, "what was known to be sent was sent again"
    # What ended between the dump and the loss ends again: its first result came under an id that nobody knows now.
    unknown = {name: taken[0].item for name, taken in receiver.taken.items() if name not in results}
    settled = Item.objects.filter(pk__in=[*stood.sent.values(), *stood.owed.values()])
    assert set(unknown.values()).isdisjoint(settled.values_list("external_id", flat=True))


def test_what_was_erased_or_deleted_since_the_backup_comes_back_and_goes_again(tmp_path: Path) -> None:
    cast = casts.company(contents_days=archives.DAYS)
    by_rule, asked, open_one = (casts.one(cast.task, name, text=f"robinson {name}") for name in ("m1", "m2", "m3"))
    for _ in (by_rule, asked):
        casts.decide(cast.reviewer, cast.task)
    casts.time_passes(cast.task)
    dump, kept = tmp_path / "slider.dump", tmp_path / "erased.jsonl"
    tool("pg_dump", "--format=custom", f"--file={dump}", f"--dbname={database_url()}")
    later = casts.one(cast.task, "m4", text="robinson m4")
    for item in (asked, open_one, later):
        erasing.erase(item.pk, by=cast.admin.pk, words=f"letter about {item.external_id}")
    call_command("erased", str(kept))
    assert "robinson" not in kept.read_text()

    with restored_from(dump):
        assert Payload.objects.filter(body__text__startswith="robinson").count() == 3, "all of it is back"
        call_command("after_restore", stdout=(said := io.StringIO()))
        assert "`manage.py erased FILE --again --by NAME`" in said.getvalue()
        with pytest.raises(
            CommandError, match=rf"1 are not in this database.*{later.pk} of .*letter about m4"
        ) as caught:
            call_command("erased", str(kept), again=True, by="admin", stdout=(said := io.StringIO()))
        assert caught.value.returncode == 3
        assert "2 erased again, 0 were erased already" in said.getvalue()
        assert set(Emptied.objects.values_list("item_id", "words")) == {
            (asked.pk, "letter about m2"),
            (open_one.pk, "letter about m3"),
        }
        (again,) = intake.add(cast.task, [intake.Row({"text": "new"}, "m2")], origin="again")
        assert again.erased, "its id is refused as before"
        archives.grow_old(cast.task)
        assert retaining.sweep(limit_s=30) == 1
        assert not Payload.objects.filter(body__text__startswith="robinson").exists()
        assert Emptied.objects.get(pk=by_rule.pk).cause == Cause.RULE
        call_command("verify_log", stdout=(said := io.StringIO()))
        assert said.getvalue().startswith("Whole: "), said.getvalue()


def test_a_database_that_is_in_use_is_left_alone(cast: casts.Company) -> None:
    casts.one(cast.task)
    with psycopg.connect(database_url()), pytest.raises(CommandError, match="1 other connections are open"):
        call_command("after_restore")
    newest = Item.objects.latest("pk").pk
    assert casts.one(cast.task, "m2").pk == newest + 1


def test_the_ids_that_are_left_out_are_a_sensible_number(cast: casts.Company) -> None:
    for ahead in (0, -1, 10**12):
        with pytest.raises(CommandError, match="--ahead is"):
            call_command("after_restore", ahead=ahead)
