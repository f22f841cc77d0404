"""Banners stand on every page of the project until they are put away; putting away takes a POST and the right."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from slider.flow import notices, steer
from slider.models import Notice, NoticeKind, NoticeSeen
from slider.queries import notices as asked
from tests import casts, stages

pytestmark = pytest.mark.django_db


staged = stages.of_module(lambda: casts.company(share=0.5))


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


@pytest.fixture
def notice(cast: casts.Company) -> Notice:
    return notices.tell(cast.task.pk, NoticeKind.PULLED_BACK, "9 of 40 audits <were> wrong")


def client(user: User) -> Client:
    made = Client()
    made.force_login(user)
    return made


def test_every_page_of_the_project_shows_it_until_it_is_put_away(cast: casts.Company, notice: Notice) -> None:
    addresses = [
        reverse(name, args=[cast.task.pk]) for name in ("slider", "quality", "items", "task-settings", "worker")
    ]
    addresses += ["/", "/desk/", reverse("keys", args=[cast.project.slug])]
    admin = client(cast.admin)
    for address in addresses:
        assert b"9 of 40 audits &lt;were&gt; wrong" in admin.get(address).content, address
    admin.post(reverse("notice-seen", args=[notice.pk]))
    for address in addresses:
        assert b"9 of 40 audits" not in admin.get(address).content, address
    assert b"9 of 40 audits" in client(cast.tuner).get("/").content


def test_a_look_at_a_page_puts_nothing_away(cast: casts.Company, notice: Notice) -> None:
    admin = client(cast.admin)
    admin.get("/")
    admin.get(reverse("notices", args=[cast.task.pk]))
    assert admin.get(reverse("notice-seen", args=[notice.pk])).status_code == 405
    assert not NoticeSeen.objects.exists()


def test_putting_away_goes_back_to_where_one_was_and_nowhere_else(cast: casts.Company, notice: Notice) -> None:
    address = reverse("notice-seen", args=[notice.pk])
    here = reverse("quality", args=[cast.task.pk]) + "?span=all"
    assert client(cast.admin).post(address, {"next": here})["Location"] == here
    for elsewhere in ("https://elsewhere.example.org/", "//elsewhere.example.org", "javascript:alert(1)", ""):
        assert client(cast.admin).post(address, {"next": elsewhere})["Location"] == "/"


@pytest.mark.parametrize("role", ["viewer", "outsider"])
def test_who_was_not_told_can_put_nothing_away(cast: casts.Company, notice: Notice, role: str) -> None:
    answer = client(getattr(cast, role)).post(reverse("notice-seen", args=[notice.pk]))
    assert answer.status_code == 404
    assert not NoticeSeen.objects.exists()


def test_a_reviewer_is_not_told_of_what_speaks_of_audits(cast: casts.Company) -> None:
    hidden = notices.tell(cast.task.pk, NoticeKind.SUSPICION, "Audits are dense now")
    reviewer = client(cast.reviewer)
    assert b"Audits are dense now" not in reviewer.get("/").content
    assert b"Audits are dense now" not in reviewer.get(reverse("notices", args=[cast.task.pk])).content
    assert b"Audits are dense now" in client(cast.tuner).get(reverse("notices", args=[cast.task.pk])).content
    assert reviewer.post(reverse("notice-seen", args=[hidden.pk])).status_code == 404


@pytest.mark.parametrize("notice_id", [0, 999_999, 2**63, 10**30])
def test_a_notice_that_is_none_is_a_404(cast: casts.Company, notice_id: int) -> None:
    assert client(cast.admin).post(f"/notices/{notice_id}/seen").status_code == 404


def test_a_page_that_polls_hears_of_news_only(cast: casts.Company, notice: Notice) -> None:
    admin, address = client(cast.admin), reverse("notice-news")
    given = {"project": cast.project.slug, "key": asked.unseen(cast.admin, project=cast.project).key}
    assert admin.get(address, given).status_code == 204
    notices.tell(cast.task.pk, NoticeKind.RELEASED, "It is mended")
    answer = admin.get(address, given)
    assert answer.status_code == 200
    assert b"It is mended" in answer.content
    assert client(cast.outsider).get(address, given).status_code == 404


def test_with_htmx_the_other_banners_come_back(cast: casts.Company, notice: Notice) -> None:
    notices.tell(cast.task.pk, NoticeKind.RELEASED, "It is mended")
    sent = {"project": cast.project.slug}
    answer = client(cast.admin).post(reverse("notice-seen", args=[notice.pk]), sent, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert b"It is mended" in answer.content
    assert b"9 of 40" not in answer.content


def test_the_past_tells_who_when_and_why(cast: casts.Company) -> None:
    steer.pull_back(cast.task.pk, reason="Two went wrong", by=cast.reviewer.pk)
    page = client(cast.viewer).get(reverse("notices", args=[cast.task.pk])).content.decode()
    assert "Two went wrong" in page
    assert "reviewer," in page
    assert "policy 2" in page


@pytest.mark.parametrize("before", ["x", "-1", "9" * 19, "٣"])
def test_a_page_of_the_past_that_is_none_is_a_404(cast: casts.Company, before: str) -> None:
    assert client(cast.admin).get(reverse("notices", args=[cast.task.pk]), {"before": before}).status_code == 404


def test_who_pulled_back_is_not_told_what_they_did(cast: casts.Company) -> None:
    steer.pull_back(cast.task.pk, reason="Two went wrong", by=cast.reviewer.pk)
    assert b'data-notice="' not in client(cast.reviewer).get("/").content
    assert b'data-notice="' in client(cast.tuner).get("/").content
