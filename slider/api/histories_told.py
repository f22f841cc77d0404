"""Histories as the API tells them: what the page of one shows, as numbers and words."""

from dataclasses import asdict
from typing import Any

from slider.flow.past import saying
from slider.flow.past.meaning import Meaning
from slider.flow.past.survey import Column
from slider.models import Gauge, Past, PastState, Policy
from slider.queries import past as reads

COUNTS = (
    *("read", "rows", "right", "wrong", "others", "elsewhere", "unlabelled", "identical", "contradicting", "live"),
    *("used", "refused"),
)
_CLOSED = (PastState.READING, PastState.FAILED, PastState.DROPPED)


def brief(past: Past) -> dict[str, Any]:
    """One of a list."""
    return {
        "id": past.pk,
        "task": past.task.slug,
        "name": past.name,
        "state": past.state,
        "problem": past.findings.get("problem", ""),
        "import_id": past.file_id,
        "rows": past.rows,
        "by": past.by.get_username() if past.by else None,
        "policy": past.policy.number if past.policy else None,
        "created_at": past.created_at,
    }


def whole(past: Past) -> dict[str, Any]:
    """One with all that its page shows."""
    policy = Gauge.objects.select_related("policy__worker").get(pk=past.task_id).policy
    is_open = bool(past.findings) and past.state not in _CLOSED
    return brief(past) | {
        "expected": policy.number,
        "worker": str(past.worker or ""),
        "is_current": past.worker_id == policy.worker_id,
        "columns": [_column(Column.from_json(one)) for one in past.columns],
        "meaning": asdict(Meaning.from_json(past.answers)) if past.answers else None,
        "found": _found(past) if is_open else None,
        "proof": _proof(past, past.policy or policy) if is_open else None,
    }


def _column(column: Column) -> dict[str, Any]:
    has_numbers = column.numbers > 0
    return {
        "name": column.name,
        "filled": column.filled,
        "numeric": column.is_numeric,
        "least": column.least if has_numbers else None,
        "most": column.most if has_numbers else None,
        "examples": column.examples,
    }


def _found(past: Past) -> dict[str, Any]:
    found, asked = past.findings, past.findings.get("questions", [])
    return {
        "counts": {name: found.get(name, 0) for name in COUNTS},
        "read_as": "" if {"task", "model"} & set(asked) else reads.read_as(past).words,
        "order": reads.order_words(past),
        "signals": found["signals"],
        "questions": [
            {
                "code": code,
                "words": reads.question(code, past),
                "choices": [{"value": value, "words": words} for value, words in saying.choices(code, past)],
            }
            for code in asked
        ],
        "barriers": found["barriers"],
        "warnings": found["warnings"],
    }


def _proof(past: Past, policy: Policy) -> dict[str, Any] | None:
    proof = reads.proof(past, policy)
    return None if proof is None else asdict(proof) | {"words": proof.words}
