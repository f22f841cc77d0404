"""These tests ask the stand-in model."""

from tests.standin import _process, model

__all__ = ["_process", "model"]
