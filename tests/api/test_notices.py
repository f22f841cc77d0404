"""Notices by the API: of a task, to a person, put away by them alone; nothing of audits to who only reviews."""

from collections.abc import Callable

import pytest

from slider.flow import notices
from slider.models import NoticeKind, NoticeSeen, Scope
from tests import casts
from tests.api.conftest import Caller, error


@pytest.fixture
def told(cast: casts.Company) -> None:
    notices.tell(cast.task.pk, NoticeKind.PULLED_BACK, "Two went wrong")
    notices.tell(cast.task.pk, NoticeKind.SUSPICION, "Audits find too much")


def path(cast: casts.Company) -> str:
    return f"/tasks/{cast.task.slug}/notices"


def test_a_tasks_notices_are_listed_and_put_away_by_each_for_themselves(
    cast: casts.Company, told: None, acts_for: Callable[..., Caller]
) -> None:
    tuner, admin = acts_for(cast.tuner), acts_for(cast.admin)
    page = tuner("GET", path(cast)).json()
    assert [(one["kind"], one["grave"], one["seen"]) for one in page["notices"]] == [
        ("suspicion", True, False), ("pulled_back", True, False)
    ]  # fmt: skip
    assert (page["notices"][0]["task"], page["notices"][0]["who"], page["next"]) == (cast.task.slug, "the guard", None)
    news = tuner("GET", "/notices").json()
    assert ([one["kind"] for one in news["notices"]], news["more"]) == (["suspicion", "pulled_back"], 0)
    number = news["notices"][0]["id"]
    for _ in range(2):
        assert tuner("POST", f"/notices/{number}/seen").status_code == 204
    assert NoticeSeen.objects.get().user == cast.tuner
    assert [one["kind"] for one in tuner("GET", "/notices").json()["notices"]] == ["pulled_back"]
    assert [one["seen"] for one in tuner("GET", path(cast)).json()["notices"]] == [True, False]
    assert [one["seen"] for one in admin("GET", path(cast)).json()["notices"]] == [False, False]


def test_who_only_reviews_is_told_nothing_that_speaks_of_audits(
    cast: casts.Company, told: None, acts_for: Callable[..., Caller]
) -> None:
    blind = acts_for(cast.reviewer)
    for where in (path(cast), "/notices"):
        assert [one["kind"] for one in blind("GET", where).json()["notices"]] == ["pulled_back"]
    secret = acts_for(cast.admin)("GET", path(cast)).json()["notices"][0]["id"]
    refused = blind("POST", f"/notices/{secret}/seen")
    assert (refused.status_code, error(refused)["code"]) == (404, "not_found")
    assert not NoticeSeen.objects.exists()


def test_a_key_of_nobody_reads_the_past_and_has_no_news(
    cast: casts.Company, told: None, make_key: Callable[..., str]
) -> None:
    program = Caller(make_key(Scope.READ))
    page = program("GET", path(cast)).json()["notices"]
    assert [one["seen"] for one in page] == [None, None]
    for method, where in (("GET", "/notices"), ("POST", f"/notices/{page[0]['id']}/seen")):
        refused = program(method, where)
        assert (refused.status_code, error(refused)["code"]) == (403, "person")


def test_they_go_on_page_by_page(cast: casts.Company, acts_for: Callable[..., Caller]) -> None:
    for n in range(31):
        notices.tell(cast.task.pk, NoticeKind.RELEASED, f"number {n}")
    admin = acts_for(cast.admin)
    first = admin("GET", f"{path(cast)}?limit=30").json()
    last = admin("GET", f"{path(cast)}?limit=30&after={first['next']}").json()
    words = [one["words"] for one in (*first["notices"], *last["notices"])]
    assert (words, last["next"]) == ([f"number {n}" for n in reversed(range(31))], None)
    forged = admin("GET", f"{path(cast)}?after=x")
    assert (forged.status_code, error(forged)["code"]) == (400, "cursor")
    assert admin("GET", "/notices").json()["more"] == 28


def test_a_notice_of_another_project_does_not_exist_for_a_key(
    cast: casts.Company, acts_for: Callable[..., Caller]
) -> None:
    other = casts.company(prefix="b ")
    other.project.memberships.create(user=cast.admin, role="admin")
    notices.tell(other.task.pk, NoticeKind.PULLED_BACK, "Two went wrong")
    mine = acts_for(cast.admin)
    assert mine("GET", "/notices").json()["notices"] == []
    refused = mine("POST", f"/notices/{other.task.notices.get().pk}/seen")
    assert (refused.status_code, error(refused)["code"]) == (404, "not_found")
