"""``coterie train``: text in, a model folder out."""

from __future__ import annotations

import os
import shlex
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coterie.cli.console import Command, Speaker, common_options
from coterie.cli.options import (
    checkpoint_options,
    from_option,
    preset_option,
    report_options,
    settings_options,
    storage_options,
    without_defaults,
)
from coterie.cli.progress import shown_progress
from coterie.errors import ConfigError, CoterieError, TrainingInterrupted

if TYPE_CHECKING:
    from coterie.model import Model
    from coterie.training.callbacks import Callback

__all__ = ["checkpoints_of", "command", "source_of", "train_and_save"]


@click.command(
    "train",
    cls=Command,
    examples=(
        "coterie train corpus.txt.gz -o my-model",
        "coterie train articles.jsonl.zst --text-field body --vector-size 300 -o my-model",
        "coterie train 'news/*.txt' books/ --min-count 20 --phrases 2 -o my-model",
        "coterie train --resume my-model",
        "coterie train newer.txt --from my-model -o newer-model",
    ),
)
@click.argument("sources", metavar="SOURCE...", nargs=-1)
@click.option(
    "-o",
    "--output",
    metavar="MODEL",
    type=click.Path(path_type=Path),
    help="Folder for the model; a model that is there is replaced at the end.",
)
@preset_option
@from_option
@settings_options
@checkpoint_options
@report_options
@storage_options
@common_options
def command(
    sources: tuple[str, ...],
    output: Path | None,
    resume: Path | None,
    quiet: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    """Train word vectors on text and save them as a model folder.

    SOURCE is a file, a folder, a glob in quotes, or - for standard input; several may be given.
    By its name it is plain text (.txt), .jsonl, .csv, .tsv, .parquet or .arrow; the text formats
    also compressed: .gz, .bz2, .xz, .zst. One line, or one record, is one sentence.

    Ctrl-C ends the training early and saves what has been learned by then; if MODEL exists, beside
    it as MODEL.interrupted. A training that was ended or killed goes on with --resume MODEL, from its last
    checkpoint in MODEL.checkpoints.
    """
    speaker = Speaker(quiet=quiet, as_json=as_json)
    if resume is not None:
        resume_and_save(sources, resume, output, speaker, settings)
        return
    if not sources or output is None:
        missing = "SOURCE..." if not sources else "--output MODEL"
        raise click.UsageError(f"{missing} is missing; coterie train SOURCE... -o MODEL, or --resume MODEL.")
    train_and_save(source_of(sources), output, speaker, **_python_settings(settings))


def source_of(sources: Sequence[str]) -> Any:
    """Return what the command line names, as Python takes it."""
    from coterie.corpus import Paths

    return sources[0] if len(sources) == 1 else Paths(sources)


def _python_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the options as the Python function takes them: files of words read, unset ones left out."""
    settings = without_defaults(settings)
    from coterie.corpus import read_phrase_file, read_vocabulary_file

    vocabulary, word_file = settings.pop("vocabulary"), settings.pop("keep_words")
    keep = [*settings.pop("keep_word"), *(read_vocabulary_file(word_file) if word_file else [])]
    if vocabulary:
        settings["words"] = read_vocabulary_file(vocabulary)
    if keep:
        settings["keep_words"] = keep
    if known := settings.pop("known_phrases", None):
        settings["known_phrases"] = read_phrase_file(known)
    if settings.pop("no_cache"):
        settings["cache"] = False
    return {name: value for name, value in settings.items() if value is not None}


def checkpoints_of(output: Path) -> Path:
    """Return the folder of the checkpoints of a training that is to become this model."""
    real = Path(os.path.realpath(output))
    return real.with_name(real.name + ".checkpoints")


def train_and_save(source: Any, output: Path, speaker: Speaker, **settings: Any) -> Model:
    """Train, save, and tell about both; after Ctrl-C save what there is and leave with status 130.

    Parameters
    ----------
    source, settings
        As :func:`coterie.train` takes them; ``checkpoint_every`` as a pair of seconds and words.
    output
        Folder of the model.
    """
    import coterie

    every = settings.pop("checkpoint_every", (None, None))
    watchers = _watchers(settings)

    def train(**how: Any) -> Model:
        place = checkpoints_of(output) if every != (None, None) else None
        told = {"checkpoint_every": every[0], "checkpoint_every_words": every[1], "checkpoints": place}
        return coterie.train(source, **settings, **told, **how)

    return _saved(train, output, speaker, watchers)


def _watchers(settings: dict[str, Any]) -> list[Callback]:
    """Take out of the settings where reports go, and return what brings them there."""
    from coterie import tracking

    kinds = {
        "metrics": tracking.JsonLines,
        "tensorboard": tracking.TensorBoard,
        "wandb": tracking.WeightsAndBiases,
    }
    places = {name: settings.pop(name, None) for name in kinds}
    return [kinds[name](place) for name, place in places.items() if place is not None]


# What a training that goes on may be given anew.
_GIVEN_ANEW = ("epochs", "workers", "phrase_model", "evaluate_on", "start_from")
_STORAGE = ("cache_dir", "cache_limit", "memory_limit", "matrices_dir")
_CHANGEABLE = (
    *(*_GIVEN_ANEW, *_STORAGE, "no_cache", "checkpoint_every"),
    *("resume", "output", "sources", "quiet", "as_json"),
    *("metrics", "tensorboard", "wandb"),
)


def resume_and_save(
    sources: Sequence[str], model: Path, output: Path | None, speaker: Speaker, settings: dict[str, Any]
) -> Model:
    """Go on with the training that was to become `model`, and save it there."""
    import coterie

    source = click.get_current_context().get_parameter_source
    given = [name for name in settings if source(name) is not click.core.ParameterSource.DEFAULT]
    if fixed := [name for name in given if name not in _CHANGEABLE]:
        raise ConfigError(
            f"{fixed[0]} is given, but a training goes on with the settings that it began with; leave "
            f"{', '.join(fixed)} out. epochs and workers may be changed."
        )
    if output is not None and output != model:
        raise ConfigError(f"the model of {model} is saved there when it is done; leave --output out.")
    every = settings["checkpoint_every"]
    kept = {name: settings[name] for name in given if name in _GIVEN_ANEW}
    chosen = {name: settings[name] for name in _STORAGE if settings[name] is not None}
    if settings["no_cache"]:
        chosen["cache"] = False
    return _saved(
        lambda **how: coterie.resume(
            checkpoints_of(model),
            source_of(sources) if sources else None,
            checkpoint_every=every[0],
            checkpoint_every_words=every[1],
            **kept,
            **chosen,
            **how,
        ),
        model,
        speaker,
        _watchers(settings),
    )


def _saved(
    train: Callable[..., Model], output: Path, speaker: Speaker, watchers: Sequence[Callback] = ()
) -> Model:
    """Train, save, and tell about both."""
    from coterie.model import check_destination
    from coterie.training.checkpoint import remove_finished

    check_destination(output)
    earlier = _holds_a_whole_model(output)
    with terminated_as_interrupt() as terminated:
        try:
            with shown_progress(speaker) as callback:
                shown = [callback] if callback else []
                model = train(callbacks=[*shown, *watchers], on_event=speaker.message, output=output)
            model.save(output)
        except TrainingInterrupted as interruption:
            unfinished: Any = interruption.model
            _save_unfinished(unfinished, output, speaker, earlier=earlier)
            raise click.exceptions.Exit(143 if terminated else 130) from None
        except KeyboardInterrupt:
            if terminated:
                speaker.message("terminated")
                raise click.exceptions.Exit(143) from None
            raise
    remove_finished(checkpoints_of(output))
    if earlier:
        speaker.message(f"the earlier model in {output}{os.sep} is replaced")
    if speaker.as_json:
        speaker.json({**_result(model, output), "interrupted": False})
    else:
        _tell(model, output, speaker)
    return model


def _holds_a_whole_model(output: Path) -> bool:
    """Tell whether a model is there that a part of a training must not replace."""
    from coterie.formats.folder import read_config

    if not output.is_dir() or not any(output.iterdir()):
        return False
    try:
        figures = read_config(output)["figures"]
        return not figures["interrupted"]
    except (CoterieError, KeyError, TypeError):
        return True


@contextmanager
def terminated_as_interrupt() -> Iterator[list[int]]:
    """Treat SIGTERM as Ctrl-C; the list has the signal then."""
    received: list[int] = []

    def interrupt(number: int, frame: Any) -> None:
        received.append(number)
        if len(received) == 1:  # those who send it again get no faster end
            raise KeyboardInterrupt("terminated")

    if threading.current_thread() is not threading.main_thread():
        yield received
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield received
    finally:
        signal.signal(signal.SIGTERM, before)


def _save_unfinished(unfinished: Any, output: Path, speaker: Speaker, *, earlier: bool) -> None:
    """Save what was learned; a part of a training does not take the place of a whole one."""
    from coterie.model import check_destination

    place = output.with_name(output.name + ".interrupted") if earlier else output
    check_destination(place)
    unfinished.save(place)
    done = unfinished.config["figures"]["trained_words"] / _planned_words(unfinished)
    speaker.message(f"interrupted after {done:.0%}; what had been learned by then is in {place}{os.sep}")
    if earlier:
        speaker.message(f"the earlier model in {output}{os.sep} is as it was")
    if list(checkpoints_of(output).glob("checkpoint-*")):
        speaker.message(f"to go on: coterie train --resume {shlex.quote(str(output))}")
    if speaker.as_json:
        speaker.json({**_result(unfinished, place), "interrupted": True})


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
    if figures.get("stopped"):
        speaker.message(f"stopped early: {figures['stopped']}")
    speaker.message(
        f"trained {figures['trained_words']:,} words in {figures['training_seconds']:.1f} s: "
        f"{figures['words_per_second']:,.0f} words/s" + (f", loss {loss:.3f}" if loss is not None else "")
    )
    speaker.message(f"model saved in {output}{os.sep}")
