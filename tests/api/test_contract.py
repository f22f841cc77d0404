"""The API beside its own document: whatever is asked, by whomever, the answer is one that the document knows.

Some hundred seeded questions here; `make contract` asks twenty thousand.
"""

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.contrib.auth.models import User
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection, transaction
from hypothesis import strategies
from limits import RateLimitItemPerMinute
from schemathesis.checks import not_a_server_error
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks as known

from slider.api import keys as api_keys
from slider.models import OF_PROGRAMS, Endpoint, Role, Scope
from slider.wsgi import application
from tests import casts
from tests.api.calls import TERMS, Things, things
from tests.api.conftest import Caller

CASES = int(os.environ.get("CONTRACT_CASES", "400"))
CALLERS = [*(role.value for role in Role), *(f"program: {scope.value}" for scope in OF_PROGRAMS)]
EACH = max(1, CASES // (len(TERMS) * len(CALLERS)))
asked: Counter[str] = Counter()


@pytest.fixture
def company(cast: casts.Company, monkeypatch: pytest.MonkeyPatch) -> Things:
    made = things(casts.everybody(cast))
    Endpoint.objects.create(task=cast.task, url="https://hooks.example.org/a")
    with connection.cursor() as cursor:  # to think of a question may take seconds; the transaction is the test's
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    monkeypatch.setattr(api_keys, "RATE", RateLimitItemPerMinute(10**9, namespace="contract"))
    return made


@pytest.fixture
def one_connection() -> Iterator[None]:
    """A request leaves the test's connection open, with the transaction that unmakes all of it."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def schema(company: Things, one_connection: None) -> Any:
    return _schema()


@cache
def _schema() -> Any:
    """Read once: what is made of its parts to ask with is large, and the same for everybody."""
    plain = schemathesis.Config.from_dict({"generation": {"with-security-parameters": False}})  # the key is ours
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application, config=plain)


def key_of(company: Things, who: str, acts_for: Callable[..., Caller], make_key: Callable[..., str]) -> str:
    if who.startswith("program: "):
        return make_key(Scope(who.removeprefix("program: ")))
    return acts_for(User.objects.get(username=who)).key


@contextmanager
def undone() -> Iterator[None]:
    """What is done in here is unmade."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def is_positive(case: Any, where: ParameterLocation) -> bool:
    part = case.meta.components.get(where) if case.meta is not None else None
    return part is None or part.mode == GenerationMode.POSITIVE


def aim(case: Any, company: Things, astray: int) -> None:
    """Mostly ask for things that exist, under the claim that holds: else nearly every answer is a 404 or a 409."""
    if case.path_parameters and astray < 3 and is_positive(case, ParameterLocation.PATH):
        case.path_parameters = {name: company.names[name] for name in case.path_parameters}
    claims = isinstance(case.body, dict) and "token" in case.body and is_positive(case, ParameterLocation.BODY)
    if claims and astray < 2:
        case.body["token"] = 1


CHECKS = [
    not_a_server_error,
    known.status_code_conformance,
    known.content_type_conformance,
    known.response_headers_conformance,
    known.response_schema_conformance,
    known.negative_data_rejection,
]


@pytest.mark.timeout(14_400)
@pytest.mark.parametrize("who", CALLERS)
def test_every_answer_is_one_that_the_document_knows(
    company: Things, schema: Any, acts_for: Callable[..., Caller], make_key: Callable[..., str], who: str
) -> None:
    key = key_of(company, who, acts_for, make_key)
    seen: Counter[int] = Counter()
    for place, (method, path) in enumerate(TERMS):
        if EACH < 2 and who != Role.ADMIN and (place + CALLERS.index(who)) % 3:
            continue  # of a few questions everybody is asked some, and whoever may most all of them
        operation = schema[f"/api/v1{path}"][method]
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            if mode is GenerationMode.NEGATIVE and EACH < 2 and (len(path) + len(who)) % 2:
                continue  # of a few questions half of the calls are asked nonsense, and of the many all

            @hypothesis.seed(len(path) * 1000 + len(who))
            @hypothesis.settings(
                max_examples=max(1, EACH // 2),
                database=None,
                deadline=None,
                phases=[hypothesis.Phase.generate],
                suppress_health_check=list(hypothesis.HealthCheck),
            )
            @hypothesis.given(case=operation.as_strategy(generation_mode=mode), astray=strategies.integers(0, 3))
            def ask(case: Any, astray: int) -> None:
                aim(case, company, astray)
                with undone():
                    response = case.call(headers={"Authorization": f"Bearer {key}"})
                seen[response.status_code] += 1
                case.validate_response(response, checks=CHECKS, headers={"Authorization": f"Bearer {key}"})

            try:
                ask()
            except hypothesis.errors.Unsatisfiable:
                assert mode is GenerationMode.NEGATIVE  # nothing can be wrong with a call that takes nothing
    sys.stdout.write(f"\n{who}: {sum(seen.values())} cases, {dict(sorted(seen.items()))}\n")
    assert not {status for status in seen if status >= 500}
    assert 401 not in seen
    assert seen[403] or who == Role.ADMIN
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM slider_review WHERE state = 'held'")
        assert cursor.fetchone() == (1,)


@pytest.mark.timeout(14_400)
def test_one_call_after_the_other_keeps_to_the_document(
    company: Things, schema: Any, acts_for: Callable[..., Caller]
) -> None:
    """Calls that follow on one another: what an answer names is asked for next."""
    key = acts_for(company.cast.admin).key

    class Walk(schema.as_state_machine()):  # type: ignore[misc]  # made at run time
        def setup(self) -> None:
            """Each walk begins at the same place: the same steps must lead to the same answers."""
            self.steps, self.walk = 0, undone()
            self.walk.__enter__()

        def teardown(self) -> None:
            self.walk.__exit__(None, None, None)

        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"headers": {"Authorization": f"Bearer {key}"}}

        def before_call(self, case: Any) -> None:
            aim(case, company, self.steps % 4)
            self.steps += 1
            if "key_id" in (case.path_parameters or {}):
                case.path_parameters = {"key_id": "1"}  # nobody ends the key that asks

        def validate_response(self, response: Any, case: Any, **more: Any) -> None:
            asked[str(response.status_code)] += 1
            case.validate_response(response, checks=CHECKS[:-1])

    Walk.run(
        settings=hypothesis.settings(
            max_examples=max(3, CASES // 2000),
            stateful_step_count=10,
            database=None,
            deadline=None,
            derandomize=True,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
    )
    sys.stdout.write(f"\nin a row: {asked.total()} calls, {dict(sorted(asked.items()))}\n")
    assert asked.total() >= 20
    assert asked["401"] <= asked.total() // 10  # whoever asks has not shut itself out
