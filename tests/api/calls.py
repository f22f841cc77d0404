"""Every call of the API with what it takes, for tests that make them all."""

import io
from dataclasses import dataclass, field
from typing import Any

from slider.flow import asking, endpoints, imports, invitations, notices, presence
from slider.models import Import, Mode, Notice, NoticeKind, Role, Scope
from tests import casts, files_out, pasts

# What each call takes: a scope, and the right that the person's role must give. None: any key may.
TERMS: dict[tuple[str, str], tuple[Scope | None, str]] = {
    ("GET", "/me"): (None, ""),
    ("GET", "/members"): (Scope.LEAD, "lead"),
    ("PUT", "/members/{member_id}/skills"): (Scope.LEAD, "lead"),
    ("GET", "/seats"): (Scope.ADMINISTER, "administer"),
    ("GET", "/members/{member_id}"): (Scope.ADMINISTER, "administer"),
    ("DELETE", "/members/{member_id}"): (Scope.ADMINISTER, "administer"),
    ("PUT", "/members/{member_id}/role"): (Scope.ADMINISTER, "administer"),
    ("PUT", "/members/{member_id}/active"): (Scope.ADMINISTER, "administer"),
    ("GET", "/invitations"): (Scope.ADMINISTER, "administer"),
    ("POST", "/invitations"): (Scope.ADMINISTER, "administer"),
    ("DELETE", "/invitations/{invitation_id}"): (Scope.ADMINISTER, "administer"),
    ("GET", "/tasks"): (Scope.READ, "see"),
    ("POST", "/tasks"): (Scope.EDIT, "edit task"),
    ("GET", "/tasks/{task}"): (Scope.READ, "see"),
    ("GET", "/tasks/{task}/settings"): (Scope.READ, "see items"),
    ("PATCH", "/tasks/{task}/settings"): (Scope.EDIT, "edit task"),
    ("PUT", "/tasks/{task}/pause"): (Scope.EDIT, "edit task"),
    ("GET", "/tasks/{task}/workers"): (Scope.READ, "edit task"),
    ("PATCH", "/tasks/{task}/worker"): (Scope.EDIT, "edit task"),
    ("PUT", "/tasks/{task}/fallback"): (Scope.EDIT, "edit task"),
    ("DELETE", "/tasks/{task}/fallback"): (Scope.EDIT, "edit task"),
    ("POST", "/tasks/{task}/items"): (Scope.INTAKE, "intake"),
    ("GET", "/tasks/{task}/items"): (Scope.READ, "see items"),
    ("POST", "/tasks/{task}/imports"): (Scope.INTAKE, "intake"),
    ("GET", "/tasks/{task}/imports"): (Scope.INTAKE, "intake"),
    ("GET", "/imports/{import_id}"): (Scope.INTAKE, "intake"),
    ("GET", "/imports/{import_id}/refused"): (Scope.INTAKE, "intake"),
    ("POST", "/imports/{import_id}/start"): (Scope.INTAKE, "intake"),
    ("DELETE", "/imports/{import_id}"): (Scope.INTAKE, "intake"),
    ("GET", "/tasks/{task}/histories"): (Scope.INTAKE, "intake"),
    ("GET", "/histories/{history_id}"): (Scope.INTAKE, "intake"),
    ("POST", "/histories/{history_id}/read"): (Scope.INTAKE, "intake"),
    ("POST", "/histories/{history_id}/confirm"): (Scope.STEER, "steer"),
    ("DELETE", "/histories/{history_id}"): (Scope.INTAKE, "intake"),
    ("GET", "/tasks/{task}/results"): (Scope.READ, "export"),
    ("GET", "/items/{item_id}"): (Scope.READ, "see items"),
    ("POST", "/items/{item_id}/withdraw"): (Scope.INTAKE, "intake"),
    ("POST", "/items/{item_id}/corrections"): (Scope.REVIEW, "review"),
    ("DELETE", "/items/{item_id}/corrections/{correction_id}"): (Scope.REVIEW, "review"),
    ("POST", "/reviews/next"): (Scope.REVIEW, "review"),
    ("GET", "/reviews/{review_id}"): (Scope.REVIEW, "review"),
    ("POST", "/reviews/{review_id}/decide"): (Scope.REVIEW, "review"),
    ("POST", "/reviews/{review_id}/own"): (Scope.REVIEW, "review"),
    ("POST", "/reviews/{review_id}/skip"): (Scope.REVIEW, "review"),
    ("POST", "/reviews/{review_id}/give"): (Scope.REVIEW, "review"),
    ("POST", "/reviews/{review_id}/undo"): (Scope.REVIEW, "review"),
    ("POST", "/reviews/{review_id}/stay"): (Scope.REVIEW, "review"),
    ("GET", "/tasks/{task}/together"): (Scope.REVIEW, "review"),
    ("POST", "/tasks/{task}/together"): (Scope.REVIEW, "review"),
    ("POST", "/tasks/{task}/together/undo"): (Scope.REVIEW, "review"),
    ("GET", "/tasks/{task}/lead"): (Scope.LEAD, "lead"),
    ("POST", "/reviews/{review_id}/release"): (Scope.LEAD, "lead"),
    ("GET", "/items/{item_id}/looks"): (Scope.LEAD, "lead"),
    ("POST", "/reviews/{review_id}/assign"): (Scope.LEAD, "lead"),
    ("GET", "/tasks/{task}/flags"): (Scope.LEAD, "lead"),
    ("POST", "/reviews/{review_id}/flag/answer"): (Scope.REVIEW, "lead"),
    ("POST", "/reviews/{review_id}/flag/take-off"): (Scope.LEAD, "lead"),
    ("GET", "/tasks/{task}/reviewers"): (Scope.ADMINISTER, "administer"),
    ("POST", "/tasks/{task}/reviewers/{member_id}/let-in"): (Scope.ADMINISTER, "administer"),
    ("POST", "/reviews/{review_id}/settle"): (Scope.ADMINISTER, "administer"),
    ("POST", "/items/{item_id}/known"): (Scope.ADMINISTER, "administer"),
    ("DELETE", "/items/{item_id}/known"): (Scope.ADMINISTER, "administer"),
    ("GET", "/my-work"): (Scope.REVIEW, "review"),
    ("GET", "/tasks/{task}/notices"): (Scope.READ, "see"),
    ("GET", "/notices"): (Scope.READ, "see"),
    ("POST", "/notices/{notice_id}/seen"): (Scope.READ, "see"),
    ("GET", "/tasks/{task}/slider"): (Scope.READ, "see"),
    ("GET", "/tasks/{task}/slider/preview"): (Scope.READ, "see"),
    ("POST", "/tasks/{task}/slider"): (Scope.STEER, "steer"),
    ("POST", "/tasks/{task}/slider/put-back"): (Scope.STEER, "steer"),
    ("POST", "/tasks/{task}/slider/pull-back"): (Scope.STEER, "pull back"),
    ("POST", "/tasks/{task}/slider/release"): (Scope.STEER, "steer"),
    ("GET", "/tasks/{task}/slider/history"): (Scope.READ, "see"),
    ("GET", "/tasks/{task}/quality"): (Scope.READ, "see"),
    ("GET", "/tasks/{task}/export"): (Scope.EXPORT, "export"),
    ("POST", "/tasks/{task}/exports"): (Scope.EXPORT, "export"),
    ("GET", "/tasks/{task}/exports"): (Scope.EXPORT, "export"),
    ("GET", "/exports/{export_id}"): (Scope.EXPORT, "export"),
    ("GET", "/exports/{export_id}/content"): (Scope.EXPORT, "export"),
    ("DELETE", "/exports/{export_id}"): (Scope.EXPORT, "export"),
    ("GET", "/tasks/{task}/webhooks"): (Scope.ADMINISTER, "operate"),
    ("POST", "/tasks/{task}/webhooks"): (Scope.ADMINISTER, "administer"),
    ("GET", "/tasks/{task}/webhooks/{endpoint_id}"): (Scope.ADMINISTER, "operate"),
    ("PATCH", "/tasks/{task}/webhooks/{endpoint_id}"): (Scope.ADMINISTER, "administer"),
    ("POST", "/tasks/{task}/webhooks/{endpoint_id}/secret"): (Scope.ADMINISTER, "administer"),
    ("POST", "/tasks/{task}/webhooks/{endpoint_id}/test"): (Scope.ADMINISTER, "operate"),
    ("GET", "/tasks/{task}/webhooks/{endpoint_id}/deliveries"): (Scope.ADMINISTER, "operate"),
    ("GET", "/tasks/{task}/webhooks/{endpoint_id}/deliveries/{delivery_id}"): (Scope.ADMINISTER, "operate"),
    ("GET", "/tasks/{task}/webhooks/{endpoint_id}/replay"): (Scope.ADMINISTER, "operate"),
    ("POST", "/tasks/{task}/webhooks/{endpoint_id}/replay"): (Scope.ADMINISTER, "operate"),
    ("DELETE", "/tasks/{task}/webhooks/{endpoint_id}"): (Scope.ADMINISTER, "administer"),
    ("GET", "/fleet"): (Scope.ADMINISTER, "operate"),
    ("GET", "/tasks/{task}/fleet"): (Scope.ADMINISTER, "operate"),
    ("PUT", "/tasks/{task}/stance"): (Scope.ADMINISTER, "operate"),
    ("GET", "/fleet/hosts/{host}"): (Scope.ADMINISTER, "operate"),
    ("PUT", "/fleet/hosts/{host}/stance"): (Scope.ADMINISTER, "operate"),
    ("GET", "/tasks/{task}/requeue"): (Scope.ADMINISTER, "operate"),
    ("POST", "/tasks/{task}/requeue"): (Scope.ADMINISTER, "operate"),
    ("GET", "/tasks/{task}/privacy"): (Scope.ADMINISTER, "administer"),
    ("PUT", "/tasks/{task}/privacy"): (Scope.ADMINISTER, "administer"),
    ("POST", "/tasks/{task}/privacy/preview"): (Scope.ADMINISTER, "administer"),
    ("POST", "/items/{item_id}/erase"): (Scope.ADMINISTER, "administer"),
    ("POST", "/subjects"): (Scope.ADMINISTER, "administer"),
    ("GET", "/keys"): (Scope.ADMINISTER, "administer"),
    ("POST", "/keys"): (Scope.ADMINISTER, "administer"),
    ("DELETE", "/keys/{key_id}"): (Scope.ADMINISTER, "administer"),
    ("GET", "/log"): (Scope.ADMINISTER, "see log"),
    ("GET", "/log/head"): (Scope.ADMINISTER, "see log"),
    ("GET", "/log/export"): (Scope.ADMINISTER, "see log"),
    ("GET", "/site/log"): (Scope.ADMINISTER, "see log"),
    ("GET", "/site/log/head"): (Scope.ADMINISTER, "see log"),
    ("GET", "/site/log/export"): (Scope.ADMINISTER, "see log"),
}


