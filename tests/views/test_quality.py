"""The quality page says what is known and what is not, to each role what it may know, and changes nothing."""

import html
import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from slider.flow import guard, notices, policies, steer
from slider.flow.watching.listening import Deed
from slider.models import ActKind, Maker, Mode, NoticeKind, Task
from slider.queries import detectors
from tests import casts, stages, stream
from tests.stream import Wave

pytestmark = pytest.mark.django_db


staged = stages.of_module(lambda: casts.company(mode=Mode.TRIAL, share=0.8))


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


def page(cast: casts.Company, who: User | None = None, query: str = "") -> str:
    client = Client()
    client.force_login(who or cast.tuner)
    answer = client.get(reverse("quality", args=[cast.task.pk]) + query)
    assert answer.status_code == 200
    return html.unescape(" ".join(answer.content.decode().split()))


def words(cast: casts.Company, who: User | None = None, query: str = "") -> str:
    """The page as it is read, without its pictures."""
    return " ".join(re.sub(r"<svg.*?</svg>|<[^>]*>", " ", page(cast, who, query)).split())


def test_an_empty_task_says_what_will_stand_there(cast: casts.Company) -> None:
    shown = words(cast)
    assert "Nothing has been routed yet, so there is nothing to know about yet." in shown
    assert "Here the error will stand, stretch by stretch" in shown
    assert "Not known yet how many nines" in shown
    assert "The guard has not looked yet." in shown
    assert "no audit of the unattended lane has been judged" in shown


def test_the_error_stands_with_its_bound_and_what_it_rests_on(cast: casts.Company) -> None:
    stream.pour(cast.task, Wave(items=3_000, error=0.02), by=cast.reviewer)
    shown = words(cast)
    assert re.search(r"\d\.\d % wrong when unattended At most \d\.\d % , 95 % sure", shown)
    assert re.search(r"\d+ of \d+ audits were wrong, up to item 2,9\d\d in routing order. Each counts once", shown)


def test_few_audits_are_no_number(cast: casts.Company) -> None:
    stream.pour(cast.task, Wave(items=50, chance=0.125), by=cast.reviewer)
    assert "not known yet wrong when unattended" in words(cast)
    assert "so far; a number takes 20." in words(cast)


def test_the_picture_and_the_table_tell_the_same(cast: casts.Company) -> None:
    stream.pour(cast.task, Wave(items=3_000), by=cast.reviewer)
    shown = page(cast)
    rows = re.search(r'aria-label="Error over time, in numbers".*?</table>', shown)
    assert rows is not None
    known = len(re.findall(r"<tr>", rows[0])) - 1 - rows[0].count("too few audits")
    drawn = re.search(r'<svg class="drawn-wide".*?</svg>', shown)
    assert drawn is not None
    assert drawn[0].count('class="interval') == known > 5


def test_a_pull_back_is_marked_and_told_with_its_reason(cast: casts.Company) -> None:
    stream.pour(cast.task, Wave(items=1_000), by=cast.reviewer)
    found = "9 of 40 audits were wrong"
    held = policies.make(cast.task.pk, policies.Change(held=True), maker=Maker.GUARD, reason=found)
    guard.act(held, Deed(ActKind.PULLED_BACK, found, {}), epoch=1)
    notices.tell(cast.task.pk, NoticeKind.SUSPICION, "Scores have moved")
    shown = page(cast)
    assert "“9 of 40 audits were wrong”" in shown
    assert "pulled back: everything to people, in effect 80 % → 0 %" in shown
    assert "“Scores have moved”" in shown
    assert re.search(r'class="act act-grave"', shown)


def test_who_reviews_is_told_nothing_that_tells_audits_apart(cast: casts.Company) -> None:
    stream.pour(cast.task, Wave(items=1_000, owed=200), by=cast.reviewer)
    secrets = ("Oldest audit owed", "Who has them", "Audits judged a day", "Owed</th>", "of them audits")
    blind, seeing = page(cast, cast.reviewer), page(cast, cast.tuner)
    assert [secret for secret in secrets if secret in blind] == []
    assert [secret for secret in secrets if secret not in seeing] == []


