"""Marks in a story and in exports: in the words that were marked, for those who may know of the look."""

import csv
import io
import json

import pytest

from slider.flow.marking import Remark
from slider.models import Item, MarkKind, MarkSide, Task, Verdict
from slider.queries import export, passages, story
from tests import casts

pytestmark = pytest.mark.django_db
ANSWER = {"topic": "refund", "urgent": False, "reply": "=1+1 💶 back. A voucher."}
IN_ANSWER = Remark(MarkKind.SPAN, "/reply", MarkSide.ANSWER, 5, 12, "invented")
IN_SOURCE = Remark(MarkKind.SPAN, "/text", MarkSide.SOURCE, 0, 5, "unclear")


def looked_at(cast: casts.Company) -> Item:
    item = casts.one(cast.task, answered=casts.says(ANSWER), text="Hello you.")
    marks = (IN_ANSWER, IN_SOURCE)
    fix = ANSWER | {"topic": "other"}
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.FIX, answer=fix, marks=marks, note="so it is")
    return Item.objects.select_related("task", "payload").get(pk=item.pk)


def test_a_story_says_what_was_marked() -> None:
    told = story.tell(looked_at(casts.company()), blind=False)
    assert [(one.label, one.kind, one.quote, one.reason, one.number) for one in told.marks] == [
        ("Topic", "fixed", "", "", 0),
        ("text", "span", "Hello", "Item unclear", 1),
        ("reply", "span", "💶 back.", "Invented fact", 2),
    ]
    facts = [(fact.label, fact.value) for chapter in told.chapters for fact in chapter.facts]
    assert ("field Topic", "fixed") in facts
    assert ("passage 2", "“💶 back.”: Invented fact") in facts
    assert ("note", "so it is") in facts


def test_who_may_have_to_look_at_it_is_told_of_no_mark() -> None:
    cast = casts.company()
    item = casts.audited(cast.task, answered=casts.says(ANSWER))
    held = Item.objects.select_related("task", "payload").get(pk=item.pk)
    assert story.tell(held, blind=True).marks == ()


def test_a_reason_that_is_gone_is_told_by_its_code() -> None:
    cast = casts.company()
    item = looked_at(cast)
    item.task.reasons = [{"code": "late", "words": "Too late"}]
    assert [one.reason for one in story.tell(item, blind=False).marks] == ["", "unclear", "invented"]


def test_an_export_holds_marks_with_their_texts_and_the_note() -> None:
    cast = casts.company(undo_s=0)
    item = looked_at(cast)
    casts.one(cast.task, "m2")
    casts.decide(cast.reviewer, cast.task, lucky=True)
    first, second = (json.loads(line)["outcome"] for line in "".join(export.jsonl(cast.task)).splitlines())
    look = item.reviews.get().pk
    assert first["marks"] == [
        {"look": look, "as": "gate", "side": "answer", "path": "/topic", "kind": "fixed"},
        {"look": look, "as": "gate", "side": "source", "path": "/text", "kind": "span", "start": 0, "end": 5,
         "text": "Hello", "reason": "unclear"},
        {"look": look, "as": "gate", "side": "answer", "path": "/reply", "kind": "span", "start": 5, "end": 12,
         "text": "💶 back.", "reason": "invented"},
    ]  # fmt: skip
    assert (first["right_for_wrong_reason"], first["note"]) == (False, "so it is")
    assert (second["right_for_wrong_reason"], second["marks"]) == (True, [])
    rows = list(csv.DictReader(io.StringIO("".join(export.table(cast.task)), newline="")))
    assert json.loads(rows[0]["marks"]) == first["marks"]
    assert [row["right_for_wrong_reason"] for row in rows] == ["false", "true"]


def test_sentences_are_found_where_they_stand() -> None:
    text = "  One. Two!\r\nThree 💶? 四。五\n\n"
    found = passages.of({"a": [text], "n": 1, "b/c": "x"}, MarkSide.SOURCE)
    assert [one.text for one in found] == ["One.", "Two!", "Three 💶?", "四。", "五", "x"]
    assert all(text[one.start : one.end] == one.text for one in found[:-1])
    assert [found[0].path, found[-1].path] == ["/a/0", "/b~1c"]


def test_ever_so_many_sentences_are_cut() -> None:
    assert len(passages.of("a. " * 1000, MarkSide.SOURCE)) == passages.MOST


def test_a_task_without_marks_exports_as_before() -> None:
    cast = casts.company()
    casts.one(cast.task)
    (line,) = export.jsonl(Task.objects.get())
    assert (json.loads(line)["outcome"]["marks"], json.loads(line)["outcome"]["note"]) == ([], None)
