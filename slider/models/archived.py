"""What left the tables of an old item: its story, packed small, and where the search for such items stands."""

import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models.functions import Now

from slider.models.attempt import Attempt
from slider.models.item import Item
from slider.models.move import Move
from slider.models.task import Task

# Words that nearly every story holds: where they stand here they cost next to nothing there. They are part of the
# format, so a story that was packed with them is read with them for ever: change them under a new number only.
_WORDS = {
    1: b'"logprob": -0.0, "alternatives": [{"text": ", "share": 0.3333333333333333, "logprob": -1.0, "samples": [], '
    b'"answer": null, "fields": [{"name": ", "raw": "", "has": true, "attempts": [{"id": , "origin": "key: '
    b'"origin": "import: , "body": {"text": "subject": ", 00+00:00", "by_id": null, "at": "2026-11-28T12:00:00.1234'
    b'"reason": "the worker\'s lease ran out", "reason": "outside the share in force", "among the harder ones: outside '
    b'the share in force", "from_state": "working", "to_state": "review", "from_state": "review", "to_state": "done", '
    b'"reason": "accepted", "from_state": "", "token": 0, "to_state": "ready", "reason": "came in by ", "from_state": '
    b'"ready", "token": 1, "to_state": "working", "reason": "claimed by work@host:1234", "from_state": "working", '
    b'"to_state": "done", "reason": "among the easier ones: inside the share in force", {"moves": [{"at": "2026-'
}
_NOW = 1


def pack(story: str) -> bytes:
    """A story, as JSON, in as few bytes as can be; the first says which words it was packed with."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=_WORDS[_NOW])
    return bytes([_NOW]) + packer.compress(story.encode()) + packer.flush()


def unpack(packed: bytes) -> str:
    """The story again, to the letter. Raises ValueError for what never was one."""
    try:
        reader = zlib.decompressobj(-15, zdict=_WORDS[packed[0]])
        story = reader.decompress(packed[1:]) + reader.flush()
        if not reader.eof:
            raise zlib.error("its end is missing")
        return story.decode()
    except (zlib.error, LookupError, UnicodeDecodeError) as error:
        raise ValueError(f"an archived story of {len(packed)} bytes can't be read: {error}") from error


class Archived(models.Model):
    """One an old item. `slider.flow.archive` alone writes and removes it, with the rows that it stands for.

    Always in it: the moves, and of each attempt the samples, the evidence by field and the raw text. Where it is
    `whole`, the payload and the answers as well: nobody has looked at that item, so no statistic reads them.
    """

    item = models.OneToOneField(Item, models.CASCADE, primary_key=True, related_name="archived")
    whole = models.BooleanField(help_text="Nobody has looked at it: the payload and the answers are in here too.")
    sha256 = models.BinaryField(max_length=32, null=True, help_text="The payload's, where that is in here.")
    story = models.BinaryField(help_text="Packed JSON, see `pack`.")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(whole=True, sha256__isnull=False) | models.Q(whole=False, sha256=None),
                name="archived_whole_knows_its_payload",
            ),
        )

    def __str__(self) -> str:
        return f"archive of #{self.item_id}"

    @property
    def told(self) -> dict[str, Any]:
        """The story as it was packed: moves, attempts, and where it is whole the body and its origin."""
        told: dict[str, Any] = json.loads(unpack(bytes(self.story)))
        return told

    def moves(self) -> list[Move]:
        """The moves as they stood, oldest first; the people of them are read when asked for."""
        rows = self.told["moves"]
        moves = [Move(item_id=self.item_id, **row) for row in rows]
        for move in moves:
            move.at = Move._meta.get_field("at").to_python(move.at)
        return moves

    def fill(self, attempts: Iterable[Attempt]) -> None:
        """Put what went from these attempts of the item back into the objects; no row changes."""
        kept = {one["id"]: one for one in self.told["attempts"]}
        for attempt in attempts:
            one = kept.get(attempt.pk)
            if one is None:
                continue
            attempt.samples, attempt.fields, attempt.raw = one["samples"], one["fields"], one["raw"]
            if self.whole:
                attempt.answer = one["answer"]


def bodies(item_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """What these items carry, by their ids, wherever it stands."""
    rows = Item.objects.filter(pk__in=list(item_ids)).order_by()  # in one statement: some may be just on their way
    found: dict[int, dict[str, Any]] = {}
    there: Any
    for there in rows.values_list("pk", "payload", "payload__body", "archived__story"):
        item_id, is_here, body, story = there
        found[item_id] = body if is_here is not None else json.loads(unpack(bytes(story)))["body"]
    return found


@dataclass(frozen=True, slots=True)
class Carried:
    """What an item carries, and who pushed it."""

    body: dict[str, Any]
    origin: str


def carried(item_id: int) -> Carried:
    """The payload of an item that is there, wherever it stands. In one statement: it may be just on its way."""
    item = Item.objects.select_related("payload", "archived").get(pk=item_id)
    if hasattr(item, "payload"):
        return Carried(item.payload.body, item.payload.origin)
    told = item.archived.told
    return Carried(told["body"], told["origin"])


class ArchiveWalk(models.Model):
    """How far the search for a task's old items has come: one row a task that archives."""

    task = models.OneToOneField(Task, models.CASCADE, primary_key=True, related_name="+")
    upto = models.BigIntegerField(default=0, help_text="Items up to this id were looked at on this walk.")
    rests_until = models.DateTimeField(db_default=Now(), help_text="When the next walk begins, or this goes on.")

    def __str__(self) -> str:
        return f"up to #{self.upto} of {self.task_id}"
