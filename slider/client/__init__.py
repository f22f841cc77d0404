"""A thin, typed client of Slider's API. It needs httpx2 and nothing else of Slider.

with Client("https://slider.example.org", key="sl_...") as slider:
    taken = slider.items.push("sort-messages", {"text": "Where is my order?"}, external_id="mail-1")
    result = slider.items.wait_for_result(taken.id)
"""

from slider.client.client import Client
from slider.client.line import Patience
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

__all__ = [
    "Attempt",
    "Client",
    "Decided",
    "DryRequeue",
    "Export",
    "Flag",
    "Import",
    "Item",
    "Key",
    "Known",
    "Like",
    "Likes",
    "Look",
    "Me",
    "NewItem",
    "NewKey",
    "NotMade",
    "Notice",
    "OneItem",
    "OwedLook",
    "Patience",
    "Preview",
    "Problem",
    "Refused",
    "RefusedRow",
    "Result",
    "Results",
    "Slider",
    "Stood",
    "Taken",
    "TakenRow",
    "Task",
    "Together",
    "TooSlow",
    "Unreachable",
    "Withdrawn",
]
