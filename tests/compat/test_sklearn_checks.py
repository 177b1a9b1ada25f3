"""scikit-learn's own estimator checks.

They feed tables of numbers, and pass over estimators whose input is text. So that they run, a subclass makes
a document of each row; all but one then apply.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import validate_data

from coterie.compat.sklearn import DocumentVectorizer

EXPECTED_FAILURES = {
    "check_fit2d_1feature": "its documents have one word each; words are learned from other words",
}


class RowsAsDocuments(DocumentVectorizer):
    """A table's rows as documents: each number, rounded, is a word."""

    def fit(self, X: Any, y: Any = None) -> RowsAsDocuments:
        self._fitting = True
        try:
            return super().fit(X, y)
        finally:
            del self._fitting

    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        self._fitting = True
        try:
            return super().fit_transform(X, y, **fit_params)
        finally:
            del self._fitting

    def _documents(self, X: Any) -> Any:
        rows = validate_data(self, X, reset="_fitting" in vars(self), dtype="numeric").tolist()
        return [[f"{column}:{value:.0f}" for column, value in enumerate(row)] for row in rows]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        assert tags.input_tags.string
        tags.input_tags.string, tags.input_tags.two_d_array = False, True
        return tags


@pytest.mark.filterwarnings("ignore::UserWarning")  # of training on a dozen words
@parametrize_with_checks(
    [
        RowsAsDocuments(vector_size=4, min_count=1, epochs=1, sample=0, random_state=0),
        RowsAsDocuments(vector_size=4, min_count=1, epochs=1, random_state=0, weighting="sif", norm="l2"),
    ],
    expected_failed_checks=lambda _: EXPECTED_FAILURES,
)
def test_scikit_learns_own_check(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)
