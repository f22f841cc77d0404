"""Marks in forms: read strictly, kept when something is refused, and listed for whoever has no script."""

import json
from typing import Any

import pytest
from django.test import Client

from slider.flow.marking import Remark
from slider.models import Mark, MarkKind, MarkSide, Review, ReviewState, Task
from slider.views import mark_form
from tests import casts

ANSWER = {"topic": "refund", "urgent": False, "reply": "We refund it. <b>Soon</b>."}
SPAN = {"kind": "span", "side": "answer", "path": "/reply", "start": 0, "end": 13, "reason": "invented"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "can't be read"),
        ("[]", "no object"),
        ("null", "no object"),
        ('{"kind": "odd", "path": "/a"}', "odd"),
        ('{"kind": "fixed", "side": "nowhere"}', "nowhere"),
        ('{"kind": "wrong", "path": 1}', "'path' is '1'"),
        ('{"kind": "span", "start": true}', "'start' is 'True'"),
        ('{"kind": "span", "start": 1.5}', "'start' is '1.5'"),
        ('{"kind": "wrong", "path": "/a", "lane": "unattended"}', "'lane'"),
        ('{"kind": "wrong", "kind": "right"}', "twice"),
        ('{"kind": "wrong", "path": "\\u0000"}', "NUL"),
        ("[" * 2500, "2500 characters"),
    ],
)
def test_what_is_no_mark_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        mark_form.read([text])


def test_a_mark_comes_back_as_it_went_out() -> None:
    made = (
        Remark(MarkKind.RIGHT, "/a~1b"),
        Remark(MarkKind.WRONG, "", reason="other"),
        Remark(MarkKind.SPAN, "/text", MarkSide.SOURCE, 3, 9, "unclear"),
    )
    assert mark_form.read([mark_form.text_of(one) for one in made]) == made
    assert mark_form.read(["", ""]) == ()


def test_ever_so_many_marks_are_not_even_read() -> None:
    with pytest.raises(ValueError, match="201 marks"):
        mark_form.read(["{"] * 201)


@pytest.fixture
def desk(db: None) -> tuple[Client, Review]:
    cast = casts.company()
    casts.one(cast.task, answered=casts.says(ANSWER), text="Hello there. Is it <i>back</i>?")
    client = Client()
    client.force_login(cast.reviewer)
    return client, casts.take(cast.reviewer, cast.task)


def decide(client: Client, review: Review, marks: list[Any], script: bool = False, **said: Any) -> Any:
    sent = {"token": review.token, "mark": [one if isinstance(one, str) else json.dumps(one) for one in marks]}
    headers = {"HX-Request": "true"} if script else {}
    return client.post(f"/desk/{review.pk}/decide", sent | said, headers=headers)


@pytest.mark.parametrize("said", [{"verdict": "reject", "reason": "wrong"}, {"verdict": "reject:wrong"}])
def test_marks_go_with_a_rejection(desk: tuple[Client, Review], said: dict[str, Any]) -> None:
    client, review = desk
    assert decide(client, review, [SPAN], note="see there", **said).status_code == 302
    review.refresh_from_db()
    assert (review.verdict, review.reason, review.note) == ("reject", "wrong", "see there")
    assert Mark.objects.get().quote(ANSWER) == "We refund it."


def test_a_lucky_accept_is_one_button(desk: tuple[Client, Review]) -> None:
    client, review = desk
    decide(client, review, [SPAN], verdict="lucky")
    review.refresh_from_db()
    assert (review.verdict, review.lucky, Mark.objects.count()) == ("accept", True, 1)


@pytest.mark.parametrize("mark", [SPAN | {"end": 999}, "{"])
@pytest.mark.parametrize("script", [False, True])
def test_a_refused_mark_is_said_and_nothing_typed_is_lost(
    desk: tuple[Client, Review], mark: Any, *, script: bool
) -> None:
    client, review = desk
    form: dict[str, Any] = {"verdict": "accept", "note": "my note", "f.reply": "my own reply"}
    answer = decide(client, review, [mark], script=script, **form)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "my note" in page
    assert "my own reply" in page
    assert ("is not in the text" in page) or ("be read" in page)
    assert Review.objects.get().state == ReviewState.HELD


def test_without_a_script_a_refusal_shows_the_lists_with_what_was_chosen(desk: tuple[Client, Review]) -> None:
    client, review = desk
    page = decide(client, review, [SPAN, {"kind": "wrong", "path": "/topic"}], verdict="accept").content.decode()
    assert "is marked wrong" in page
    assert page.count(" selected>Invented fact") == 1
    assert page.count(" selected>wrong</option>") == 1


def test_the_list_names_every_sentence_and_shows_no_markup_as_markup(desk: tuple[Client, Review]) -> None:
    client, review = desk
    page = client.get(f"/desk/{review.pk}/?do=mark").content.decode()
    for text in ("We refund it.", "&lt;b&gt;Soon&lt;/b&gt;.", "Hello there.", "Is it &lt;i&gt;back&lt;/i&gt;?"):
        assert text in page
    listed = page[page.index('class="mark-') : page.index("desk-bar")]
    assert "Soon" in listed
    assert "<b>Soon" not in listed


def test_a_sheet_without_marks_has_no_lists(desk: tuple[Client, Review]) -> None:
    client, review = desk
    assert "mark-line" not in client.get(f"/desk/{review.pk}/").content.decode()


def test_marks_of_a_lost_look_are_given_back_in_words(desk: tuple[Client, Review]) -> None:
    client, review = desk
    Review.objects.update(token=review.token + 1)
    answer = decide(client, review, [SPAN], verdict="accept")
    assert answer.status_code == 409
    assert "marked in the worker&#x27;s answer, /reply: characters 0 to 13 invented" in answer.content.decode()


def test_the_chips_are_the_tasks_own(desk: tuple[Client, Review]) -> None:
    client, review = desk
    Task.objects.update(reasons=[{"code": "late", "words": "Too late"}])
    page = client.get(f"/desk/{review.pk}/").content.decode()
    assert "Too late" in page
    assert "Invented fact" not in page
