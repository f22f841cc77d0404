"""An item's story has every chapter in time order, and keeps from reviewers what they must not know yet."""

import pytest

from slider.llm.records import Outcome
from slider.models import Verdict
from slider.queries import story
from tests import casts
from tests.casts import Company

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Company:
    return casts.company()


def titles(told: story.Story) -> list[str]:
    return [chapter.title for chapter in told.chapters]


def test_the_chapters_stand_in_time_order(cast: Company) -> None:
    item = casts.one(cast.task)
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.REJECT, reason="unclear")
    item.refresh_from_db()
    told = story.tell(item, blind=True)
    moments = [chapter.at for chapter in told.chapters]
    assert moments == sorted(moments)
    for title in ("Came in", "reader v1 tried: answered", "Sent to people", "Rejected by reviewer"):
        assert title in titles(told)
    assert "Result: rejected by a person" in titles(told)


def test_what_went_wrong_is_told_with_what_the_model_said(cast: Company) -> None:
    item = casts.one(cast.task, answered=casts.fails(Outcome.MALFORMED, detail="no JSON at byte 3", raw="da da da"))
    chapter = next(c for c in story.tell(item, blind=False).chapters if "tried" in c.title)
    assert (chapter.title, chapter.text, chapter.raw) == (
        "reader v1 tried: the answer was no valid JSON",
        "no JSON at byte 3",
        "da da da",
    )


def test_before_the_first_fit_no_chance_is_told(cast: Company) -> None:
    told = titles(story.tell(casts.one(cast.task), blind=False))
    assert any("too few reviewed items" in title for title in told)
    casts.calibrate(cast.task, p_correct=0.8)
    assert "Scored: 0.80 likely right" in titles(story.tell(casts.one(cast.task, "m2"), blind=False))


@pytest.mark.parametrize(
    ("log_odds", "words"),
    [
        (5.0, "very sure (5.0)"), (2.8, "very sure (2.8)"), (2.0, "sure (2.0)"), (0.5, "rather sure (0.5)"),
        (0.0, "undecided (0.0)"), (-1.0, "rather unsure (-1.0)"), (-6.9, "unsure (-6.9)"),
    ],
)  # fmt: skip
def test_a_signal_is_said_in_words_before_its_number(log_odds: float, words: str) -> None:
    assert story.in_words(log_odds) == words


def test_who_claimed_it_is_a_worker_with_its_name_beside(cast: Company) -> None:
    told = story.tell(casts.one(cast.task), blind=False)
    claimed = next(chapter for chapter in told.chapters if chapter.title == "Moved from ready to working")
    assert (claimed.text, claimed.aside) == ("claimed by a worker", "the cast")


def test_a_reviewer_reads_up_to_the_routing_while_a_look_is_owed(cast: Company) -> None:
    gate, audit = casts.one(cast.task, "gate"), casts.audited(cast.task, "audit")
    told = [story.tell(item, blind=True) for item in (gate, audit)]
    assert titles(told[0]) == titles(told[1])
    assert [t.is_cut for t in told] == [True, True]
    assert not any("unattended" in title or "people" in title for title in titles(told[1]))


def test_only_what_a_person_changed_is_marked(cast: Company) -> None:
    item = casts.one(cast.task, answered=casts.says({"topic": "refund", "urgent": False}))
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.FIX, answer={"topic": "refund", "urgent": True})
    told = story.tell(item, blind=False)
    assert told.by_person == "reviewer"
    assert [answer.part.name for answer in told.answers if answer.changed] == ["urgent"]


def test_what_a_sentinel_measured_is_told_with_its_limit(cast: Company) -> None:
    item = casts.one(
        cast.task, "m1", casts.says({"topic": "refund", "urgent": False, "reply": "da da da da da da da da"})
    )
    told = story.tell(item, blind=False)
    scored = next(chapter for chapter in told.chapters if chapter.title.startswith("Scored"))
    facts = {fact.label: fact.value for fact in scored.facts}
    assert facts["sentinel: repetition"] == "the answer's reply: repeated share 1, limit 0.6"
    sent = next(chapter for chapter in told.chapters if chapter.title == "Sent to people")
    assert sent.text.startswith("a sentinel distrusts the answer: the answer's reply says “da” 8 times")
