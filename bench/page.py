"""Tables between markers on a page of the documentation: what stands around them is written by people."""

import os
import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np


class NoPlace(ValueError):
    """The page has no marker for a table."""


def write(path: Path, parts: Mapping[str, Sequence[str]]) -> None:
    """Put each part between its markers; everything else stays as it is.

    Raises:
        NoPlace: a marker is missing; nothing is written then.
    """
    text = path.read_text(encoding="utf-8")
    for name, lines in parts.items():
        begin, end = f"<!-- bench.slider: {name} -->", f"<!-- bench.slider: end of {name} -->"
        places = re.compile(f"{re.escape(begin)}\n.*?{re.escape(end)}", re.DOTALL)
        body = "\n".join((begin, *lines, end))
        text, count = places.subn(lambda _, body=body: body, text)  # type: ignore[misc]
        if count != 1:
            raise NoPlace(f"{path} needs {begin} and {end} once, in this order; they are there {count} times.")
    path.write_text(text, encoding="utf-8")


def machine(arguments: Sequence[str]) -> Iterator[str]:
    """Say what made the figures; files by their names alone."""
    shown = " ".join(Path(one).name if os.sep in one else one for one in arguments)
    when = datetime.now(tz=UTC).strftime("%B %Y")
    yield (
        f"{os.cpu_count()} cores ({_processor()}), Python {platform.python_version()}, numpy {np.__version__}; {when}. "
        f"Command: `python -m bench.slider {shown}`".rstrip()
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
