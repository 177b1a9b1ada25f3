"""What the façade's tests share."""

from __future__ import annotations

import pytest
from grouped_words import sentences


@pytest.fixture(scope="session")
def text():
    """Sentences whose words stand in five groups."""
    return sentences()
