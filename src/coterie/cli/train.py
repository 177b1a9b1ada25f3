"""``coterie train``: text in, a model folder out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coterie.cli.console import Command, Speaker, common_options
from coterie.cli.options import preset_option, settings_options, storage_options, without_defaults
from coterie.cli.progress import shown_progress
from coterie.errors import TrainingInterrupted

if TYPE_CHECKING:
    from coterie.model import Model

__all__ = ["command", "source_of", "train_and_save"]


@click.command(
    "train",
    cls=Command,
    examples=(
        "coterie train corpus.txt.gz -o my-model",
        "coterie train articles.jsonl.zst --text-field body --vector-size 300 -o my-model",
        "coterie train 'news/*.txt' books/ --min-count 20 --phrases 2 -o my-model",
        "zcat corpus.txt.gz | coterie train - --tokenizer whitespace -o my-model",
    ),
)
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    metavar="MODEL",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder for the model; a model that is there is replaced at the end.",
)
@preset_option
@settings_options
@storage_options
@common_options
def command(
    sources: tuple[str, ...],
    output: Path,
    quiet: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    """Train word vectors on text and save them as a model folder.

    SOURCE is a file, a folder, a glob in quotes, or - for standard input; several may be given.
    By its name it is plain text (.txt), .jsonl, .csv, .tsv, .parquet or .arrow; the text formats
    also compressed: .gz, .bz2, .xz, .zst. One line, or one record, is one sentence.

    Ctrl-C ends the training early and saves what has been learned by then; if MODEL exists, beside
    it as MODEL.interrupted.
    """
    speaker = Speaker(quiet=quiet, as_json=as_json)
    train_and_save(source_of(sources), output, speaker, **_python_settings(settings))


def source_of(sources: Sequence[str]) -> Any:
    """Return what the command line names, as Python takes it."""
    from coterie.corpus import Paths

    return sources[0] if len(sources) == 1 else Paths(sources)


def _python_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the options as the Python function takes them: files of words read, unset ones left out."""
    settings = without_defaults(settings) if settings.get("preset") else settings
    from coterie.corpus import read_phrase_file, read_vocabulary_file

    vocabulary, word_file = settings.pop("vocabulary"), settings.pop("keep_words")
    keep = [*settings.pop("keep_word"), *(read_vocabulary_file(word_file) if word_file else [])]
    if vocabulary:
        settings["words"] = read_vocabulary_file(vocabulary)
    if keep:
        settings["keep_words"] = keep
    if known := settings.pop("known_phrases"):
        settings["known_phrases"] = read_phrase_file(known)
    if settings.pop("no_cache"):
        settings["cache"] = False
    return {name: value for name, value in settings.items() if value is not None}


def train_and_save(source: Any, output: Path, speaker: Speaker, **settings: Any) -> Model:
    """Train, save, and tell about both; after Ctrl-C save what there is and leave with status 130.

    Parameters
    ----------
    source, settings
        As :func:`coterie.train` takes them.
    output
        Folder of the model.
    """
    import coterie
    from coterie.model import check_destination

    check_destination(output)
    earlier = output.is_dir() and any(output.iterdir())
    try:
        with shown_progress(speaker) as callback:
            model = coterie.train(source, callback=callback, on_event=speaker.message, **settings)
    except TrainingInterrupted as interruption:
        unfinished: Any = interruption.model
        # A part of a training does not take the place of a whole one.
        place = output.with_name(output.name + ".interrupted") if earlier else output
        check_destination(place)
        unfinished.save(place)
        done = unfinished.config["figures"]["trained_words"] / _planned_words(unfinished)
        speaker.message(f"interrupted after {done:.0%}; what had been learned by then is in {place}{os.sep}")
        if earlier:
            speaker.message(f"the earlier model in {output}{os.sep} is as it was")
        if speaker.as_json:
            speaker.json({**_result(unfinished, place), "interrupted": True})
        raise click.exceptions.Exit(130) from None
    model.save(output)
    if earlier:
        speaker.message(f"the earlier model in {output}{os.sep} is replaced")
    if speaker.as_json:
        speaker.json({**_result(model, output), "interrupted": False})
    else:
        _tell(model, output, speaker)
    return model


def _planned_words(model: Model) -> int:
    return int(model.config["corpus_statistics"]["tokens"] * model.config["training"]["epochs"])


def _result(model: Model, output: Path) -> dict[str, Any]:
    return {
        "model": str(output),
        "words": len(model.vectors),
        "vector_size": model.vectors.vector_size,
        "corpus": model.config["corpus_statistics"],
        "figures": model.config["figures"],
    }


def _tell(model: Model, output: Path, speaker: Speaker) -> None:
    """Say what came out: sizes, speed, loss, place."""
    corpus, figures = model.config["corpus_statistics"], model.config["figures"]
    speaker.message(
        f"vocabulary: {corpus['words']:,} of {corpus['words_before_dropping']:,} distinct words, "
        f"which make up {corpus['tokens']:,} of the corpus's {corpus['tokens_before_dropping']:,} words"
    )
    if model.phrases is not None:
        speaker.message(f"phrases: {len(model.phrases):,}, kept in the model")
    loss = figures["final_loss"]
    speaker.message(
        f"trained {figures['trained_words']:,} words in {figures['training_seconds']:.1f} s: "
        f"{figures['words_per_second']:,.0f} words/s" + (f", loss {loss:.3f}" if loss is not None else "")
    )
    speaker.message(f"model saved in {output}{os.sep}")
