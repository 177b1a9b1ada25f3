"""Checks that need no test set, as `coterie evaluate` asks for them and tells them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from coterie.cli.console import Option
from coterie.errors import ConfigError

if TYPE_CHECKING:
    from coterie.evaluation import IntrinsicChecks, Table, WeatResult, WordLists
    from coterie.vectors import WordVectors

__all__ = ["Checked", "Wanted", "check_options"]

_AnyFunction = TypeVar("_AnyFunction", bound=Callable[..., object])

_SECTION = "Checks that need no test set"


def check_options(function: _AnyFunction) -> _AnyFunction:
    """Add ``--intrinsic``, ``--against`` and ``--weat``."""
    options = (
        click.option(
            "--intrinsic",
            is_flag=True,
            cls=Option,
            section=_SECTION,
            help="Isotropy, hubness, norm against frequency, and odd words.",
        ),
        click.option(
            "--against",
            metavar="OTHER",
            type=click.Path(path_type=Path),
            cls=Option,
            section=_SECTION,
            help="Do words have the same neighbours in this model, of another seed?",
        ),
        click.option(
            "--weat",
            metavar="FILE",
            multiple=True,
            cls=Option,
            section=_SECTION,
            type=click.Path(path_type=Path),
            help="Association test of the word lists in a JSON or TOML file (repeatable).",
        ),
    )
    for add in reversed(options):
        function = add(function)
    return function


@dataclass(frozen=True)
class Wanted:
    """The checks that one asked for, with their files read."""

    intrinsic: bool
    against: WordVectors | None
    weat: Sequence[WordLists]
    case_insensitive: bool
    seed: int

    @classmethod
    def of(cls, options: dict[str, Any]) -> Wanted:
        """Read the files that the options name."""
        import coterie
        from coterie.evaluation import read_word_lists

        return cls(
            intrinsic=options["intrinsic"],
            against=None if options["against"] is None else coterie.load(options["against"]),
            weat=[read_word_lists(path) for path in options["weat"]],
            case_insensitive=not options["case_sensitive"],
            seed=options["seed"],
        )

    def __bool__(self) -> bool:
        return self.intrinsic or self.against is not None or bool(self.weat)

    def made_of(self, vectors: WordVectors) -> Checked:
        """Make them."""
        from coterie.evaluation import evaluate_weat, intrinsic_checks

        checks = None
        if self.intrinsic or self.against is not None:
            only = None if self.intrinsic else ("stability",)
            checks = intrinsic_checks(vectors, self.against, only=only, seed=self.seed)
            if not checks.found:  # what was asked for, and nothing beside it
                raise ConfigError(next(iter(checks.impossible.values())))
        weat = [
            evaluate_weat(vectors, words, case_insensitive=self.case_insensitive, seed=self.seed)
            for words in self.weat
        ]
        return Checked(checks, weat)


@dataclass(frozen=True)
class Checked:
    """What was found of one model."""

    checks: IntrinsicChecks | None
    weat: list[WeatResult] = field(default_factory=list)

    def messages(self) -> Iterator[str]:
        """Yield why a check could not be made."""
        for name, why in self.checks.impossible.items() if self.checks is not None else ():
            yield f"{name.replace('_', ' ')} was not checked: {why}"

    def tables(self, model: str | None) -> Iterator[Table]:
        """Yield the tables, with the model's name where there are several."""
        for told in ([self.checks] if self.checks is not None else []) + self.weat:
            for table in told.tables():
                yield table if model is None else dataclasses.replace(table, title=f"{model}: {table.title}")

    def lines(self, model: str) -> Iterator[tuple[str, ...]]:
        """Yield model, check, what and value of every number, for other programs."""
        for name, check in self.checks.found.items() if self.checks is not None else ():
            for what, value in check.to_dict().items():
                yield from _line(model, name, what, value)
        for test in self.weat:
            for what in ("effect_size", "p_value", "permutations"):
                yield from _line(model, f"weat {'/'.join(test.names)}", what, getattr(test, what))

    def to_dict(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        told = {} if self.checks is None else {"intrinsic": self.checks.to_dict()}
        return {**told, "weat": [test.to_dict() for test in self.weat]}


def _line(model: str, check: str, what: str, value: object) -> Iterator[tuple[str, ...]]:
    if isinstance(value, float):
        yield model, check, what, f"{value:.6g}"
    elif isinstance(value, int) and not isinstance(value, bool):
        yield model, check, what, str(value)
