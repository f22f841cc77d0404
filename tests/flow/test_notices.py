"""A notice stands with the act it is about, tells the right people, and is never edited."""

from collections.abc import Callable

import pytest
from django.conf import settings as live
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from pytest_django.fixtures import Settings

from slider.flow import notices, policies, steer
from slider.models import Letter, Maker, Notice, NoticeKind, NoticeSeen, Policy, Role
from tests import casts, stages

pytestmark = pytest.mark.django_db


staged = stages.of_module(lambda: casts.company(share=0.5))


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


@pytest.fixture
def with_mail(settings: Settings) -> None:
    given = {"SLIDER_MAIL_HOST": "127.0.0.1", "SLIDER_MAIL_FROM": "Slider <slider@example.org>"}
    settings.ENV = live.ENV.model_copy(update=given)


def test_a_pull_back_by_a_person_says_who_and_why(cast: casts.Company) -> None:
    policy = steer.pull_back(cast.task.pk, reason="Two  went\nwrong", by=cast.reviewer.pk)
    notice = Notice.objects.get()
    assert (notice.kind, notice.words, notice.policy) == ("pulled_back", "Two went wrong", policy.number)
    assert (notice.by, notice.who, notice.facts) == (cast.reviewer, "reviewer", {"requested": 0.5, "effective": 0.0})
    steer.release(cast.task.pk, reason="It is mended", by=cast.tuner.pk)
    assert Notice.objects.first() == Notice.objects.get(kind=NoticeKind.RELEASED, words="It is mended")


def test_an_act_that_is_rolled_back_leaves_no_notice(cast: casts.Company, with_mail: None) -> None:
    with transaction.atomic():
        steer.pull_back(cast.task.pk, reason="Two went wrong", by=cast.reviewer.pk)
        transaction.set_rollback(True)
    assert (Notice.objects.count(), Letter.objects.count(), Policy.objects.count()) == (0, 0, 1)


def test_a_notice_that_fails_takes_the_pull_back_with_it(cast: casts.Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "tell", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        steer.pull_back(cast.task.pk, reason="Two went wrong", by=cast.reviewer.pk)
    assert not Policy.objects.filter(held=True).exists()


def test_a_reason_that_is_none_tells_nothing(cast: casts.Company) -> None:
    with pytest.raises(steer.Unfit):
        steer.pull_back(cast.task.pk, reason=" ", by=cast.reviewer.pk)
    with pytest.raises(ValueError, match="says nothing"):
        notices.tell(cast.task.pk, NoticeKind.SUSPICION, " \n\x00")
    assert not Notice.objects.exists()


def test_who_acted_need_not_be_told(cast: casts.Company, with_mail: None) -> None:
    steer.pull_back(cast.task.pk, reason="Two went wrong", by=cast.tuner.pk)
    assert list(NoticeSeen.objects.values_list("user__username", flat=True)) == ["tuner"]
    assert list(Letter.objects.values_list("to__username", flat=True)) == ["admin"]


def test_the_guard_writes_to_everybody_who_answers_for_the_slider(cast: casts.Company, with_mail: None) -> None:
    for name, changes in (("silent", {"email": ""}), ("gone", {"is_active": False})):
        casts.person(name, role=Role.TUNER, of=cast.project)
        User.objects.filter(username=name).update(**changes)
    notices.tell(cast.task.pk, NoticeKind.PULLED_BACK, "7 of 20 audits were wrong", facts={"wrong": 7})
    told = set(Letter.objects.values_list("to__username", flat=True))
    assert told == {"tuner", "admin"}


def test_without_a_mail_server_nothing_is_owed(cast: casts.Company) -> None:
    notices.tell(cast.task.pk, NoticeKind.PULLED_BACK, "7 of 20 audits were wrong")
    assert (Notice.objects.count(), Letter.objects.count()) == (1, 0)


def test_words_that_are_too_long_are_cut_and_say_so(cast: casts.Company) -> None:
    notice = notices.tell(cast.task.pk, NoticeKind.SUSPICION, "wrong " * 500)
    assert len(notice.words) == 600
    assert notice.words.endswith("…")


def test_a_notice_is_never_edited(cast: casts.Company) -> None:
    notice = notices.tell(cast.task.pk, NoticeKind.SUSPICION, "Two of three")
    for act in (lambda: Notice.objects.update(words="None"), lambda: Notice.objects.filter(pk=notice.pk).delete()):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            act()


def test_a_kind_that_is_none_is_refused(cast: casts.Company) -> None:
    with pytest.raises(IntegrityError, match="notice_kind"), transaction.atomic():
        notices.tell(cast.task.pk, "gossip", "Somebody said")  # type: ignore[arg-type]


def test_putting_away_twice_is_once(cast: casts.Company) -> None:
    notice = notices.tell(cast.task.pk, NoticeKind.SUSPICION, "Two of three")
    for _ in range(2):
        notices.see(notice.pk, user_id=cast.tuner.pk)
    assert NoticeSeen.objects.count() == 1


def test_the_notice_is_of_the_policy_that_is_in_force_then(cast: casts.Company) -> None:
    with transaction.atomic():
        made = policies.make(cast.task.pk, policies.Change(held=True), maker=Maker.GUARD, reason="Seven wrong")
        notices.tell(cast.task.pk, NoticeKind.PULLED_BACK, made.reason, policy=made.number)
    assert Notice.objects.get().policy == cast.task.policies.first().number  # type: ignore[union-attr]
