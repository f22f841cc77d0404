"""A history goes the whole way by the API: sent, asked about, read anew, put into force, or dropped."""

from collections.abc import Callable
from typing import Any

import pytest

from slider.models import Entry, Gauge, Mode, Past, PastState, Scope
from tests import casts, logs, pasts, stages
from tests.api.conftest import Caller, error

ODD = "id,sureness,thumbs\n" + "".join(f"{n},{n % 97 + 1},{'no' if n % 9 else 'yes'}\n" for n in range(200))
COLUMNS = {
    "correct": "thumbs",
    "says": "wrong",
    "id": "id",
    "signals": {"token_logodds": {"column": "sureness", "way": "percent"}},
}


staged = stages.of_module(lambda: casts.company(share=0.9, mode=Mode.GUARDED, error_limit=0.05))


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


@pytest.fixture
def tuner(cast: casts.Company, acts_for: Callable[..., Caller]) -> Caller:
    return acts_for(cast.tuner, Scope.INTAKE, Scope.STEER)


def flipped() -> bytes:
    return pasts.jsonl([row | {"correct": 1 - row["correct"]} for row in pasts.rows(300)])


def test_it_goes_from_a_file_to_a_share_by_calls_alone(cast: casts.Company, tuner: Caller) -> None:
    logs.link_now()
    path = f"/tasks/{cast.task.slug}/imports?name=march.jsonl&purpose=history"
    sent = tuner("POST", path, pasts.jsonl(pasts.rows(1200))).json()
    one = f"/histories/{sent['history']}"
    told = tuner("GET", one).json()
    assert (told["state"], told["found"], told["import_id"]) == ("reading", None, sent["id"])
    pasts.read(Past.objects.get())
    told = tuner("GET", one).json()
    assert (told["state"], told["rows"], told["found"]["questions"]) == ("ready", 1200, [])
    assert told["proof"]["cap"] > 0.5
    assert told["proof"]["words"].startswith("1,200 rows vouch for")
    assert told["meaning"]["correct"] == "correct"
    assert told["found"]["counts"]["rows"] == 1200
    said = {"reason": "all of March was judged", "expected": told["expected"]}
    done = tuner("POST", f"{one}/confirm", said)
    assert (done.status_code, done.json()["state"]) == (200, "in_force"), done.content
    policy = Gauge.objects.get(pk=cast.task.pk).policy
    assert (done.json()["policy"], policy.made_by_id) == (policy.number, cast.tuner.pk)
    assert policy.effective > 0.5
    assert policy.reason == "from history: 1,200 rows of march.jsonl: all of March was judged"
    assert {example for column in done.json()["columns"] for example in column["examples"]} == set()
    entry = Entry.objects.filter(kind="slider").latest("pk")
    assert (entry.by_id, entry.via[:4]) == (cast.tuner.pk, "key ")
    for refused in (tuner("POST", f"{one}/confirm", said), tuner("DELETE", one)):
        assert refused.status_code == 409


def test_a_question_is_asked_with_its_choices_and_answered(cast: casts.Company, tuner: Caller) -> None:
    past = pasts.bring(cast, flipped())
    one = f"/histories/{past.pk}"
    told = tuner("GET", one).json()
    (question,) = told["found"]["questions"]
    assert (told["state"], question["code"], told["proof"]) == ("asking", "reading", None)
    assert [choice["value"] for choice in question["choices"]] == ["straight", "flipped"]
    early = tuner("POST", f"{one}/confirm", {"reason": "x", "expected": 1})
    assert (early.status_code, error(early)["code"]) == (409, "not_ready")
    answered = tuner("POST", f"{one}/read", {"answers": {"reading": "flipped"}})
    assert (answered.status_code, answered.json()["state"]) == (202, "reading")
    busy = tuner("POST", f"{one}/read", {"answers": {"reading": "straight"}})
    assert (busy.status_code, error(busy)["code"]) == (409, "not_asking")
    past = pasts.read(past)
    assert (past.state, past.answers["reading"]) == (PastState.READY, "flipped")
    assert tuner("GET", one).json()["meaning"]["reading"] == "flipped"


def test_whose_rows_they_are_is_asked(cast: casts.Company, tuner: Caller) -> None:
    rows = [row | {"model": "reader" if n % 2 else "other"} for n, row in enumerate(pasts.rows(200))]
    past = pasts.bring(cast, pasts.jsonl(rows))
    told = tuner("GET", f"/histories/{past.pk}").json()
    (question,) = told["found"]["questions"]
    assert {choice["value"] for choice in question["choices"]} == {"reader", "other", "-"}
    assert (question["code"], told["found"]["read_as"]) == ("model", "")
    wrong = tuner("POST", f"/histories/{past.pk}/read", {"answers": {"model": "third"}})
    assert (wrong.status_code, error(wrong)["where"]) == (422, "/answers/model")
    assert tuner("POST", f"/histories/{past.pk}/read", {"answers": {"model": "reader"}}).status_code == 202
    assert pasts.read(past).rows == 100


def test_columns_are_named_by_hand(cast: casts.Company, tuner: Caller) -> None:
    past = pasts.bring(cast, ODD.encode(), "odd.csv")
    told = tuner("GET", f"/histories/{past.pk}").json()
    assert [one["code"] for one in told["found"]["questions"]] == ["outcome"]
    assert [(one["name"], one["numeric"]) for one in told["columns"]] == [
        ("id", True),
        ("sureness", True),
        ("thumbs", False),
    ]
    assert tuner("POST", f"/histories/{past.pk}/read", {"columns": COLUMNS}).status_code == 202
    past = pasts.read(past)
    assert (past.state, past.findings["right"]) == (PastState.READY, 177)
    assert past.answers["signals"] == {"token_logodds": {"column": "sureness", "way": "percent"}}


