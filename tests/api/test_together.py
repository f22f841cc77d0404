"""Like items by the API: groups, one verdict for several that are stored singly, and never an audit or known answer."""

from collections.abc import Callable
from typing import Any

import pytest

from slider.engine import together as coins
from slider.flow import together
from slider.models import Publication, Review, ReviewKind, ReviewState, Undone
from tests import casts, stages
from tests.api.conftest import Caller, error
from tests.flow.test_together import gates

staged = stages.of_module(lambda: casts.company(undo_s=60))


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


@pytest.fixture
def ben(cast: casts.Company, acts_for: Callable[..., Caller]) -> Caller:
    return acts_for(cast.reviewer)


def path(cast: casts.Company, rest: str = "") -> str:
    return f"/tasks/{cast.task.slug}/together{rest}"


def test_likes_are_listed_with_their_groups_and_narrowed(cast: casts.Company, ben: Caller) -> None:
    refunds = gates(cast, 10)
    others = gates(cast, 10, answer={"topic": "other", "urgent": True}, start=10)
    told = ben("GET", path(cast)).json()
    assert [one["id"] for one in told["looks"]] == [look.pk for look in (*refunds, *others)]
    assert told["looks"][0]["answer"].startswith("Topic: refund")
    assert not told["more"]
    counts = {one["value"]: one["count"] for one in told["answers"]}
    assert counts['topic="other"'] == len(others)
    assert [one["count"] for one in told["whys"]] == [len(refunds) + len(others)]
    for query in ('answer=topic="other"', f"like={others[0].pk}"):
        narrowed = ben("GET", path(cast, f"?{query}")).json()
        assert [one["id"] for one in narrowed["looks"]] == [look.pk for look in others], query
    assert ben("GET", path(cast, "?why=no_answer")).json()["looks"] == []


@pytest.mark.parametrize(
    ("query", "where"),
    [("why=audit", "why"), ("like=0", "like"), ("like=x", "like"), (f"answer={'x' * 1001}", "answer")],
)
def test_a_filter_that_is_none_is_refused(cast: casts.Company, ben: Caller, query: str, where: str) -> None:
    answer = ben("GET", path(cast, f"?{query}"))
    assert (answer.status_code, error(answer)["code"], error(answer)["where"]) == (400, "filter", where)


def test_several_are_decided_singly_and_taken_back(cast: casts.Company, ben: Caller) -> None:
    ids = [look.pk for look in gates(cast, 12)]
    said = {"looks": ids + ids[:1], "verdict": "accept"}
    assert ben("POST", path(cast), said, Idempotency_Key="a").json() == {"done": ids, "left": []}
    assert ben("POST", path(cast), said, Idempotency_Key="a").json() == {"done": ids, "left": []}
    again = ben("POST", path(cast), said).json()
    assert (again["done"], {one["words"] for one in again["left"]}) == ([], {together.NOT_OFFERED})
    assert Publication.objects.count() == len(ids)
    looks = Review.objects.filter(pk__in=ids)
    assert {(one.verdict, one.holder, one.taken_at) for one in looks} == {("accept", cast.reviewer, None)}
    told = ben("GET", path(cast)).json()["said"]
    assert {one["id"] for one in told} == set(ids)
    assert all(0 < one["left_s"] <= 60 for one in told)
    back = ben("POST", path(cast, "/undo"), {"looks": ids}).json()
    assert (set(back["done"]), back["left"]) == (set(ids), [])
    assert Undone.objects.count() == len(ids)
    assert ben("GET", path(cast)).json()["said"] == []
    assert ben("POST", path(cast, "/undo"), {"looks": ids}).json() == {"done": [], "left": []}


@pytest.mark.parametrize(
    ("change", "status", "where"),
    [
        ({"looks": []}, 400, "/looks"),
        ({"looks": list(range(1, 102))}, 400, "/looks"),
        ({"looks": [0]}, 400, "/looks/0"),
        ({"looks": ["1"]}, 400, "/looks/0"),
        ({"verdict": "fix"}, 400, "/verdict"),
        ({"verdict": "reject"}, 422, "/reason"),
        ({"verdict": "reject", "reason": "<b>"}, 422, "/reason"),
    ],
)
def test_what_is_wrong_is_said_at_its_place_and_nothing_is_decided(
    cast: casts.Company, ben: Caller, change: dict[str, Any], status: int, where: str
) -> None:
    ids = [look.pk for look in gates(cast, 6)]
    answer = ben("POST", path(cast), {"looks": ids, "verdict": "accept"} | change)
    assert (answer.status_code, error(answer)["where"]) == (status, where)
    assert not Review.objects.filter(state=ReviewState.DECIDED).exists()


def test_an_audit_and_a_known_answer_are_never_listed_and_refused_in_the_words_of_what_is_not_offered(
    cast: casts.Company, ben: Caller
) -> None:
    looks = gates(cast, 20)
    gate = Review.objects.exclude(pk__in=[one.pk for one in looks]).filter(kind=ReviewKind.GATE).first()
    assert gate is not None  # one that the coin leaves out
    casts.decide(cast.colleague, cast.task)
    known = Review.objects.create(item_id=Review.objects.get(state="decided").item_id, task=cast.task, kind="known")
    audits = [Review.objects.get(item=casts.audited(cast.task, f"a{n}")) for n in range(6)]
    may = coins.offered(bytes(cast.task.coin_secret), [one.item_id for one in audits])
    assert any(may)  # by its coin alone it would be offered
    hidden = [known.pk, gate.pk, *[one.pk for one in audits]]
    assert not {one["id"] for one in ben("GET", path(cast)).json()["looks"]} & set(hidden)
    told = ben("POST", path(cast), {"looks": [*hidden, 2**62], "verdict": "accept"}).json()
    assert told["done"] == []
    assert told["left"] == [{"id": one, "words": together.NOT_OFFERED} for one in [*hidden, 2**62]]


def test_what_somebody_else_decided_is_not_taken_back(
    cast: casts.Company, ben: Caller, acts_for: Callable[..., Caller]
) -> None:
    ids = [look.pk for look in gates(cast, 8)]
    assert ben("POST", path(cast), {"looks": ids, "verdict": "accept"}).json()["done"] == ids
    assert acts_for(cast.colleague)("POST", path(cast, "/undo"), {"looks": ids}).json() == {"done": [], "left": []}
    assert Review.objects.filter(state=ReviewState.DECIDED).count() == len(ids)
