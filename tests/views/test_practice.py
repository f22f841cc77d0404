"""The gym's pages: the desk's own sheet, an explanation after each, a summary, and the desk that waits for it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from slider.flow import known
from slider.models import Admission, Item, Known, Practice, Review, Task, Verdict
from slider.queries import frame
from slider.queries import practice as gym
from tests import casts, stages

pytestmark = pytest.mark.django_db
ANSWER = {"topic": "refund", "urgent": False}
RIVAL = {"topic": "account", "urgent": False}
BETTER = {"topic": "delivery", "urgent": True}
LEADS_WORDS = "The order number <b> belongs to a delivery."


staged = stages.of_module(casts.company)


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


def client(who: User) -> Client:
    made = Client()
    made.force_login(who)
    return made


def past(cast: casts.Company, count: int = 1, *, right: bool = True) -> list[Item]:
    start = Item.objects.count()
    names = [f"past{start + n}" for n in range(count)]
    said = casts.says(ANSWER, others=[RIVAL], p=0.5)
    items = casts.route_all(cast.task, dict.fromkeys(names, said), bodies={name: {"text": "hello"} for name in names})
    verdict: dict[str, Any] = {} if right else {"verdict": Verdict.FIX, "answer": BETTER}
    for item in items:
        casts.decide(cast.colleague, cast.task, **verdict)
        item.refresh_from_db()
        known.mark(item, draft_right=right, words=LEADS_WORDS, by=cast.admin.pk)
    return items


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def look(who: Client, task: Task, **asked: str) -> str:
    answer = who.get(reverse("practice-look", args=[task.pk]), asked)
    assert answer.status_code == 200
    return str(answer.content.decode())


def say(who: Client, task: Task, item: Item, **said: Any) -> Any:
    return who.post(
        reverse("practice-say", args=[task.pk, item.pk]), {"token": said.pop("turn", 1), **said}, follow=True
    )


def test_it_is_the_sheet_of_the_desk_whose_buttons_lead_to_nothing_live(cast: casts.Company) -> None:
    (item,) = past(cast)
    page = look(client(cast.reviewer), cast.task)
    for piece in ('data-key="a"', 'data-key="e"', 'data-key="r"', 'name="pick"', "What the worker proposes", "2"):
        assert piece in page
    actions = set(re.findall(r'<form[^>]*action="([^"]*)"', page)) - {reverse("logout")}
    assert actions == {reverse("practice-say", args=[cast.task.pk, item.pk])}
    assert "data-stay" not in page
    assert "desk-lease" not in page


@pytest.mark.parametrize(
    ("right", "said", "heading"),
    [
        (True, {"verdict": "accept"}, "Right"),
        (True, {"verdict": "reject", "reason": "wrong"}, "Not right"),
        (False, {"verdict": "accept"}, "Not right"),
        (False, {"pick": "1"}, "Right, but for 2 fields"),
        (False, {"verdict": "reject", "reason": "wrong"}, "Right"),
    ],
)
def test_each_answer_is_explained_field_by_field_in_the_leads_words(
    cast: casts.Company, right: bool, said: dict[str, str], heading: str
) -> None:
    (item,) = past(cast, right=right)
    answer = say(client(cast.reviewer), cast.task, item, **said)
    page = answer.content.decode()
    found = re.search(r'<h1 id="sheet-title"[^>]*>(.*?)</h1>', page, re.DOTALL)
    assert found is not None
    assert words(found[1]) == heading
    assert "The order number &lt;b&gt; belongs to a delivery." in page
    assert f"The draft was {'right' if right else 'wrong'}." in page
    assert ("delivery" in words(page).split("Right Topic")[-1]) or right
    assert Practice.objects.get().person == cast.reviewer
    assert Review.objects.filter(holder=cast.reviewer).count() == 0


def test_with_a_script_the_explanation_comes_as_a_piece(cast: casts.Company) -> None:
    (item,) = past(cast)
    address = reverse("practice-say", args=[cast.task.pk, item.pk])
    answer = client(cast.reviewer).post(address, {"token": 1, "verdict": "accept"}, headers={"HX-Request": "true"})
    made = Practice.objects.get()
    assert answer["X-Desk-Address"] == reverse("practice-told", args=[cast.task.pk, made.pk])
    assert "<html" not in answer.content.decode()
    assert 'data-key="n"' in answer.content.decode()


def test_an_unfit_fix_keeps_what_was_typed(cast: casts.Company) -> None:
    (item,) = past(cast)
    typed = {"f.topic": '"refund"', "f.urgent": "false", "f.amount": "-5", "f.reply": "My long answer"}
    answer = say(client(cast.reviewer), cast.task, item, verdict="fix", **typed)
    assert answer.status_code == 422
    assert "My long answer" in answer.content.decode()
    assert "is-fixing" in answer.content.decode()
    assert not Practice.objects.exists()


def test_after_all_were_tried_comes_the_summary_with_its_interval(cast: casts.Company) -> None:
    past(cast, 5)
    who = client(cast.reviewer)
    answer = None
    for _ in range(5):
        next_one = gym.next_look(cast.task, cast.reviewer.pk)
        assert next_one is not None
        say(who, cast.task, next_one.item, verdict="accept")
        last = Practice.objects.latest("pk")
        answer = who.post(reverse("practice-next", args=[cast.task.pk]), {"after": last.pk}, follow=True)
    assert answer is not None
    page = words(answer.content.decode())
    assert "Practice so far" in page
    assert "100 % (48 % to 100 %, of 5)" in page.replace("\N{NO-BREAK SPACE}", " ").replace("&nbsp;", " ")
    assert "False alarms 0 % (0 % to 52 %, of 5)" in page.replace("\N{NO-BREAK SPACE}", " ").replace("&nbsp;", " ")
    assert "All once more" in page
    say(
        who,
        cast.task,
        Item.objects.get(pk=Practice.objects.earliest("pk").item_id),
        turn=2,
        verdict="reject",
        reason="wrong",
    )
    assert Practice.objects.count() == 6
    again = words(who.get(reverse("practice-summary", args=[cast.task.pk])).content.decode())
    assert "of 5)" in again  # asked again, they had been told: it counts in no share
    assert "asked again" in again


@pytest.mark.parametrize("after", ["", "x", "999999", "-1", "9" * 40])
def test_going_on_from_nowhere_shows_the_next(cast: casts.Company, after: str) -> None:
    past(cast)
    answer = client(cast.reviewer).post(reverse("practice-next", args=[cast.task.pk]), {"after": after}, follow=True)
    assert answer.status_code == 200
    assert 'data-key="a"' in answer.content.decode()


def test_what_is_not_yours_does_not_exist(cast: casts.Company) -> None:
    (item,) = past(cast)
    say(client(cast.reviewer), cast.task, item, verdict="accept")
    told = reverse("practice-told", args=[cast.task.pk, Practice.objects.get().pk])
    assert client(cast.reviewer).get(told).status_code == 200
    assert client(cast.colleague).get(told).status_code == 404
    assert client(cast.outsider).get(told).status_code == 404
    assert say(client(cast.outsider), cast.task, item, verdict="accept").status_code == 404
    assert say(client(cast.colleague), cast.task, item, verdict="accept").status_code == 404
    assert client(cast.viewer).get(reverse("practice-look", args=[cast.task.pk])).status_code == 403
    assert client(cast.viewer).get(reverse("practice")).status_code == 403
    live = casts.one(cast.task, "live")
    assert say(client(cast.reviewer), cast.task, live, verdict="accept").status_code == 404
    assert Practice.objects.count() == 1


def test_without_known_answers_the_page_says_where_they_come_from(cast: casts.Company) -> None:
    assert "Nothing to practise on" in look(client(cast.reviewer), cast.task)
    assert "There is no known answer yet" in client(cast.reviewer).get(reverse("practice")).content.decode()


# ---- the desk that waits for it


def asked_for(cast: casts.Company, stock: int = 3) -> None:
    past(cast, stock)
    Task.objects.filter(pk=cast.task.pk).update(practice_looks=3, practice_right=1.0)
    cast.task.refresh_from_db()
    casts.one(cast.task, "live")


def test_the_empty_desk_names_the_practice_that_is_asked_for(cast: casts.Company) -> None:
    asked_for(cast)
    who = client(cast.reviewer)
    assert frame.desk(cast.reviewer).count == 0
    for page in (who.get("/desk/"), who.post("/desk/take", follow=True)):
        shown = words(page.content.decode())
        assert "Practice comes first" in shown
        assert "Sort messages asks for practice before the first live item: 3 of your last 3 answers right" in shown
        assert reverse("practice-look", args=[cast.task.pk]) in page.content.decode()
    assert not Review.objects.filter(holder=cast.reviewer).exists()
    shown = ""
    for item in Item.objects.filter(known__isnull=False):
        shown = say(who, cast.task, item, verdict="accept").content.decode()
    assert "The desk of this task is open to you." in shown
    assert frame.desk(cast.reviewer).count == 1
    who.post("/desk/take")
    assert Review.objects.filter(holder=cast.reviewer).count() == 1


def test_another_task_is_still_given_and_the_cause_stands_beside_it(cast: casts.Company) -> None:
    asked_for(cast)
    other = casts.task(cast.project, by=cast.admin, name="Another kind")
    casts.one(other, "o1")
    shown = words(client(cast.reviewer).get("/desk/?looked=1").content.decode())
    assert "1 item waits for you" in shown
    assert "Sort messages asks for practice" in shown


def test_the_lead_sees_who_waits_and_lets_them_in(cast: casts.Company) -> None:
    asked_for(cast)
    lead, address = client(cast.admin), reverse("reviewers", args=[cast.task.pk])
    shown = words(lead.get(address).content.decode())
    assert "practice comes first Let in" in shown
    post = reverse("reviewer-let-in", args=[cast.task.pk])
    assert client(cast.reviewer).post(post, {"person": cast.reviewer.pk}).status_code == 403
    for nobody in ("", "x", str(cast.outsider.pk), "9" * 30):
        assert lead.post(post, {"person": nobody}).status_code == 404
    assert lead.post(post, {"person": cast.reviewer.pk}).status_code == 302
    assert Admission.objects.get().person == cast.reviewer
    assert "open: let in by a lead" in words(lead.get(address).content.decode())


def test_too_few_known_answers_are_said_to_the_lead_in_both_places(cast: casts.Company) -> None:
    asked_for(cast, stock=2)
    lead = client(cast.admin)
    shown = words(lead.get(reverse("reviewers", args=[cast.task.pk])).content.decode())
    assert "It rests: there are too few known answers to practise on" in shown
    settings = words(lead.get(reverse("task-settings", args=[cast.task.pk])).content.decode())
    assert "Practice is asked for and rests" in settings
    assert "1 item waits for you" in words(client(cast.reviewer).get("/desk/?looked=1").content.decode())


def test_what_was_taken_out_counts_in_no_share(cast: casts.Company) -> None:
    past(cast, 6)
    who = client(cast.reviewer)
    for item in Item.objects.all():
        say(who, cast.task, item, verdict="accept")
    known.retire(Known.objects.order_by("pk").values_list("pk", flat=True)[0], task_id=cast.task.pk)
    first = gym.summary(cast.task, cast.reviewer.pk).first
    assert first is not None
    assert (first.hits, first.of) == (5, 5)


def test_a_number_that_is_none_leads_on(cast: casts.Company) -> None:
    for after in ("9" * 5000, "9" * 30, "x", "-1", ""):
        response = client(cast.reviewer).post(f"/practice/{cast.task.pk}/next", {"after": after})
        assert response.status_code == 302
