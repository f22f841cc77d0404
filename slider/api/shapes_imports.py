"""The shapes of files on their way in: what is said of them, and what becomes of their rows."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from slider.api.shapes import Moment, Shape

_MAPPING = {"external_id": "Ticket", "priority": None, "due_at": None, "input": {"text": "Message"}}


class BringIn(BaseModel):
    """Bring a file in that waits for a word, or try it out. Left out, the mapping is the one that it has."""

    model_config = ConfigDict(extra="forbid", strict=True)
    mapping: dict[str, Any] | None = Field(None, description="Which column goes where.", examples=[_MAPPING])
    dry_run: bool = Field(False, description="Read every row and count what would become of it; write no item.")


class ColumnOut(Shape):
    """A column as it stands in the file. `kind` is what its first 2,000 cells could all be."""

    name: str = Field(examples=["Message"])
    kind: Literal["text", "whole number", "number", "true or false", "time", "empty"]
    filled: int = Field(description="How many of the first 2,000 rows have something in it.")
    examples: list[str] = Field(examples=[["Where is my order?"]])


class MappingOut(Shape):
    """Which column becomes the id, the priority, the due time, and each field of the input. Others are left out."""

    external_id: str | None = Field(examples=["Ticket"])
    priority: str | None
    due_at: str | None
    input: dict[str, str] = Field(examples=[{"text": "Message"}])


class TriedOut(Shape):
    """What the last dry run counted, and with which mapping."""

    rows: int
    added: int
    known: int
    refused: int
    mapping: MappingOut


class ImportOut(Shape):
    """A file on its way in. `problem` says why it failed or was dropped; `refused` rows are listed by a call."""

    id: int = Field(examples=[7])
    task: str = Field(examples=["sort-messages"])
    name: str = Field(examples=["march.csv"])
    purpose: Literal["items", "history"]
    state: Literal["arriving", "examining", "asking", "trying", "waiting", "running", "done", "failed", "dropped"]
    problem: str
    note: str = Field(description="How it is read.", examples=["CSV, separated by comma"])
    bytes: int
    sha256: str
    rows: int | None = Field(description="How many rows it has, once they are counted.")
    seen: int
    added: int
    known: int
    refused: int
    columns: list[ColumnOut]
    mapping: MappingOut | None = Field(description="null: columns are what they are called.")
    tried: TriedOut | None
    history: int | None = Field(description="Where it is past outputs: its number, /histories/….")
    drops_at: Moment | None = Field(description="When it is dropped if nobody gives a word.")
    created_at: Moment
    finished_at: Moment | None


class ImportsOut(Shape):
    """A page of files, newest first; `next` is null on the last page."""

    imports: list[ImportOut]
    next: str | None


class RefusedOut(Shape):
    """A row that did not come in, or would not."""

    line: int = Field(description="The line of the file on which it begins, counted from 1.", examples=[3])
    column: str = Field(examples=["orders"])
    reason: str = Field(examples=["'many' is no whole number"])


class RefusalsOut(Shape):
    """A page of refused rows, in the order of the file; the first 10,000 are kept. `next` is null on the last page."""

    refused: list[RefusedOut]
    next: str | None
