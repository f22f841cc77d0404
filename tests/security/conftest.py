"""One company for all tests of a file: each test has it as it was made, since what it changes is taken back."""

from collections.abc import Callable

import pytest

from tests import casts, stages
from tests.standin import _process, model
from tests.views import addresses

__all__ = ["_process", "model"]


staged = stages.of_module(addresses.stage)


@pytest.fixture
def stage(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    """Something behind every address of the site; a test's own transaction lies within that of its file."""
    return staged()