@dataclass(frozen=True, slots=True)
class Things:
    """What the paths of a company name."""

    cast: casts.Company
    names: dict[str, str] = field(default_factory=dict)

    def path(self, route: str) -> str:
        return route.format(**self.names)


def things(cast: casts.Company) -> Things:
    """A company with something behind every kind of path: a look that its reviewer holds, a key, a result, a file."""
    endpoint = endpoints.make(cast.task, url="https://hooks.example.org/a").endpoint
    casts.one(cast.task, "m1")
    held = casts.take(cast.reviewer, cast.task)
    presence.show(presence.Life("alpha", 7, "work@alpha", "work", cast.task.pk, "reader", 3, 2))
    names = {
        "task": cast.task.slug,
        "item_id": held.item_id,
        "review_id": held.pk,
        "member_id": cast.colleague.pk,
        "correction_id": 1,
        "key_id": 1,
        "export_id": files_out.made(cast.task, by=cast.admin).pk,
        "endpoint_id": endpoint.pk,
        "delivery_id": endpoints.test(endpoint).pk,
        "import_id": _asking(cast).pk,
        "history_id": pasts.bring(cast, pasts.jsonl(pasts.rows(60))).pk,
        "invitation_id": invitations.make(cast.project, role=Role.VIEWER, email="", days=7, by=cast.admin.pk).pk,
        "host": "alpha",
        "notice_id": _notice(cast).pk,
    }
    return Things(cast, {name: str(value) for name, value in names.items()})


