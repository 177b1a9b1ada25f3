"""All checks at once, as ``coterie evaluate --intrinsic`` and ``coterie report`` show them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from coterie.errors import ConfigError
from coterie.evaluation.intrinsic.hubness import Hubness, hubness
from coterie.evaluation.intrinsic.isotropy import Isotropy, isotropy
from coterie.evaluation.intrinsic.norms import NormsAgainstFrequency, norms_against_frequency
from coterie.evaluation.intrinsic.odd import OddWords, odd_words
from coterie.evaluation.intrinsic.stability import Stability, neighbour_stability
from coterie.evaluation.tables import Table
from coterie.vectors import WordVectors

__all__ = ["Check", "IntrinsicChecks", "intrinsic_checks"]

Check = Stability | Isotropy | Hubness | NormsAgainstFrequency | OddWords


@dataclass(frozen=True)
class IntrinsicChecks:
    """What :func:`intrinsic_checks` found.

    Parameters
    ----------
    found
        The checks by name: ``isotropy``, ``hubness``, ``norms``, ``odd_words``, ``stability``.
    impossible
        Why a check could not be made, by its name: the vocabulary is too small.
    """

    found: dict[str, Check]
    impossible: dict[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        told: dict[str, Any] = {name: check.to_dict() for name, check in self.found.items()}
        return {**told, "impossible": dict(self.impossible)}

    def tables(self) -> list[Table]:
        """Return the tables of all checks."""
        return [table for check in self.found.values() for table in check.tables()]


def intrinsic_checks(
    vectors: WordVectors,
    against: WordVectors | None = None,
    *,
    only: Collection[str] | None = None,
    seed: int = 1,
) -> IntrinsicChecks:
    """Make every check that these vectors allow.

    Parameters
    ----------
    vectors
        What is to be checked.
    against
        A second model, of another seed, for the stability of the neighbours.
    only
        The names of the checks to make, by default all.
    seed
        Of the samples.

    Raises
    ------
    ConfigError
        ``only`` names no check.
    FormatError
        A vector holds NaN or infinity.

    Examples
    --------
    >>> import numpy as np
    >>> matrix = np.random.default_rng(1).standard_normal((40, 5)).astype(np.float32)
    >>> sorted(intrinsic_checks(WordVectors([f"w{i}" for i in range(40)], matrix)).found)
    ['hubness', 'isotropy', 'norms', 'odd_words']
    """
    checks: dict[str, Callable[[], Check]] = {
        "isotropy": lambda: isotropy(vectors, seed=seed),
        "hubness": lambda: hubness(vectors, seed=seed),
        "norms": lambda: norms_against_frequency(vectors),
        "odd_words": lambda: odd_words(vectors, seed=seed),
    }
    if against is not None:
        checks = {"stability": lambda: neighbour_stability(vectors, against, seed=seed), **checks}
    if unknown := sorted(set(only or ()) - set(checks)):
        raise ConfigError(f"there is no check {unknown[0]!r} here; there are {', '.join(checks)}.")
    found: dict[str, Check] = {}
    impossible: dict[str, str] = {}
    for name, check in checks.items():
        if only is not None and name not in only:
            continue
        try:
            found[name] = check()
        except ConfigError as error:  # too few words
            impossible[name] = str(error)
    return IntrinsicChecks(found, impossible)
