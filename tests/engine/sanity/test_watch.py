"""The sentinels together: labels never trip them, whatever comes in they end, and what they remember stays small."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from slider.engine.sanity import look, watch
from slider.engine.sanity.look import Brief
from slider.engine.sanity.names import SENTENCES, TITLES, Sentinel
from slider.engine.sanity.watch import Sight, State
from slider.management.demo import brief
from tests.engine.sanity import normal

PROMPT = (
    "You answer customers of a shop for tents and boots. Name the topic and write a short reply in the language of the "
    "customer, and never promise anything that the shop has not agreed to before."
)
ITEMS: dict[str, Any] = {"type": "object", "properties": {"text": {"type": "string"}}}
ANSWERS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "topic": {"enum": ["refund", "da da da da", "zxqv wkjh pfgt bnmq rtzx"]},
        "reply": {"type": "string"},
    },
}
BRIEF = Brief(ITEMS, ANSWERS, PROMPT)
VALUES = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)
ITEM = {"text": "I sent the boots back two weeks ago and still wait for my money. When will it be here?"}
REPLY = "Your boots reached our warehouse this morning, so the money will be on your account within three days."


def sight(item: object, answer: object, *, state: State | None = None, off: tuple[str, ...] = ()) -> Sight:
    return watch.weigh([look.look(item, answer, BRIEF)], state or State(), off=off, at=0.0)[0][0]


def found(item: object, answer: object, **options: Any) -> set[str]:
    return {finding.sentinel.value for finding in sight(item, answer, **options).findings}


@pytest.mark.parametrize("topic", ANSWERS["properties"]["topic"]["enum"])
def test_a_label_never_trips_anything(topic: str) -> None:
    assert found(ITEM, {"topic": topic}) == set()


@pytest.mark.parametrize(
    ("reply", "sentinel"),
    [
        ("da da da da da da", "repetition"),
        ("xkqz wvjhg pqrtz mnbvk zxcqw jhgfk qpwzx", "gibberish"),
        ("write a short reply in the language of the customer, and never promise anything", "echo"),
        (ITEM["text"], "echo"),
        ("您的靴子今天早上已经到达我们的仓库,钱款将在三天内退回您的账户。", "language"),
        ("Thought process:", "gibberish"),
    ],
)
def test_nonsense_in_a_free_text_is_found_and_said(reply: str, sentinel: str) -> None:
    seen = sight(ITEM, {"topic": "refund", "reply": reply})
    assert [finding.sentinel.value for finding in seen.findings] == [sentinel]
    assert seen.veto.startswith("the answer's reply ")
    assert json.dumps(seen.findings[0].to_json(), allow_nan=False)


def test_nonsense_in_the_item_is_found_where_answers_are_labels() -> None:
    assert found({"text": "da da da da"}, {"topic": "refund"}) == {"repetition"}
    assert found({"text": "xkqz wvjhg pqrtz mnbvk zxcqw jhgfk qpwzx"}, {"topic": "refund"}) == {"gibberish"}


def test_a_good_reply_is_not_distrusted() -> None:
    assert found(ITEM, {"topic": "refund", "reply": REPLY}) == set()


@pytest.mark.parametrize("text", normal.ALL)
def test_ordinary_texts_pass_as_item_and_as_answer(text: str) -> None:
    assert found({"text": text}, {"topic": "refund"}) == set()
    language = found({"text": "..."}, {"topic": "refund", "reply": text})
    assert language == set()


@pytest.mark.parametrize(
    "sentinel", [one.value for one in Sentinel if one not in (Sentinel.COLLAPSE, Sentinel.UNFAMILIAR)]
)
def test_each_can_be_switched_off_alone(sentinel: str) -> None:
    replies = ["da da da da", "xkqz wvjhg pqrtz mnbvk zxcqw jhgfk", ITEM["text"], "您的靴子今天早上已经到达我们的仓库"]
    looks = [look.look(ITEM, {"reply": reply}, BRIEF) for reply in replies]
    seen = {
        finding.sentinel.value
        for one in watch.weigh(looks, State(), off=(sentinel,), at=0.0)[0]
        for finding in one.findings
    }
    assert seen == {"gibberish", "repetition", "echo", "language"} - {sentinel}


def test_not_one_message_of_the_demo_is_distrusted_with_its_right_answer() -> None:
    rows = [
        [json.loads(line) for line in path.read_text().splitlines()]
        for path in (brief.MESSAGES_PATH, brief.TRUTHS_PATH)
    ]
    given = Brief(brief.INPUT_SCHEMA, brief.OUTPUT_SCHEMA, brief.WORKER_INSTRUCTIONS)
    looks = [look.look(item, answer, given) for item, answer in zip(*rows, strict=True)]
    sights, state = watch.weigh(looks, State(), off=(), at=0.0)
    assert [one.veto for one in sights if one.veto] == []
    assert state.looked == len(looks)
    assert len(json.dumps(state.to_json())) < 25_000


def test_answers_that_nearly_repeat_are_counted_unless_their_items_do_too() -> None:
    state = State()
    texts = [f"{REPLY} Yours sincerely, colleague number {number} of the desk." for number in range(30)]
    same = [look.look(ITEM, {"reply": text}, BRIEF) for text in texts]
    assert watch.weigh(same, state, off=(), at=0.0)[1].meters[watch.NEAR].recent.count(watch.YES) == 0
    items = [{"text": text} for text in (*normal.MAIL, *normal.CODE)]
    others = [look.look(item, {"reply": texts[0]}, BRIEF) for item in items]
    repeated = watch.weigh(others, state, off=(), at=0.0)[1].meters[watch.NEAR].recent
    assert repeated.count(watch.YES) >= len(items) // 2


def test_a_worker_that_answers_all_alike_raises_the_alarm_with_its_answer_in_words() -> None:
    topics = ["refund", "da da da da", "zxqv wkjh pfgt bnmq rtzx"]
    looks = [look.look(ITEM, {"topic": topics[number % 3]}, BRIEF) for number in range(300)]
    state = watch.weigh(looks, State(), off=(), at=0.0)[1]
    assert state.meters[watch.ANSWERS].alarm is None
    stuck = watch.weigh([look.look(ITEM, {"topic": "refund"}, BRIEF)] * 60, state, off=(), at=9.0)[1]
    alarm = stuck.meters[watch.ANSWERS].alarm
    assert alarm is not None
    assert (alarm.label, alarm.at) == ("topic refund", 9.0)


def test_what_is_remembered_survives_json_and_unreadable_memories_are_refused() -> None:
    state = watch.weigh([look.look(ITEM, {"topic": "refund", "reply": REPLY}, BRIEF)] * 5, State(), off=(), at=0.0)[1]
    stored = json.loads(json.dumps(state.to_json(), allow_nan=False))
    assert State.from_json(stored).to_json() == state.to_json()
    assert State.from_json({}).looked == 0
    changes: list[dict[str, object]] = [
        {"prints": [["zz", "zz"]]},
        {"meters": {}},
        {"profile": 3},
        {"looked": None},
        {"found": []},
    ]
    for change in changes:
        with pytest.raises(ValueError, match=r"."):
            State.from_json(stored | change)


@settings(max_examples=150, deadline=None)
@given(item=VALUES, answer=VALUES, answered=some.booleans())
def test_whatever_comes_in_it_ends_and_can_be_stored(item: object, answer: object, answered: bool) -> None:
    for schema in (ANSWERS, {}, {"type": "string"}):
        one = look.look(item, answer, Brief(ITEMS, schema, PROMPT), answered=answered)
        sights, state = watch.weigh([one, one], State(), off=(), at=0.0)
        json.dumps([finding.to_json() for finding in sights[0].findings], allow_nan=False)
        json.dumps(state.to_json(), allow_nan=False)


def test_every_sentinel_has_a_title_and_a_sentence() -> None:
    assert set(TITLES) == set(SENTENCES) == set(Sentinel)
