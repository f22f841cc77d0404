"""Files and batches, as much of the API as a client of the Batch API uses: upload, submit, poll, collect, cancel."""

from __future__ import annotations

import itertools
import json
import random
import re
import time
from dataclasses import dataclass, field
from typing import Final

from slider.llm.standin import asked, completions
from slider.llm.standin.brain import Brain
from slider.llm.standin.errors import ApiError, bad_parameter
from slider.llm.standin.faults import Fault, Faults
from slider.llm.standin.wire import Request

_MOST_LINES: Final = 50_000
_ENDPOINT: Final = "/v1/chat/completions"


@dataclass
class _Batch:
    number: int
    input_file_id: str
    metadata: object
    lines: list[dict[str, object]]
    ready_at: float
    status: str = "validating"
    problem: str = ""
    files: dict[str, str | None] = field(default_factory=lambda: {"output_file_id": None, "error_file_id": None})
    done: int = 0
    failed: int = 0


class Batches:
    """All files and batches of one stand-in; a batch is worked on when somebody asks for it after its time."""

    def __init__(self, brain: Brain, rng: random.Random) -> None:
        self._brain, self._rng = brain, rng
        self._files: dict[str, tuple[str, bytes]] = {}
        self._batches: dict[str, _Batch] = {}
        self._numbers = itertools.count(1)

    def answer(self, request: Request, faults: Faults) -> dict[str, object] | bytes:
        """The body of the response. Raises ApiError."""
        parts = request.path.removeprefix("/v1/").split("/")
        match (request.method, *parts):
            case ("POST", "files"):
                return self._upload(request)
            case ("GET", "files", name, "content"):
                return self._file(name)[1]
            case ("GET", "files", name):
                return _described_file(name, *self._file(name))
            case ("DELETE", "files", name):
                self._file(name)
                del self._files[name]
                return {"id": name, "object": "file", "deleted": True}
            case ("POST", "batches"):
                return self._submit(asked.json_object(request.body), faults)
            case ("GET", "batches"):
                newest = [self._described(name) for name in reversed(self._batches)]
                return {"object": "list", "data": newest[:100], "has_more": False}
            case ("GET", "batches", name):
                self._work(self._batch(name), faults)
                return self._described(name)
            case ("POST", "batches", name, "cancel"):
                batch = self._batch(name)
                if batch.status in ("validating", "in_progress"):
                    self._finish(batch, "cancelled", faults, share=0.0)
                return self._described(name)
        raise ApiError(404, f"Invalid URL ({request.method} {request.path}).", code="unknown_url")

    def _upload(self, request: Request) -> dict[str, object]:
        boundary = re.search(r'boundary="?([^";]+)', request.headers.get("content-type", ""))
        if boundary is None:
            raise bad_parameter("file", "Send the file as multipart/form-data.")
        fields: dict[str, tuple[str, bytes]] = {}
        for part in request.body.split(b"--" + boundary[1].encode())[1:-1]:
            head, _, content = part.partition(b"\r\n\r\n")
            names = dict(re.findall(r'(name|filename)="([^"]*)"', head.decode("utf-8", "replace")))
            fields[names.get("name", "")] = (names.get("filename", ""), content.removesuffix(b"\r\n"))
        if fields.get("purpose", ("", b""))[1] != b"batch" or "file" not in fields:
            raise bad_parameter("purpose", "The stand-in takes files with the purpose 'batch' only.")
        name = f"file-standin-{next(self._numbers):08d}"
        self._files[name] = fields["file"]
        return _described_file(name, *fields["file"])

    def _submit(self, wanted: dict[str, object], faults: Faults) -> dict[str, object]:
        source = str(wanted.get("input_file_id"))
        if wanted.get("endpoint") != _ENDPOINT or wanted.get("completion_window") != "24h":
            raise bad_parameter("endpoint", f"Batches go to {_ENDPOINT} within 24h.")
        lines, problem = _read(self._file(source)[1])
        number = next(self._numbers)
        ready_at = time.monotonic() + faults.batch_ms / 1000
        batch = _Batch(number, source, wanted.get("metadata"), lines, ready_at, problem=problem)
        name = f"batch_standin_{number:08d}"
        self._batches[name] = batch
        if problem or faults.batch_fail:
            batch.status, batch.problem = "failed", problem or "The stand-in was told to refuse this batch."
        return self._described(name)

    def _work(self, batch: _Batch, faults: Faults) -> None:
        if batch.status not in ("validating", "in_progress"):
            return
        batch.status = "in_progress"
        if time.monotonic() >= batch.ready_at:
            status = "expired" if faults.batch_expire else "completed"
            self._finish(batch, status, faults, share=1 - faults.batch_expire)

    def _finish(self, batch: _Batch, status: str, faults: Faults, *, share: float) -> None:
        """Work on so large a share of the lines, from the first on, and say of the rest why it was not."""
        output: list[dict[str, object]] = []
        errors: list[dict[str, object]] = []
        until = round(share * len(batch.lines))
        for place, line in enumerate(batch.lines):
            kind = {"id": f"batch_req_{batch.number}_{place}", "custom_id": line["custom_id"]}
            if place >= until:
                code = f"batch_{status}"
                errors.append(kind | {"response": None, "error": {"code": code, "message": f"The batch {status}."}})
                continue
            status_code, body = self._one(line["body"], faults)
            answer = kind | {"response": {"status_code": status_code, "body": body}, "error": None}
            (output if status_code == 200 else errors).append(answer)
        batch.status, batch.done, batch.failed = status, len(output), len(errors)
        for key, rows in (("output_file_id", output), ("error_file_id", errors)):
            if rows:
                name = f"file-standin-{next(self._numbers):08d}"
                content = "".join(json.dumps(row) + "\n" for row in rows).encode()
                self._files[name] = (f"{key}.jsonl", content)
                batch.files[key] = name

    def _one(self, body: object, faults: Faults) -> tuple[int, object]:
        fault = faults.drawn(self._rng)
        if fault in (Fault.RATE_LIMIT, Fault.ERROR, Fault.UNAVAILABLE):
            status = 429 if fault is Fault.RATE_LIMIT else 500
            return status, ApiError(status, "The stand-in was told to fail this line.").body
        try:
            wanted = asked.read(json.dumps(body).encode())
            return 200, completions.complete(wanted, brain=self._brain, fault=fault, faults=faults)
        except ApiError as error:
            return error.status, error.body

    def _file(self, name: str) -> tuple[str, bytes]:
        if name not in self._files:
            raise ApiError(404, f"No such File object: {name}", code="not_found")
        return self._files[name]

    def _batch(self, name: str) -> _Batch:
        if name not in self._batches:
            raise ApiError(404, f"No batch found with id '{name}'.", code="not_found")
        return self._batches[name]

    def _described(self, name: str) -> dict[str, object]:
        batch = self._batch(name)
        errors = {"object": "list", "data": [{"code": "invalid", "message": batch.problem}]} if batch.problem else None
        return {
            "id": name,
            "object": "batch",
            "endpoint": _ENDPOINT,
            "errors": errors,
            "input_file_id": batch.input_file_id,
            "completion_window": "24h",
            "status": batch.status,
            "created_at": int(time.time()),
            "metadata": batch.metadata,
            "request_counts": {"total": len(batch.lines), "completed": batch.done, "failed": batch.failed},
        } | batch.files


def _read(content: bytes) -> tuple[list[dict[str, object]], str]:
    """The lines of an input file, and what is wrong with it."""
    lines: list[dict[str, object]] = []
    for number, text in enumerate(content.splitlines(), start=1):
        try:
            line = json.loads(text)
        except ValueError:
            return [], f"Line {number} is not JSON."
        if not isinstance(line, dict) or line.get("url") != _ENDPOINT or line.get("method") != "POST":
            return [], f"Line {number} is no request to {_ENDPOINT}."
        lines.append(line)
    if not lines or len(lines) > _MOST_LINES:
        return [], f"A batch has from 1 to {_MOST_LINES} lines; this one has {len(lines)}."
    if len({str(line.get("custom_id")) for line in lines}) < len(lines):
        return [], "A custom_id stands in more than one line."
    return lines, ""


def _described_file(name: str, filename: str, content: bytes) -> dict[str, object]:
    return {
        "id": name,
        "object": "file",
        "bytes": len(content),
        "created_at": int(time.time()),
        "filename": filename,
        "purpose": "batch",
        "status": "processed",
    }
