"""Training a model, once or again and again."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from coterie.compat.gensim.building import Building
from coterie.compat.gensim.callbacks import checked_callbacks
from coterie.compat.gensim.lifecycle import LOGGER
from coterie.compat.gensim.refusals import NoVocabularyError, refuse_unless
from coterie.compat.gensim.text import Scanned, scanned
from coterie.errors import ConfigError, TrainingInterrupted
from coterie.notices import warn_caller
from coterie.training.progress import Progress

if TYPE_CHECKING:
    from coterie.config import TrainingConfig
    from coterie.sampling.plan import Sentences
    from coterie.training.trainer import TrainingResult

__all__ = ["Training"]


class Training(Building):
    """What train does."""

    running_training_loss: float
    min_alpha_yet_reached: float
    train_count: int
    total_train_time: float

    def train(
        self,
        corpus_iterable: Any = None,
        corpus_file: str | os.PathLike[str] | None = None,
        total_examples: int | None = None,
        total_words: int | None = None,
        epochs: int | None = None,
        start_alpha: float | None = None,
        end_alpha: float | None = None,
        word_count: int = 0,
        queue_factor: int = 2,
        report_delay: float = 1.0,
        compute_loss: bool = False,
        callbacks: Iterable[Any] = (),
    ) -> tuple[int, int]:
        """Train on a text, going on from what was learned.

        Parameters
        ----------
        corpus_iterable, corpus_file
            Lists of words, gone through once, however many epochs; or a text with a sentence a line.
        total_examples, total_words
            One must be given, as in gensim. The learning rate falls by the words that the text really has; a
            number that differs from it is told as a warning.
        epochs
            Passes over the text; must be given.
        start_alpha, end_alpha
            Instead of ``alpha`` and ``min_alpha``, from now on.
        word_count
            Must be left at 0 (gensim takes no notice of it).
        queue_factor
            Without effect.
        report_delay
            Seconds between two lines of the log.
        compute_loss
            Keep the loss for :meth:`get_latest_training_loss`.
        callbacks
            See :class:`~coterie.compat.gensim.CallbackAny2Vec`.

        Returns
        -------
        (int, int)
            Words trained, those of the vocabulary in every epoch, and all words of the text in every epoch.

        Raises
        ------
        ConfigError
            Something that must be given is missing (a ``ValueError``).
        NoVocabularyError
            There is no vocabulary, or the text has none of its words (a ``RuntimeError``).
        TrainingInterrupted
            On Ctrl-C (a ``KeyboardInterrupt``); the model has what was learned until then.
        """
        self.alpha, self.min_alpha = start_alpha or self.alpha, end_alpha or self.min_alpha
        refuse_unless("word_count", word_count, 0, "The learning rate falls from the start of each training.")
        self._check_asked(epochs, total_examples, total_words)
        assert epochs is not None
        self.epochs = epochs
        listeners = checked_callbacks(callbacks)
        from coterie.training.warm_up import warm_up

        warm_up(self._config())
        with scanned(corpus_iterable, corpus_file) as text:
            for option, given, found in (
                ("total_examples", total_examples, text.total_sentences),
                ("total_words", total_words, text.total_words),
            ):
                # A file's sentences are not counted by gensim, and total_words may be those of another text.
                if given is not None and given != found and corpus_file is None:
                    LOGGER.warning("%s is %d, but the text has %d", option, given, found)
            return self._train(text, listeners, compute_loss, report_delay)

    def _check_asked(self, epochs: int | None, total_examples: int | None, total_words: int | None) -> None:
        if self.alpha > self.min_alpha_yet_reached:
            LOGGER.warning("Effective 'alpha' higher than previous training cycles")
        if not self.wv.key_to_index:
            raise NoVocabularyError(
                "there is no vocabulary; call build_vocab first, or give the constructor text."
            )
        if total_words is None and total_examples is None:
            raise ConfigError(
                "neither total_examples nor total_words is given. For the text that the vocabulary was built "
                "from it is total_examples=model.corpus_count."
            )
        if epochs is None or epochs <= 0:
            raise ConfigError(f"epochs is {epochs}; give a number above 0, usually epochs=model.epochs.")

    def _train(
        self, text: Scanned, listeners: list[Any], compute_loss: bool, report_delay: float = 1.0
    ) -> tuple[int, int]:
        from coterie.sampling.plan import Sentences
        from coterie.training.guard import check_input, check_outcome

        self._check_lockf()
        sentences = Sentences(*text.numbered(self.wv.key_to_index))
        if not len(sentences.ids):
            raise NoVocabularyError(
                "none of the text's words is in the vocabulary; build_vocab(update=True) adds them."
            )
        for remark in check_input(sentences.offsets, len(self.wv), self._settings_for(sentences)):
            warn_caller(remark)
        self.compute_loss, self.running_training_loss = compute_loss, 0.0
        _tell(listeners, "on_train_begin", self)
        # Threads go on from epoch to epoch, unless someone listens between them.
        parts = [range(i, i + 1) for i in range(self.epochs)] if listeners else [range(self.epochs)]
        trained = 0
        for epochs in parts:
            _tell(listeners, "on_epoch_begin", self)
            config = self._settings_for(sentences)
            result = self._run(sentences, config, epochs, report_delay)
            trained += result.words
            _tell(listeners, "on_epoch_end", self)
        outcome = check_outcome(result.loss, result.untrained_loss, config)
        if outcome and not self.train_count:  # a later training may well be a short one
            warn_caller(outcome)
        self.train_count += 1
        self.add_lifecycle_event("train", epochs=self.epochs, words=trained, loss=result.loss)
        _tell(listeners, "on_train_end", self)
        return trained, text.total_words * self.epochs

    def _settings_for(self, sentences: Sentences) -> TrainingConfig:
        return self._config(self._counts, len(sentences.ids), self.train_count)

    def _check_lockf(self) -> None:
        if not (np.asarray(self.wv.vectors_lockf) == 1).all():
            raise ConfigError(
                "wv.vectors_lockf is not 1 everywhere; vectors can't be locked against training."
            )

    def _run(
        self, sentences: Sentences, config: TrainingConfig, epochs: range, report_delay: float
    ) -> TrainingResult:
        from coterie.training.trainer import Trainer

        self._make_ready(config)
        run = Trainer(sentences, self._counts, config, _logged(report_delay), self._weights, epochs)
        result = run.run()
        self.wv.norms = None
        self.total_train_time += result.seconds
        share = epochs.stop / config.epochs
        self.min_alpha_yet_reached = config.alpha - (config.alpha - config.min_alpha) * share
        if self.compute_loss and result.summed_loss is not None:
            self.running_training_loss += result.summed_loss
        if result.interrupted:
            raise TrainingInterrupted("interrupted; the model has what was learned until then", self)
        return result

    def _make_ready(self, config: TrainingConfig) -> None:
        """Have weights that can be trained in place, with the word vectors as they are now."""
        from coterie.objectives.growth import grow_weights
        from coterie.objectives.weights import check_fit

        words, vectors = len(self.wv), self.wv.vectors
        if self._weights is None or words != len(self._counts) or vectors.shape != (words, self.vector_size):
            raise NoVocabularyError(
                f"wv has {words:,} keys and vectors of shape {vectors.shape}, which are not those that the "
                "model has output vectors for. Words are added with build_vocab(…, update=True)."
            )
        weights = self._weights
        try:
            check_fit(weights, words, config)
        except ConfigError:  # mapped from a file, or another objective
            counts = (self._weights_counts, self._counts)
            weights = grow_weights(weights, np.arange(words), config, counts)
        if weights is not self._weights or vectors is not self._view:
            weights.input_vectors[:, : self.vector_size] = vectors
            self._hold(weights)

    def get_latest_training_loss(self) -> float:
        """Return the loss of the latest training, summed over all its examples; 0 without ``compute_loss``.

        An example is a pair, or with CBOW a window. In gensim it is summed in float32, which stops growing in
        long trainings; here it is estimated from an unbiased sample of the text, to some tenths of a percent.
        """
        return self.running_training_loss


def _tell(listeners: list[Any], name: str, model: Any) -> None:
    for listener in listeners:
        getattr(listener, name)(model)


def _logged(delay: float) -> Callable[[Progress], None]:
    """Return a callback that logs now and then."""
    last = time.perf_counter()

    def report(progress: Progress) -> None:
        nonlocal last
        now = time.perf_counter()
        if progress.stage == "train" and now - last >= delay:
            last = now
            LOGGER.info(
                "epoch %d: %.1f%%, %.0f words/s",
                progress.epoch + 1,
                100 * (progress.fraction or 0),
                progress.words_per_second,
            )

    return report