def _notice(cast: casts.Company) -> Notice:
    notices.tell(cast.task.pk, NoticeKind.PULLED_BACK, "Two went wrong")
    return cast.task.notices.get()


def _asking(cast: casts.Company) -> Import:
    held = asking.receive(cast.task, name="a.csv", stream=io.BytesIO(b"id,text\n1,a\n"), by=cast.tuner.pk)
    imports.run(held.pk)
    return held


# A body that each call which takes one would take.
BODIES: dict[tuple[str, str], Any] = {
    ("PUT", "/members/{member_id}/skills"): {"skills": ["german"]},
    ("PUT", "/members/{member_id}/role"): {"role": "viewer"},
    ("PUT", "/members/{member_id}/active"): {"active": False},
    ("POST", "/invitations"): {"role": "reviewer", "email": "new@example.org", "days": 7},
    ("POST", "/histories/{history_id}/read"): {
        "columns": {"correct": "correct", "id": "id", "signals": {"token_logodds": {"column": "signals.token_logodds"}}}
    },
    ("POST", "/histories/{history_id}/confirm"): {"reason": "a fair sample of March", "expected": 1},
    ("POST", "/tasks"): {
        "name": "Another",
        "input_schema": casts.INPUT_SCHEMA,
        "output_schema": casts.OUTPUT_SCHEMA,
        "worker": {"model": "small-model", "instructions": "Say the topic."},
        "start": {"share": 0.0, "mode": Mode.GUARDED.value},
    },
    ("PATCH", "/tasks/{task}/settings"): {"undo_s": 20},
    ("PUT", "/tasks/{task}/pause"): {"paused": True, "reason": "the endpoint moves"},
    ("PATCH", "/tasks/{task}/worker"): {"temperature": 0.5},
    ("PUT", "/tasks/{task}/fallback"): {"name": "spare", "model": "other-model"},
    ("POST", "/tasks/{task}/items"): {"external_id": "new", "input": {"text": "Where is my order?"}},
    ("POST", "/tasks/{task}/imports"): {"text": "a line of a file"},
    ("POST", "/imports/{import_id}/start"): {"dry_run": True},
    ("POST", "/items/{item_id}/withdraw"): {"reason": "sent twice"},
    ("POST", "/items/{item_id}/corrections"): {"verdict": "reject", "reason": "wrong"},
    ("POST", "/reviews/next"): {},
    ("POST", "/reviews/{review_id}/decide"): {"token": 1, "verdict": "accept"},
    ("POST", "/reviews/{review_id}/own"): {"token": 1, "answer": None},
    ("POST", "/reviews/{review_id}/skip"): {"token": 1},
    ("POST", "/reviews/{review_id}/give"): {"token": 1, "note": "Yours?"},
    ("POST", "/reviews/{review_id}/undo"): {"token": 1},
    ("POST", "/reviews/{review_id}/stay"): {"token": 1},
    ("POST", "/reviews/{review_id}/release"): {"token": 1, "reason": "she is away today"},
    ("POST", "/reviews/{review_id}/assign"): {"to": None},
    ("POST", "/reviews/{review_id}/flag/take-off"): {"note": "Refund it."},
    ("POST", "/tasks/{task}/together"): {"looks": [1], "verdict": "accept"},
    ("POST", "/tasks/{task}/together/undo"): {"looks": [1]},
    ("POST", "/reviews/{review_id}/settle"): {"stands": "first", "words": "She says so."},
    ("POST", "/items/{item_id}/known"): {"draft_right": True, "words": "She says so."},
    ("POST", "/tasks/{task}/slider"): {"share": 0.25, "reason": "a quiet week"},
    ("POST", "/tasks/{task}/slider/put-back"): {"number": 1, "expected": 1, "reason": "as before"},
    ("POST", "/tasks/{task}/slider/pull-back"): {"reason": "two were wrong"},
    ("POST", "/tasks/{task}/slider/release"): {"reason": "mended"},
    ("POST", "/tasks/{task}/exports"): {"format": "csv.gz", "items": {"state": "review"}, "parts": ["state"]},
    ("POST", "/tasks/{task}/webhooks"): {"url": "https://hooks.example.org/slider"},
    ("PATCH", "/tasks/{task}/webhooks/{endpoint_id}"): {"description": "our CRM"},
    ("POST", "/tasks/{task}/webhooks/{endpoint_id}/secret"): {"overlap_h": 24},
    ("POST", "/tasks/{task}/webhooks/{endpoint_id}/replay"): {"upto": 10, "reason": "the receiver is back"},
    ("PUT", "/tasks/{task}/stance"): {"stance": "draining", "reason": "the endpoint moves"},
    ("PUT", "/fleet/hosts/{host}/stance"): {"stance": "paused", "reason": "a new disk"},
    ("POST", "/tasks/{task}/requeue"): {"what": "no_answer", "upto": 10, "reason": "the model is back"},
    ("PUT", "/tasks/{task}/privacy"): {"redaction": {"detect": ["email"]}, "contents_days": 90},
    ("POST", "/tasks/{task}/privacy/preview"): {"redaction": {"detect": ["email"]}},
    ("POST", "/items/{item_id}/erase"): {"reason": "asked for by letter"},
    ("POST", "/subjects"): {"external_id": "m1"},
    ("POST", "/keys"): {"name": "crm", "scopes": ["intake"]},
}
