"""The demo's people: three names and one random password, kept in the state folder for its owner's eyes."""

import os
import secrets
from pathlib import Path

NAMES = ("admin", "tuner", "reviewer")


def password(state: Path) -> str:
    """The password of all three, made once for a state folder and kept in its file `demo-logins`."""
    path = state / "demo-logins"
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"{secrets.token_urlsafe(12)}\n")
    except FileExistsError:
        pass
    return path.read_text().strip()
