"""An item's story has every chapter in time order, and keeps from reviewers what they must not know yet."""

from datetime import timedelta

import pytest
from django.utils import timezone

from slider.flow import claims, release, review
from slider.llm.records import Outcome
from slider.models import Item, Review, Verdict
from slider.queries import story, story_work
from slider.queries.chapters import Fact
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
    assert story_work.in_words(log_odds) == words


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


def test_the_decision_tells_all_its_numbers_and_the_coin_that_was_drawn() -> None:
    cast = casts.company()
    audit = casts.audited(cast.task)
    facts = {fact.label: fact.value for fact in decision_of(audit)}
    assert facts["slider"] == "asked 100 %, allowed not known yet"
    assert facts["audit"] == "drawn, with a chance of 100 %"
    assert facts["coin"].endswith("and below 1.0000 is an audit")
    assert 0 <= float(facts["coin"].split(",")[0]) < 1
    assert {"share in force", "harder than", "cut", "place in the order of routing", "policy"} <= set(facts)
    gate = casts.one(casts.company(prefix="other ").task)
    assert "coin" not in {fact.label for fact in decision_of(gate)}


def decision_of(item: Item) -> tuple[Fact, ...]:
    return next(c.facts for c in story.tell(item, blind=False).chapters if c.anchor == "decision")


def test_every_claim_is_told_with_who_when_and_why() -> None:
    cast = casts.company()
    item = casts.one(cast.task)
    first = casts.take(cast.reviewer, cast.task)
    assert "In the hands of reviewer" in titles(story.tell(item, blind=False))
    Review.objects.filter(pk=first.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    claims.free_reviews()
    again = casts.take(cast.colleague, cast.task)
    release.release(again.pk, token=again.token, by=cast.admin.pk, words="left for the day")
    held = casts.take(cast.reviewer, cast.task)
    review.skip(held.pk, user_id=cast.reviewer.pk, token=held.token)
    casts.decide(cast.colleague, cast.task)
    told = story.tell(item, blind=False)
    wanted = [
        "The lease of reviewer ran out",
        "Taken out of the hands of colleague by admin",
        "Skipped by reviewer",
        "Accepted by colleague",
    ]
    assert [title for title in titles(told) if title in wanted] == wanted
    assert "left for the day" in str(told)


def test_who_reviews_reads_of_no_claim_while_a_look_is_owed() -> None:
    cast = casts.company()
    audit = casts.audited(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    review.skip(held.pk, user_id=cast.reviewer.pk, token=held.token)
    other = casts.take(cast.colleague, cast.task)
    release.release(other.pk, token=other.token, by=cast.admin.pk, words="left for the day")
    blind = str(story.tell(audit, blind=True))
    for words in ("Passed on", "Taken out", "hands", "left for the day", "unattended", "coin"):
        assert words not in blind, words
    assert "left for the day" in str(story.tell(audit, blind=False))


def test_each_step_has_a_name_of_its_own_that_a_link_can_end_with() -> None:
    cast = casts.company()
    item = casts.one(cast.task)
    casts.decide(cast.reviewer, cast.task)
    before = [chapter.anchor for chapter in story.tell(item, blind=False).chapters]
    assert len(set(before)) == len(before)
    assert all(before)
    casts.time_passes(cast.task)
    assert [chapter.anchor for chapter in story.tell(item, blind=False).chapters] == before