def test_who_reviews_is_told_of_pull_backs_and_not_of_what_is_watched(cast: casts.Company) -> None:
    stream.pour(cast.task, Wave(items=1_000), by=cast.reviewer)
    found = "9 of 40 audits were wrong"
    held = policies.make(cast.task.pk, policies.Change(held=True), maker=Maker.GUARD, reason=found)
    guard.act(held, Deed(ActKind.PULLED_BACK, found, {}), epoch=1)
    notices.tell(cast.task.pk, NoticeKind.SUSPICION, "Scores have moved")
    blind, seeing = page(cast, cast.reviewer), page(cast, cast.tuner)
    assert "9 of 40 audits were wrong" in blind
    assert "Scores have moved" not in blind
    assert "Scores have moved" in seeing
    assert "Whoever reviews is not told what is watched now" in blind


def test_taking_an_audit_changes_nothing_that_a_reviewer_can_see(cast: casts.Company) -> None:
    casts.audited(cast.task, "a1")
    casts.one(cast.task, "m1", casts.fails())
    before = words(cast, cast.colleague).partition("Support desk")[2]
    casts.take(cast.reviewer, cast.task)
    assert words(cast, cast.colleague).partition("Support desk")[2] == before != ""


def test_what_nobody_can_judge_is_said(cast: casts.Company) -> None:
    casts.audited(cast.task, "a1")
    User.objects.exclude(pk=cast.tuner.pk).update(is_active=False)
    assert "1 with nobody: no one reviews in this project" in words(cast)


def test_the_next_nine_has_its_price(cast: casts.Company) -> None:
    stream.pour(cast.task, Wave(items=3_000, error=0.0), by=cast.reviewer)
    shown = words(cast)
    assert re.search(r"Certified: at least 2\.\d nines", shown)
    assert re.search(r"The next whole nine \(0\.1 %\) takes about [\d,]+ more audits", shown)
    stream.pour(cast.task, Wave(items=6_000, error=0.05), by=cast.reviewer)
    assert "can't be had by looking more" in words(cast)


def test_detectors_are_said_in_words(cast: casts.Company, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        {"name": "Errors", "state": "quiet", "level": 3, "alarm": 100, "words": "As promised.", "since": None},
        {"name": "<b>", "state": "fired", "level": 120.5, "alarm": 100, "words": "<script>", "since": "2026-01-02"},
    ]
    monkeypatch.setattr(detectors, "read", lambda _: detectors.said(rows))
    client = Client()
    client.force_login(cast.tuner)
    raw = client.get(reverse("quality", args=[cast.task.pk])).content.decode()
    assert "&lt;script&gt;" in raw
    assert "<script>" not in raw.partition("detectors-title")[2]
    assert raw.index("&lt;b&gt;") < raw.index("As promised.")
    assert "at 120.5, fires at 100" in " ".join(raw.split())


@pytest.mark.parametrize("span", ["2000", "20000", "all", "nonsense", "", "-1", "\x00"])
def test_any_span_is_answered(cast: casts.Company, span: str) -> None:
    stream.pour(cast.task, Wave(items=2_500), by=cast.reviewer)
    assert "Error over time" in page(cast, query=f"?span={span}")


def test_names_of_strangers_are_text(cast: casts.Company) -> None:
    schema = {"type": "object", "properties": {"topic": {"enum": ["<img src=x>", "b"], "title": "<i>"}}}
    Task.objects.filter(pk=cast.task.pk).update(output_schema=schema)
    for name, topic in (("a1", "<img src=x>"), ("a2", "b")):
        casts.audited(cast.task, name, casts.says({"topic": topic}))
        casts.decide(cast.reviewer, cast.task)
    client = Client()
    client.force_login(cast.tuner)
    raw = client.get(reverse("quality", args=[cast.task.pk])).content.decode()
    assert "<img src=x>" not in raw
    assert "&lt;img src=x&gt;" in raw
    assert "Answer: <i>" not in raw


def test_another_projects_quality_does_not_exist(cast: casts.Company) -> None:
    client = Client()
    client.force_login(cast.outsider)
    assert client.get(reverse("quality", args=[cast.task.pk])).status_code == 404
    client.force_login(cast.viewer)
    assert client.get(reverse("quality", args=[cast.task.pk])).status_code == 200


def test_it_is_read_only(cast: casts.Company) -> None:
    client = Client()
    client.force_login(cast.admin)
    assert client.post(reverse("quality", args=[cast.task.pk])).status_code == 405


def test_a_held_slider_says_that_nothing_runs(cast: casts.Company) -> None:
    steer.pull_back(cast.task.pk, reason="Two went wrong", by=cast.admin.pk)
    casts.one(cast.task, "m1")
    assert "Nothing runs unattended: there is no error to measure." in words(cast)
