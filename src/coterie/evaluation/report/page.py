"""One self-contained HTML page about a model: no script, no font, no request to anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from string import Template

from coterie.evaluation.bias import WeatResult
from coterie.evaluation.intrinsic import intrinsic_checks
from coterie.evaluation.report.markup import escaped
from coterie.evaluation.report.sections import SECTIONS, key_figures
from coterie.evaluation.report.subject import Subject
from coterie.evaluation.tables import Table
from coterie.formats.contents import method_of
from coterie.model import Model
from coterie.vectors import WordVectors

__all__ = ["model_report"]


def model_report(
    model: Model | WordVectors,
    name: str,
    *,
    scores: Sequence[Table] = (),
    weat: Sequence[WeatResult] = (),
    against: WordVectors | None = None,
    against_name: str = "another model",
    seed: int = 1,
    version: str = "",
) -> str:
    """Write the report of a model as one HTML page.

    Parameters
    ----------
    model
        A whole model, or vectors alone, of which the report has less to tell.
    name
        What the page calls it.
    scores
        Tables of what test sets found.
    weat
        Association tests.
    against, against_name
        A second model, of another seed, for the stability of the neighbours, and what it is called.
    seed
        Of the samples.
    version
        Of the Coterie that writes it.

    Returns
    -------
    str
        The page. Whatever the words and settings are, they are text on it and never markup.

    Raises
    ------
    FormatError
        A vector holds NaN or infinity.

    Examples
    --------
    >>> import numpy as np
    >>> page = model_report(WordVectors(["<b>", "ship"], np.eye(2, dtype=np.float32)), "tiny")
    >>> page.startswith("<!DOCTYPE html>"), "<b>" in page
    (True, False)
    """
    vectors = model.vectors if isinstance(model, Model) else model
    subject = Subject(
        name=name,
        vectors=vectors,
        config=model.config if isinstance(model, Model) else {},
        metrics=model.metrics if isinstance(model, Model) else [],
        checks=intrinsic_checks(vectors, against, seed=seed),
        scores=scores,
        weat=weat,
        against=against_name if against is not None else None,
        seed=seed,
        joined_phrases=isinstance(model, Model) and model.phrases is not None,
        version=version,
    )
    method = "Word vectors alone, without a model's settings."
    if isinstance(model, Model):
        method = f"Static word embeddings: {method_of(subject.config)}."
    template = Template((files("coterie.evaluation.report") / "template.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=escaped(name),
        version=escaped(version),
        lead=f'<p class="lead">{escaped(method)}</p>{key_figures(subject)}',
        contents="".join(f'<li><a href="#{anchor}">{heading}</a></li>' for _, anchor, heading in SECTIONS),
        content="\n".join(write(subject) for write, _, _ in SECTIONS),
    )
