"""What is kept in PostgreSQL: one module a noun of the house."""

from slider.models.afterwards import Correction, SecondOpinion, Undone
from slider.models.answered import Answered
from slider.models.archived import Archived, ArchiveWalk
from slider.models.attempt import Attempt
from slider.models.batch import Batch, BatchItem, BatchState
from slider.models.decision import Decision, Why
from slider.models.emptied import Cause, Emptied, EmptyWalk, IdKey
from slider.models.endpoint import Endpoint, EventType, Parcel, Try
from slider.models.entry import Entry, Kind, Link
from slider.models.exports import Export, ExportPiece, ExportState, Format, Narrowed
from slider.models.fleet import Halt, Operation, OperationKind, Presence, Requeued, Sign, Stance
from slider.models.imports import OVER, Import, ImportChunk, ImportState, Purpose, RefusedRow
from slider.models.item import Item, Payload
from slider.models.known import Adjudication, Known, KnownFrom, Stands
from slider.models.lead import Freed, Spell
from slider.models.mark import Mark, MarkKind, MarkSide
from slider.models.move import Move
from slider.models.notice import Letter, Notice, NoticeKind, NoticeSeen, Post
from slider.models.open_page import LastWord
from slider.models.own_answer import OwnAnswer
from slider.models.own_keys import OwnKeys
from slider.models.past import Past, PastRow, PastState
from slider.models.policy import Gauge, Maker, Mode, Policy
from slider.models.practice import Admission, Let, Practice
from slider.models.project import OF_PROGRAMS, ApiKey, Membership, Project, Role, Scope, can
from slider.models.publication import Publication
from slider.models.pulse import Pulse
from slider.models.pump import Pump
from slider.models.review import Decline, Handing, HandingKind, Hidden, Review
from slider.models.score import Score
from slider.models.states import (
    AFTER,
    BESIDE,
    OWED,
    QUIET,
    Delivery,
    Ending,
    FallbackOn,
    Lane,
    Outcome,
    Overflow,
    ReviewKind,
    ReviewState,
    State,
    Verdict,
)
from slider.models.tally import Tally
from slider.models.task import Task
from slider.models.traffic import Circuit
from slider.models.walk import Walk
from slider.models.watch import Act, ActKind, Unheard, Watch
from slider.models.ways_in import AccountLetter, AccountLetterKind, Invitation
from slider.models.worker import Spend, Worker

__all__ = [
    "AFTER",
    "BESIDE",
    "OF_PROGRAMS",
    "OVER",
    "OWED",
    "QUIET",
    "AccountLetter",
    "AccountLetterKind",
    "Act",
    "ActKind",
    "Adjudication",
    "Admission",
    "Answered",
    "ApiKey",
    "ArchiveWalk",
    "Archived",
    "Attempt",
    "Batch",
    "BatchItem",
    "BatchState",
    "Cause",
    "Circuit",
    "Correction",
    "Decision",
    "Decline",
    "Delivery",
    "Emptied",
    "EmptyWalk",
    "Ending",
    "Endpoint",
    "Entry",
    "EventType",
    "Export",
    "ExportPiece",
    "ExportState",
    "FallbackOn",
    "Format",
    "Freed",
    "Gauge",
    "Halt",
    "Handing",
    "HandingKind",
    "Hidden",
    "IdKey",
    "Import",
    "ImportChunk",
    "ImportState",
    "Invitation",
    "Item",
    "Kind",
    "Known",
    "KnownFrom",
    "Lane",
    "LastWord",
    "Let",
    "Letter",
    "Link",
    "Maker",
    "Mark",
    "MarkKind",
    "MarkSide",
    "Membership",
    "Mode",
    "Move",
    "Narrowed",
    "Notice",
    "NoticeKind",
    "NoticeSeen",
    "Operation",
    "OperationKind",
    "Outcome",
    "Overflow",
    "OwnAnswer",
    "OwnKeys",
    "Parcel",
    "Past",
    "PastRow",
    "PastState",
    "Payload",
    "Policy",
    "Post",
    "Practice",
    "Presence",
    "Project",
    "Publication",
    "Pulse",
    "Pump",
    "Purpose",
    "RefusedRow",
    "Requeued",
    "Review",
    "ReviewKind",
    "ReviewState",
    "Role",
    "Scope",
    "Score",
    "SecondOpinion",
    "Sign",
    "Spell",
    "Spend",
    "Stance",
    "Stands",
    "State",
    "Tally",
    "Task",
    "Try",
    "Undone",
    "Unheard",
    "Verdict",
    "Walk",
    "Watch",
    "Why",
    "Worker",
    "can",
]
