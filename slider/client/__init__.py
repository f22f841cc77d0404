"""A thin, typed client of Slider's API. It needs httpx2 and nothing else of Slider.

with Client("https://slider.example.org", key="sl_...") as slider:
    taken = slider.items.push("sort-messages", {"text": "Where is my order?"}, external_id="mail-1")
    result = slider.items.wait_for_result(taken.id)
"""

from slider.client.client import Client
from slider.client.line import Patience
from slider.client.privacy import Erased, Held, OwnPattern, Redaction, Rules, Trial
from slider.client.problems import NotMade, Problem, Refused, TooSlow, Unreachable, Withdrawn
from slider.client.records import (
    Attempt,
    Decided,
    Export,
    Import,
    Item,
    Key,
    Look,
    Me,
    NewItem,
    NewKey,
    OneItem,
    Preview,
    RefusedRow,
    Result,
    Results,
    Slider,
    Taken,
    TakenRow,
    Task,
)
from slider.client.records_board import DryRequeue, Flag, Known, Like, Likes, Notice, OwedLook, Stood, Together
from slider.client.records_histories import Found, History, OneHistory, Proof, Question
from slider.client.records_people import Entry, Invitation, NewInvitation, OneSeat, Seat

__all__ = [
    "Attempt",
    "Client",
    "Decided",
    "DryRequeue",
    "Entry",
    "Erased",
    "Export",
    "Flag",
    "Found",
    "Held",
    "History",
    "Import",
    "Invitation",
    "Item",
    "Key",
    "Known",
    "Like",
    "Likes",
    "Look",
    "Me",
    "NewInvitation",
    "NewItem",
    "NewKey",
    "NotMade",
    "Notice",
    "OneHistory",
    "OneItem",
    "OneSeat",
    "OwedLook",
    "OwnPattern",
    "Patience",
    "Preview",
    "Problem",
    "Proof",
    "Question",
    "Redaction",
    "Refused",
    "RefusedRow",
    "Result",
    "Results",
    "Rules",
    "Seat",
    "Slider",
    "Stood",
    "Taken",
    "TakenRow",
    "Task",
    "Together",
    "TooSlow",
    "Trial",
    "Unreachable",
    "Withdrawn",
]