def test_a_way_that_is_not_said_is_read_off_the_column(cast: casts.Company, tuner: Caller) -> None:
    past = pasts.bring(cast, ODD.encode(), "odd.csv")
    said = COLUMNS | {"signals": {"stated": {"column": "sureness"}}}
    meant = tuner("POST", f"/histories/{past.pk}/read", {"columns": said}).json()["meaning"]
    assert meant["signals"] == {"stated": {"column": "sureness", "way": "percent"}}


@pytest.mark.parametrize(
    ("sent", "status", "where"),
    [
        ({}, 422, ""),
        ({"columns": COLUMNS, "answers": {}}, 422, ""),
        ({"columns": COLUMNS | {"correct": ""}}, 422, "/columns/correct"),
        ({"columns": COLUMNS | {"correct": "elsewhere"}}, 422, "/columns/correct"),
        ({"columns": COLUMNS | {"correct": "sureness"}}, 422, "/columns/correct"),
        ({"columns": COLUMNS | {"signals": {}}}, 422, "/columns/signals"),
        ({"columns": COLUMNS | {"signals": {"mood": {"column": "sureness"}}}}, 400, "/columns/signals/mood/[key]"),
        ({"columns": COLUMNS | {"signals": {"stated": {"column": "thumbs"}}}}, 422, "/columns/correct"),
        ({"columns": COLUMNS | {"propensity": "thumbs"}}, 422, "/columns/propensity"),
        ({"columns": COLUMNS | {"keep": ["id", "nowhere"]}}, 422, "/columns/keep/1"),
        ({"columns": COLUMNS | {"keep": ["sureness"]}}, 422, "/columns/keep/0"),
        ({"columns": COLUMNS | {"own_model": "x"}}, 400, "/columns/own_model"),
        ({"answers": {"reading": "flipped"}}, 422, "/answers/reading"),
        ({"answers": {}}, 422, "/answers"),
    ],
)
def test_what_can_not_be_is_said_at_its_place_and_changes_nothing(
    cast: casts.Company, tuner: Caller, sent: dict[str, Any], status: int, where: str
) -> None:
    past = pasts.bring(cast, ODD.encode(), "odd.csv")
    answer = tuner("POST", f"/histories/{past.pk}/read", sent)
    assert (answer.status_code, error(answer)["where"]) == (status, where)
    past.refresh_from_db()
    assert past.state == PastState.ASKING


def test_a_slider_that_was_moved_meanwhile_is_not_overruled(cast: casts.Company, tuner: Caller) -> None:
    past = pasts.bring(cast, pasts.jsonl(pasts.rows(60)))
    tuner("POST", f"/tasks/{cast.task.slug}/slider", {"share": 0.05, "reason": "less"})
    late = tuner("POST", f"/histories/{past.pk}/confirm", {"reason": "fair", "expected": 1})
    assert (late.status_code, error(late)["code"], error(late)["where"]) == (409, "superseded", "/expected")
    blank = tuner("POST", f"/histories/{past.pk}/confirm", {"reason": " ", "expected": 2})
    assert (blank.status_code, error(blank)["where"]) == (422, "/reason")
    assert tuner("POST", f"/histories/{past.pk}/confirm", {"reason": "fair", "expected": 2}).status_code == 200


def test_a_dropped_one_leaves_the_list_and_is_told_as_such(cast: casts.Company, tuner: Caller) -> None:
    first = pasts.bring(cast, pasts.jsonl(pasts.rows(60)), "a.jsonl")
    second = pasts.bring(cast, pasts.jsonl(pasts.rows(60, seed=2)), "b.jsonl")
    listing = f"/tasks/{cast.task.slug}/histories"
    page = tuner("GET", f"{listing}?limit=1").json()
    rest = tuner("GET", f"{listing}?limit=1&after={page['next']}").json()
    assert [one["id"] for one in (*page["histories"], *rest["histories"])] == [second.pk, first.pk]
    assert (rest["histories"][0]["by"], rest["next"]) == ("tuner", None)
    assert [tuner("DELETE", f"/histories/{first.pk}").status_code for _ in range(2)] == [204, 204]
    assert [one["id"] for one in tuner("GET", listing).json()["histories"]] == [second.pk]
    told = tuner("GET", f"/histories/{first.pk}").json()
    assert (told["state"], told["found"], told["rows"]) == ("dropped", None, 0)
    assert tuner("POST", f"/histories/{first.pk}/read", {"columns": COLUMNS}).status_code == 409


def test_a_file_that_can_not_be_read_says_why(cast: casts.Company, tuner: Caller) -> None:
    past = pasts.bring(cast, b"id,token_logodds,correct\n", "empty.csv")
    told = tuner("GET", f"/histories/{past.pk}").json()
    assert (told["state"], "no rows" in told["problem"]) == ("failed", True)


def test_a_program_looks_and_drops_and_puts_nothing_into_force(
    cast: casts.Company, make_key: Callable[..., str]
) -> None:
    program, past = Caller(make_key(Scope.INTAKE)), pasts.bring(cast, pasts.jsonl(pasts.rows(60)))
    assert program("GET", f"/histories/{past.pk}").json()["state"] == "ready"
    refused = program("POST", f"/histories/{past.pk}/confirm", {"reason": "x", "expected": 1})
    assert (refused.status_code, error(refused)["code"]) == (403, "scope")
    assert program("DELETE", f"/histories/{past.pk}").status_code == 204
