"""The empty desk names every cause that there is, with its number, and never lies."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from slider.flow import ahead, hiding, operate, review
from slider.flow.ahead import Leases
from slider.models import Hidden, Item, Review, ReviewState, Role, Stance
from slider.queries import offered
from tests import casts, stages
from tests.casts import Company

pytestmark = pytest.mark.django_db


staged = stages.of_module(casts.company)


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def desk(cast: Company, address: str = "/desk/") -> str:
    return " ".join(signed_in(cast.reviewer).get(address).content.decode().split())


def hold(user: User, cast: Company, *, want: int) -> None:
    ids = [cast.task.pk]
    ahead.fill(user.pk, page="a" * 32, grips=[], want=want, tasks=ids, may=ids, leases=Leases(page_s=50, typed_s=600))


def test_nothing_at_all(cast: Company) -> None:
    page = desk(cast)
    assert "Nothing waits for you just now" in page
    assert "Nothing is anywhere: not with people and not with workers." in page


def test_with_others_and_the_first_of_them_until_when(cast: Company) -> None:
    for name in ("m1", "m2"):
        casts.one(cast.task, name)
    hold(cast.colleague, cast, want=2)
    Review.objects.filter(item__external_id="m1").update(lease_until=timezone.now() + timedelta(seconds=10))
    until = Review.objects.get(item__external_id="m1").lease_until
    assert until is not None
    assert f"<dt>with others</dt> <dd> 2, the first until {until:%H:%M:%S} UTC </dd>" in desk(cast)


def test_with_this_persons_other_pages_and_a_way_to_go_on_here(cast: Company) -> None:
    casts.one(cast.task)
    hold(cast.reviewer, cast, want=1)
    page = desk(cast)
    assert "<dt>with you elsewhere</dt> <dd> 1, in another tab of yours or one that was closed; the first until" in page
    assert "Go on with it here" in page
    taken = signed_in(cast.reviewer).post("/desk/take")
    assert taken.headers["Location"] == f"/desk/{Review.objects.get().pk}/"


def test_skipped(cast: Company) -> None:
    casts.one(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    review.skip(held.pk, user_id=cast.reviewer.pk, token=held.token)
    assert "<dt>skipped by you</dt> <dd> 1, left to others </dd>" in desk(cast)


def test_hidden_by_the_persons_own_filter_or_by_asking_for_one_task(cast: Company) -> None:
    other = casts.task(cast.project, by=cast.admin, name="Another kind")
    casts.one(other)
    hiding.hide(cast.reviewer.pk, hidden=[other.pk], of=[other.pk])
    assert "<dt>hidden by your filter</dt> <dd> 1, in Another kind </dd>" in desk(cast)
    hiding.hide(cast.reviewer.pk, hidden=[], of=[other.pk])
    assert "<dt>hidden by your filter</dt> <dd> 1, in Another kind </dd>" in desk(cast, f"/desk/?task={cast.task.pk}")


def test_all_tasks_hidden(cast: Company) -> None:
    casts.one(cast.task)
    hiding.hide(cast.reviewer.pk, hidden=[cast.task.pk], of=[cast.task.pk])
    page = desk(cast)
    assert "All your tasks are hidden" in page
    assert "1, in Sort messages" in page
    assert 'href="/desk/tasks"' in page


def test_still_with_the_workers(cast: Company) -> None:
    casts.bring_in(cast.task, {"m1": {"text": "a"}, "m2": {"text": "b"}})
    page = desk(cast)
    assert "<dt>with the workers</dt> <dd> 2, may still come to people </dd>" in page
    assert "Nothing is anywhere" not in page


def test_not_due_yet(cast: Company) -> None:
    at = timezone.now() + timedelta(minutes=5)
    casts.bring_in(cast.task, {"m1": {"text": "a"}})
    Item.objects.update(run_at=at, tries=1)
    page = desk(cast)
    assert f"<dt>not due yet</dt> <dd> 1, tried again by a worker, the first at {at:%H:%M:%S} UTC </dd>" in page
    assert "<dt>with the workers</dt> <dd> 0," in page


def test_a_paused_task(cast: Company) -> None:
    casts.bring_in(cast.task, {"m1": {"text": "a"}})
    operate.stand(operate.Target(cast.task.pk), Stance.PAUSED, by=cast.tuner.pk, reason="a test")
    assert "Paused, so they stand still: Sort messages" in desk(cast)


def test_no_task_and_no_role(cast: Company) -> None:
    place = casts.project("Nothing here")
    newcomer = casts.person("newcomer", role=Role.REVIEWER, of=place)
    assert "Your projects have no tasks yet" in signed_in(newcomer).get("/desk/").content.decode()
    assert signed_in(cast.viewer).get("/desk/").status_code == 403


# ---- which tasks one sees


def test_the_filter_is_kept_with_the_person_and_holds_for_what_is_handed_out(cast: Company) -> None:
    other = casts.task(cast.project, by=cast.admin, name="Another kind")
    casts.one(cast.task, "m1")
    wanted = casts.one(other, "o1")
    client = signed_in(cast.reviewer)
    page = " ".join(client.get("/desk/tasks").content.decode().split())
    assert page.count("checked") == 2
    assert client.post("/desk/tasks", {"shown": [other.pk, 99999, "x"]}).headers["Location"] == "/desk/"
    assert list(Hidden.objects.values_list("user", "task")) == [(cast.reviewer.pk, cast.task.pk)]
    assert signed_in(cast.reviewer).get("/desk/tasks").content.decode().count("checked") == 1
    client.post("/desk/take")
    assert Review.objects.get(state=ReviewState.HELD).item == wanted
    assert client.post("/desk/ahead", {"page": "a" * 32, "want": "4"}).json()["looks"] == []
    client.post("/desk/tasks", {"shown": [cast.task.pk, other.pk]})
    assert not Hidden.objects.exists()


def test_hiding_all_is_said_and_strangers_hide_nothing(cast: Company) -> None:
    client = signed_in(cast.reviewer)
    assert "All your tasks are hidden now" in client.post("/desk/tasks", follow=True).content.decode()
    assert signed_in(cast.viewer).post("/desk/tasks").status_code == 403
    signed_in(cast.outsider).post("/desk/tasks", {"shown": [cast.task.pk]})
    assert Hidden.objects.count() == 1


def test_where_only_the_first_looks_are_counted_the_page_says_so_and_looks_farther(
    cast: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offered, "SCANNED", 2)
    for n in range(4):
        casts.one(cast.task, f"m{n}")
    looks = list(Review.objects.order_by("turn").values_list("pk", flat=True))
    Review.objects.filter(pk__in=looks[:3]).update(skills=["german"])
    page = desk(cast)
    assert "Nothing in front is for you" in page
    assert "it is looked for farther back" in page
    assert "<dt>for others alone</dt> <dd> 2 or more: they take another skill" in page
    assert "data-take-itself" in page
    assert signed_in(cast.reviewer).post("/desk/take").headers["Location"] == f"/desk/{looks[3]}/"
