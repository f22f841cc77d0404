"""Canaries and judges: nonsense of every kind, the exact interval, and a judge who loves "da da da da"."""

import math
from typing import Any

import pytest

from slider.engine.sanity import canaries, judges, look, watch
from slider.engine.sanity.canaries import Canary, Kind, Known
from tests.engine import exact

INSTRUCTIONS = (
    "You answer the messages that customers send to a shop for tents and boots. Name the topic, and write a short "
    "reply in the customer's language. Promise nothing that the shop has not agreed to, and stay friendly."
)
ITEMS: dict[str, Any] = {"type": "object", "properties": {"text": {"type": "string"}}}
TOPIC = {"enum": ["delivery", "refund", "other"]}
LABELS: dict[str, Any] = {"type": "object", "properties": {"topic": TOPIC}}
REPLIES: dict[str, Any] = {"type": "object", "properties": {"topic": TOPIC, "reply": {"type": "string"}}}
KNOWN = [
    Known({"text": text}, {"topic": topic, "reply": reply})
    for text, topic, reply in (
        (
            "Where is my parcel? It was to arrive on Monday, and the tracking page has said nothing since then.",
            "delivery",
            "We are sorry for the delay and have asked the carrier where your parcel is. You will hear from us today.",
        ),
        (
            "I sent the boots back two weeks ago and still wait for my money. When will it be on my account?",
            "refund",
            "Your boots have reached our warehouse this morning, so the money will be with you within three days.",
        ),
        (
            "Just wanted to say that the tent held through the worst storm of our lives. Thank you all so much!",
            "other",
            "What a story, and how good to hear that you are well! We have passed your thanks on to the workshop.",
        ),
    )
]


def planted(
    count: int = 120, *, schema: dict[str, Any] = REPLIES, seed: int = 1, known: list[Known] = KNOWN
) -> list[Canary]:
    return canaries.make(
        count, known=known, instructions=INSTRUCTIONS, input_schema=ITEMS, output_schema=schema, seed=seed
    )


def distrusted(planted: list[Canary], schema: dict[str, Any] = REPLIES) -> list[bool]:
    given = look.Brief(ITEMS, schema, INSTRUCTIONS)
    # Each before a fresh memory: a task of nothing but nonsense would come to hold it for usual.
    looks = [look.look(canary.item, canary.answer, given) for canary in planted]
    return [bool(watch.weigh([one], watch.State(), off=(), at=0.0)[0][0].veto) for one in looks]


def test_every_kind_is_made_in_turn_and_the_seed_decides() -> None:
    made = planted(120)
    assert {kind: sum(one.kind == kind for one in made) for kind in Kind} == dict.fromkeys(Kind, 20)
    assert made == planted(120)
    assert made != planted(120, seed=2)


def test_where_answers_are_labels_the_nonsense_goes_into_the_item() -> None:
    labels = [Known(one.item, {"topic": one.answer["topic"]}) for one in KNOWN]  # type: ignore[index]
    made = planted(90, schema=LABELS, known=labels)
    assert {one.kind for one in made} == {Kind.GIBBERISH, Kind.REPETITION, Kind.WRONG}
    assert len(made) == 90
    nonsense = [one for one in made if one.kind != Kind.WRONG]
    assert all(one.answer in [known.answer for known in labels] for one in nonsense)
    assert all(distrusted(nonsense, LABELS))


def test_without_known_answers_there_are_none() -> None:
    assert planted(known=[]) == []
    assert {one.kind for one in planted(known=KNOWN[:1])} == set(Kind) - {Kind.WRONG}


def test_a_judge_that_loves_da_da_da_da_is_unmasked_and_overruled() -> None:
    def judge(canary: Canary) -> float:
        """A judge that is sure of whatever is fluent enough to repeat itself, and dislikes everything else."""
        reply = str(canary.answer["reply"])  # type: ignore[index]
        return 0.99 if len(set(reply.split())) <= 6 else 0.2

    made = planted(240)
    found = judges.measure(made, judge, passes_from=0.5)
    assert found[Kind.REPETITION].rate == 1.0
    assert found[Kind.REPETITION].low > 0.9
    assert found[Kind.GIBBERISH].missed == found[Kind.WRONG].missed == 0
    overruled = [0.0 if veto else judge(one) for one, veto in zip(made, distrusted(made), strict=True)]
    after = judges.measure(made, overruled, passes_from=0.5)
    assert after[Kind.REPETITION].missed == after[None].missed == 0
    assert after[None].high < 0.02


def test_the_sentinels_see_nonsense_and_not_what_is_wrong_in_good_words() -> None:
    made = planted(600, seed=3)
    found = judges.measure(made, [float(not veto) for veto in distrusted(made)], passes_from=0.5)
    for kind in set(Kind) - {Kind.WRONG}:
        assert exact.keeps(found[kind].missed, n=found[kind].shown, p=0.03), kind
    assert found[Kind.WRONG].rate == 1.0  # said on the pages and in the docs: audits have to find these


def test_the_right_answers_they_were_made_from_are_not_distrusted() -> None:
    given = look.Brief(ITEMS, REPLIES, INSTRUCTIONS)
    looks = [look.look(one.item, one.answer, given) for one in KNOWN] * 40
    sights, state = watch.weigh(looks, watch.State(), off=(), at=0.0)
    assert [sight.veto for sight in sights if sight.veto] == []
    assert dict(state.found) == {}


@pytest.mark.parametrize(("shown", "missed"), [(10, 0), (10, 10), (50, 3), (300, 299), (1, 1)])
def test_the_interval_is_the_exact_one(shown: int, missed: int) -> None:
    found = judges.miss(shown, missed)
    if missed < shown:
        assert exact.at_most(missed, n=shown, p=found.high) == pytest.approx(0.025, rel=1e-6)
    if missed:
        assert exact.at_least(missed, n=shown, p=found.low) == pytest.approx(0.025, rel=1e-6)
    assert 0.0 <= found.low <= missed / shown <= found.high <= 1.0


def test_nothing_shown_says_nothing() -> None:
    found = judges.measure([], [], passes_from=0.5)
    assert (found[None].rate, found[None].low, found[None].high) == (None, 0.0, 1.0)


def test_a_score_that_is_no_number_does_not_pass_and_missing_scores_are_refused() -> None:
    made = planted(6)
    assert judges.measure(made, [math.nan] * 6, passes_from=0.0)[None].missed == 0
    with pytest.raises(ValueError, match="one score a canary"):
        judges.measure(made, [1.0], passes_from=0.5)
    with pytest.raises(ValueError, match="counts"):
        judges.miss(3, 4)


def test_a_text_is_replaced_where_it_stands() -> None:
    value = {"a": [{"b/c": "old"}, "x"], "a/0": "y"}
    assert canaries.replaced(value, "a/0/b/c", "new") == {"a": [{"b/c": "old"}, "x"], "a/0": "new"}
    assert canaries.replaced({"a": ["x", "y"]}, "a/1", "new") == {"a": ["x", "new"]}
    assert canaries.replaced("old", "", "new") == "new"
    assert value == {"a": [{"b/c": "old"}, "x"], "a/0": "y"}
