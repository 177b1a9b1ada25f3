"""The training loop: threads without the GIL over a plan of chunks (Hogwild: Recht et al. 2011).

Threads take units of work in order and write to the shared matrices without locks. With one worker the
order is the plan's and the result is a function of (corpus, settings, seed); with more, draws stay the same
and only the interleaving of updates varies.

In the deterministic mode they train the same chunk in step instead, see :mod:`coterie.objectives.batch`, and
the result is a function of (corpus, settings, seed) for any number of them.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coterie.config import TrainingConfig
from coterie.errors import ConfigError, TrainingError
from coterie.kernels.compile import JIT_ENABLED
from coterie.kernels.cores import available_cores
from coterie.notices import warn_caller
from coterie.objectives.choose import make_objective
from coterie.objectives.objective import Crew, Learner
from coterie.objectives.weights import Weights, as_trained, check_fit, in_training, make_weights
from coterie.sampling.pairs import Pairs
from coterie.sampling.plan import ChunkPlan, Sentences
from coterie.training.callbacks import Callback, Outcome, Training, Watch
from coterie.training.checkpoint import Checkpoints, TrainingState
from coterie.training.dealer import Dealer
from coterie.training.guard import check_loss, check_weights
from coterie.training.halts import Halts
from coterie.training.metrics import LossMeter, no_better, record, record_interval, records_chunk, told_of
from coterie.training.planning import planner_of
from coterie.training.progress import Progress
from coterie.training.rounds import Rounds
from coterie.training.schedule import WorkUnit, learning_rate, plans_of_a_thread
from coterie.training.team import Team
from coterie.training.validation import held_out_of

__all__ = ["Trainer", "TrainingResult"]

# How often the main thread looks: often enough that Ctrl-C and the end are noticed at once.
_TICK = 0.05
_GUARD_EVERY = 1.0
_GUARDED_ROWS = 1024
_METRICS = 100
_JOIN_SECONDS = 1.0


@dataclass(frozen=True)
class TrainingResult:
    """What a run leaves: the weights, and figures about the run.

    ``loss`` is the mean of an example in the last epoch, ``summed_loss`` the sum over all examples,
    estimated from the recorded ones; None where nothing was recorded. ``stopped`` says why it ended before
    its plan did, if it was stopped.
    """

    weights: Weights
    seconds: float
    words: int
    loss: float | None
    untrained_loss: float
    interrupted: bool
    workers: int
    metrics: list[dict[str, Any]] = field(default_factory=list)
    summed_loss: float | None = None
    stopped: str | None = None

    @property
    def words_per_second(self) -> float:
        """Corpus words trained in a second, over the run without compilation."""
        return self.words / self.seconds if self.seconds > 0 else 0.0


class Trainer:
    """One run over an encoded corpus.

    Parameters
    ----------
    text
        Token ids (T,) uint32 and sentence offsets (S + 1,) int64; or pairs.
    counts
        int64, shape (V,): what subsampling and the noise distribution are made from; of pairs, how often each
        word is an output.
    config
        The settings.
    callback
        Called in the calling thread some times a second with a :class:`Progress`; what it raises ends the
        run.
    weights
        What an earlier training left, to go on from; they are changed in place. See
        :func:`~coterie.objectives.growth.grow_weights` for those of another vocabulary, or mapped from disk.
    epochs
        Which of the ``config.epochs`` epochs this run trains, all by default: with one worker the runs of
        ``range(0, 2)`` and ``range(2, 5)``, on one another's weights, are a run of 5 epochs bit for bit.
    checkpoints
        Where to write, from time to time and when the run ends early, how far it has come.
    state
        What an earlier run of the same settings left in a checkpoint, to go on from: with one worker, or
        with ``deterministic``, the run ends as if it had never stopped, bit for bit.
    watch
        Who else is told, and may stop it.
    """

    def __init__(
        self,
        text: Sentences | Pairs,
        counts: NDArray[np.int64],
        config: TrainingConfig,
        callback: Callable[[Progress], None] | None = None,
        weights: Weights | None = None,
        epochs: range | None = None,
        checkpoints: Checkpoints | None = None,
        state: TrainingState | None = None,
        watch: Watch | None = None,
    ) -> None:
        if epochs is None:
            epochs = range(config.epochs)
        elif not epochs or epochs.step != 1 or epochs.start < 0 or epochs.stop > config.epochs:
            raise ConfigError(f"epochs is {epochs}; it must be a part of range({config.epochs}).")
        self._config, self._callback = config, callback
        self.workers = config.workers or available_cores()
        self._planner = planner_of(text, counts, config)
        self._validation = held_out_of(text, counts, config)
        self._planned = self._planner.tokens * len(epochs)
        self._interval = record_interval(self._planner.tokens)
        if state is not None:
            weights = state.weights
        if weights is None:
            weights = make_weights(len(counts), config)
        else:
            check_fit(weights, len(counts), config)
        self.weights = weights
        self._trained = as_trained(weights, config)
        steepest = config
        if config.deterministic:
            # A crew's batches are as long as steps of the greatest rate allow, which weights multiply.
            # Squared: the sum of few long steps errs more than that of many short ones.
            steepest = replace(config, alpha=config.alpha * self._planner.heaviest() ** 2)
        self._objective = make_objective(self._trained, counts, steepest, self._planner.reach)
        self._news = threading.Event()
        self._dealer = Dealer(self._planner.units(epochs), self._news)
        self._crew: Crew | None = None
        if config.deterministic:
            # More would wait for each other, without the JIT they cannot meet, and the full softmax is one
            # thread's; the result is the same.
            several = JIT_ENABLED and config.objective != "softmax"
            self.workers = min(self.workers, available_cores()) if several else 1
            self._crew = self._objective.crew(self.workers)
            plans = [self._planner.make_plan()]
            each = plans_of_a_thread(sum(array.nbytes for array in plans[0]))
            plans += [self._planner.make_plan() for _ in range(each * self.workers - 1)]
            self._rounds = Rounds(self._dealer, plans, self.workers)
        self._lock = threading.Lock()
        self._ready = threading.Event()  # compiled: what follows is training
        self._failure: BaseException | None = None
        self._started = 0.0
        self._meter = LossMeter()
        self._done, self._epoch, self._rate = 0, epochs.start, config.alpha
        self._metrics: list[dict[str, Any]] = []
        self._checkpoints, self._seconds_before, self._dealt_before = checkpoints, 0.0, 0
        self._watch = watch or Watch((), ())
        self._begun: list[Callback] = []
        units = -(-self._planner.tokens // self._planner.chunk)
        evaluated = self._validation is not None or self._watch.score is not None
        every = config.validation_every if evaluated else None
        self._halts = Halts(units, epochs, every, at_epochs=self._watch.epoch_ends)
        # A mapping from rows to words is only made for those who ask.
        vectors = weights.input_vectors[:, : config.vector_size]
        self._training = Training(self._watch.words, counts, vectors, self._dealer.stop)
        self._training.metrics = self._metrics
        if state is not None:
            self._go_on(state)

    def _go_on(self, state: TrainingState) -> None:
        """Begin where the state was left."""
        if state.chunk != self._planner.chunk:
            raise ConfigError(
                f"the checkpoint counts units of {state.chunk:,} words, and this training has such of "
                f"{self._planner.chunk:,}: another Coterie wrote it, or for another text. Train anew."
            )
        if (last := self._dealer.skip(state.units)) is not None:
            self._epoch = last.epoch
        self._halts.skip(state.units, state.halted)
        self._dealt_before = state.units
        planned, config = self._planner.tokens * self._config.epochs, self._config
        self._rate = learning_rate(min(state.words, planned), planned, config.alpha, config.min_alpha)
        self._done, self._seconds_before = state.words, state.seconds
        self._meter.restore(state.losses)
        self._metrics += state.metrics

    def _save(self, checkpoints: Checkpoints, *, wait: bool = False) -> None:
        """Write a checkpoint; all units that were handed out must be done.

        Raises
        ------
        TrainingError
            The weights went wrong: no checkpoint of these takes the place of a good one.
        """
        since = time.monotonic()
        check_weights(self._trained, self._config)
        checkpoints.save(self._state(), since, wait=wait)

    def _state(self) -> TrainingState:
        return TrainingState(
            self._trained,
            self._dealer.dealt,
            self._done,
            self._planner.chunk,
            self._seconds_before + time.perf_counter() - self._started,
            self._meter.kept(),
            self._metrics,
            self._halts.passed,
        )

    def compile(self) -> tuple[ChunkPlan, Learner]:
        """Return what a thread trains with, its kernels compiled: an empty chunk calls all, to no effect."""
        plan, learner = self._equipment()
        self._planner.compile(plan)
        learner(plan, 0.0, False)
        return plan, learner

    def _equipment(self, number: int = 0) -> tuple[ChunkPlan, Learner]:
        """Return a plan and the learner of the thread with this number."""
        if self._crew is not None:
            return self._rounds.plans[number], self._crew.learners[number]
        return self._planner.make_plan(), self._objective.learner()

    def run(self) -> TrainingResult:
        """Train to the end of the plan, or to Ctrl-C.

        Raises
        ------
        TrainingError
            When the loss or the vectors go wrong; the weights are then not to be used.
        """
        with self._objective.session(), in_training(self.weights, self._config):
            return self._run()

    def _run(self) -> TrainingResult:
        team = Team(self.workers, self._work, self._news)
        interrupted = finished = False
        began = time.perf_counter()
        start = began - self._seconds_before
        try:
            team.begin(range(1))  # compiles for all; in a thread, so that Ctrl-C is heard meanwhile
            while not self._ready.wait(_TICK) and team.at_work:
                if self._callback is not None:
                    self._callback(self._compiling(time.perf_counter() - began))
            self._training.progress = self._progress(self._seconds_before)
            if self._ready.is_set():
                self._started = time.perf_counter()
                for callback in self._watch.callbacks:
                    self._begun.append(callback)
                    callback.on_start(self._training)
                self._started = time.perf_counter()
                start = self._started - self._seconds_before
                self._dealer.go_on(self._halts.next)
                team.begin(range(1, self.workers))
            if self._checkpoints is not None:
                self._checkpoints.begin()
            self._oversee(team, start)
            if self._failure is None and self._dealer.reason is None and self._halts.next is not None:
                self._evaluate(start)
            finished = True
        except KeyboardInterrupt:
            interrupted = True
        except TrainingError as error:
            self._failure = error
        finally:
            self._dealer.stop()
            if self._crew is not None and not team.complete:
                self._rounds.abort()  # whoever has started would wait for those that never do
            if self._ready.is_set() or not interrupted:
                # Who goes on with the weights, or keeps them otherwise, must be alone with them.
                alone = self._crew or self._checkpoints or self._trained is not self.weights
                team.wait(_JOIN_SECONDS if interrupted and not alone else None)
            if (
                self._checkpoints is not None
                and not finished
                and self._failure is None
                and self._ready.is_set()
            ):
                self._save_at_the_end(self._checkpoints)
            if self._failure is not None or not (finished or interrupted):
                # Its error is what matters, whatever goes wrong on the way out.
                with contextlib.suppress(Exception):
                    self._end("failed", time.perf_counter() - start)
        seconds = time.perf_counter() - start
        if self._failure is not None:
            raise self._failure
        check_weights(self._trained, self._config)
        self._metrics.append(record(self._progress(seconds)))
        self._end("interrupted" if interrupted else "stopped" if self._dealer.reason else "done", seconds)
        return self._result(seconds, interrupted=interrupted)

    def _result(self, seconds: float, *, interrupted: bool) -> TrainingResult:
        return TrainingResult(
            self.weights,
            seconds,
            self._done,
            self._meter.epoch(self._epoch),
            self._objective.untrained_loss,
            interrupted,
            self.workers,
            self._metrics,
            self._meter.total(self._planner.tokens),
            self._dealer.reason,
        )

    def _save_at_the_end(self, checkpoints: Checkpoints) -> None:
        """Write a checkpoint of a run that ends early; a second Ctrl-C does without it."""
        # A crew that was told to give up may have left a round in its midst.
        if self._dealer.idle and self._dealer.dealt > self._dealt_before:
            with contextlib.suppress(KeyboardInterrupt, TrainingError):
                self._save(checkpoints, wait=True)

    def _oversee(self, team: Team, start: float) -> None:
        """Report and guard until the threads are done; only the main thread hears Ctrl-C."""
        guarded, recorded = start, 0
        while team.at_work:
            self._news.wait(_TICK)
            self._news.clear()
            if self._dealer.halted:
                self._evaluate(start)
                self._dealer.go_on(self._halts.next)
            now = time.perf_counter()
            progress = self._progress(now - start)
            if progress.words_done * _METRICS >= (recorded + 1) * self._planned:
                recorded = progress.words_done * _METRICS // self._planned
                self._metrics.append(record(progress))
            if self._checkpoints is not None and self._checkpoints.due(self._done):
                with self._dealer.standing():
                    if not self._dealer.stopped and self._failure is None:
                        self._save(self._checkpoints)
            if now - guarded >= _GUARD_EVERY:
                guarded = now
                check_weights(self._trained, self._config, rows=_GUARDED_ROWS)
            if self._callback is not None:
                self._callback(progress)
            self._training.progress = progress
            self._tell("on_interval")

    def _evaluate(self, start: float) -> None:
        """Measure and tell what is due where all stand still."""
        halt = self._halts.due
        if halt.evaluates:
            report = record(self._progress(time.perf_counter() - start))
            if self._validation is not None:
                report["validation_loss"] = self._validation.loss(self._objective)
            if self._watch.score is not None:
                report["score"] = self._watch.score(self._training.vectors)
            self._metrics.append(report)
            if self._watch.tell is not None:
                self._watch.tell(told_of(report, self._planned / self._config.epochs))
            if reason := no_better(self._metrics, self._config.early_stopping):
                self._dealer.stop(reason)
        self._halts.passing()  # not before: a measurement that is interrupted is made when it goes on
        if halt.ends_epoch:
            self._training.progress = self._progress(time.perf_counter() - start)
            self._tell("on_epoch_end")

    def _tell(self, hook: str) -> None:
        """Call a hook of the callbacks."""
        for callback in self._watch.callbacks:
            getattr(callback, hook)(self._training)

    def _end(self, outcome: Outcome, seconds: float) -> None:
        """Tell the callbacks how it ended."""
        self._training.outcome = outcome
        self._training.progress = self._progress(seconds)
        for callback in self._begun:
            try:
                callback.on_end(self._training)
            except KeyboardInterrupt:  # it takes too long; what was trained is not to be lost for that
                continue
            except Exception as error:  # noqa: BLE001 - likewise
                kind = type(callback).__name__
                (self._watch.tell or warn_caller)(f"the callback {kind} failed at the end: {error!r}")

    def _compiling(self, seconds: float) -> Progress:
        return Progress(stage="compile", words_done=0, words_total=self._planned, seconds=seconds)

    def _progress(self, seconds: float) -> Progress:
        with self._lock:
            return Progress(
                stage="train",
                words_done=self._done,
                words_total=self._planned,
                seconds=seconds,
                epoch=self._epoch,
                epochs=self._config.epochs,
                loss=self._meter.recent,
                learning_rate=self._rate,
                fraction=self._done / self._planned,
            )

    def _work(self, number: int) -> None:
        """Train until there is no more to do; runs in a thread of its own."""
        try:
            if self._ready.is_set():
                plan, learner = self._equipment(number)
            else:
                plan, learner = self.compile()
                self._ready.set()
            if self._crew is not None:
                self._train_in_step(number, learner)
            else:
                self._train_freely(plan, learner)
        except BaseException as error:  # noqa: BLE001 - carried to the calling thread, which raises it
            self._fail(error)

    def _train_freely(self, plan: ChunkPlan, learner: Learner) -> None:
        """Take units until there are none."""
        plan_unit = self._planner.planner()
        while units := self._dealer.deal():
            try:
                for unit in units:
                    plan_unit(unit, plan)
                    self._train_unit(unit, plan, learner)
            finally:
                self._dealer.done()

    def _train_in_step(self, number: int, learner: Learner) -> None:
        """Plan some units of each round, and train all of them together with the rest of the crew."""
        plans, plan_unit = self._rounds.plans, self._planner.planner()
        while units := self._rounds.next():
            for unit, plan in zip(units[number :: self.workers], plans[number :: self.workers], strict=False):
                plan_unit(unit, plan)
            self._rounds.wait_for_plans()
            for unit, plan in zip(units, plans, strict=False):
                try:
                    self._train_unit(unit, plan, learner, told=number == 0)
                except TrainingError as error:
                    # The others are in the midst of the round, and need this thread to its end.
                    self._fail(error)

    def _fail(self, error: BaseException) -> None:
        """Remember why the run ends, unless it is that another thread has ended it."""
        if not isinstance(error, threading.BrokenBarrierError):
            self._failure = self._failure or error
        self._dealer.stop()
        if self._crew is not None and not isinstance(error, TrainingError):
            self._dealer.abandon()
            self._rounds.abort()
            self._crew.abandon()

    def _train_unit(self, unit: WorkUnit, plan: ChunkPlan, learner: Learner, *, told: bool = True) -> None:
        """Train a planned unit; only a thread that is `told` about its loss looks after the run."""
        config = self._config
        tokens = self._planner.tokens
        rate = learning_rate(
            unit.epoch * tokens + unit.start, config.epochs * tokens, config.alpha, config.min_alpha
        )
        recorded = records_chunk(config.seed, unit.epoch, unit.chunk, self._interval)
        summed, examples = learner(plan, rate, recorded)
        if not told:
            return
        with self._lock:
            self._done += unit.stop - unit.start
            # A thread that the system held up may be the last to end, with a unit of long ago.
            self._epoch, self._rate = max(self._epoch, unit.epoch), min(self._rate, rate)
            self._meter.add(unit.epoch, summed, examples, unit.stop - unit.start)
            loss = self._meter.recent
        if recorded and loss is not None:
            check_loss(loss, self._objective.untrained_loss, config)
