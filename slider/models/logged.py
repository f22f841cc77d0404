"""What the log tells of: which tables, and what the digest of a row is made of. The triggers say the same in 0035."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counted:
    """A table of many rows, each told by a digest of these columns.

    Attributes:
        key: the column whose number stands before the digest.
        row: what the digest is of, as SQL about `r`.
        having: which of its rows are told of.
    """

    table: str
    key: str
    row: str
    having: str = "true"

    @property
    def digest(self) -> str:
        return f"sha256(convert_to(({self.row})::text, 'UTF8'))"


@dataclass(frozen=True, slots=True)
class Told:
    """A table of few rows, each told with what it holds; `whole`: it has no row that the log does not know."""

    table: str
    key: str = "id"
    whole: bool = True


COUNTED = {
    "decision": Counted(
        "slider_decision",
        "item_id",
        "ROW(r.item_id, r.task_id, r.attempt_id, r.policy_id, r.seq, r.epoch, r.lane, r.why, r.detail, r.p_correct, "
        "r.rank, r.bin, r.share, r.audit, r.audit_chance, extract(epoch FROM r.created_at))",
    ),
    "publication": Counted(
        "slider_publication",
        "id",
        "ROW(r.id, r.item_id, r.task_id, r.number, r.review_id, r.webhook_id, r.ending, r.answer, r.reason, "
        "extract(epoch FROM r.created_at), extract(epoch FROM r.due_at))",
    ),
    "review": Counted(
        "slider_review",
        "id",
        "ROW(r.id, r.item_id, r.task_id, r.kind, r.slot, r.holder_id, r.verdict, r.answer, r.reason, r.lucky, r.note, "
        "extract(epoch FROM r.decided_at))",
        having="r.verdict <> ''",
    ),
}
TOLD = {
    "project": Told("slider_project"),
    "membership": Told("slider_membership"),
    "invitation": Told("slider_invitation"),
    "apikey": Told("slider_apikey"),
    "task": Told("slider_task"),
    "worker": Told("slider_worker"),
    "endpoint": Told("slider_endpoint"),
    "policy": Told("slider_policy"),
    "act": Told("slider_act"),
    "operation": Told("slider_operation"),
    "halt": Told("slider_halt"),
    "correction": Told("slider_correction"),
    "adjudication": Told("slider_adjudication", "look_id"),
    "admission": Told("slider_admission"),
    "known": Told("slider_known", "item_id"),
    "auth_user": Told("auth_user"),
    "auth_user_user_permissions": Told("auth_user_user_permissions"),
    "auth_user_groups": Told("auth_user_groups"),
    "auth_group_permissions": Told("auth_group_permissions"),
    "mfa_authenticator": Told("mfa_authenticator"),
    "socialaccount_socialaccount": Told("socialaccount_socialaccount"),
    "item": Told("slider_item", whole=False),  # only that one was withdrawn
}
# Why the log does not tell of a table. A new one belongs here, or among the two above with its triggers.
UNTOLD = {
    "Entry": "the log itself",
    "Link": "the log itself",
    "Payload": "contents: what people and models made of it is told by digests",
    "Attempt": "what a worker said; what became of it is a decision",
    "Score": "evidence of a decision, which holds its outcome",
    "Move": "append-only; each follows from a decision, a verdict or a withdrawal",
    "Gauge": "where routing stands now: counters and the policy in force",
    "Watch": "the guard's counters, made anew from what is told",
    "Unheard": "a queue",
    "Pulse": "the sentinels' memory",
    "Tally": "counts of decisions",
    "Decline": "a person passes a look on; nothing is decided",
    "Hidden": "a person's own view",
    "Handing": "who looks next; the verdict is told",
    "Freed": "who looks next; the verdict is told",
    "OwnAnswer": "a draft; the verdict is told",
    "Mark": "part of a verdict's words",
    "Undone": "a verdict that was taken back is told as gone",
    "SecondOpinion": "counts for nothing",
    "LastWord": "a page's last sign",
    "Walk": "a reader's place",
    "OwnKeys": "a person's own keyboard",
    "Practice": "practice counts for nothing",
    "Import": "items that come in",
    "ImportChunk": "items that come in",
    "Export": "files that leave: that one was asked for, made and taken is told",
    "ExportPiece": "files that leave",
    "RefusedRow": "items that did not come in",
    "Past": "a history; the policy made of it is told",
    "PastRow": "a history; the policy made of it is told",
    "Notice": "tells of what is told already",
    "NoticeSeen": "a reader's place",
    "Letter": "a queue of mail",
    "Spend": "counts of calls",
    "Spell": "a time of much work",
    "Requeued": "the decision is told as gone",
    "Presence": "a sign of life",
    "Sign": "a sign of life",
    "Pump": "a sign of life",
    "Circuit": "whether an endpoint answers now",
    "Batch": "calls under way",
    "BatchItem": "calls under way",
    "Archived": "contents of old items, as they stood; their decisions, verdicts and results stay where they are",
    "ArchiveWalk": "a reader's place",
    "Emptied": "told with all that it changed, once it is whole",
    "EmptyWalk": "a reader's place",
    "IdKey": "made by chance and sealed; what is done with it is told",
    "Answered": "what a call was answered; what it did is told",
    "AccountLetter": "a queue of mail",
    "Parcel": "a queue of webhooks: what it carries is told, or follows from what is told",
    "Try": "what a receiver answered",
}
