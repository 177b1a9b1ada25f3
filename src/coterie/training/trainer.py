"""The training loop: threads without the GIL over a plan of chunks (Hogwild: Recht et al. 2011).

Threads take units of work in order and write to the shared matrices without locks. With one worker the
order is the plan's and the result is a function of (corpus, settings, seed); with more, draws stay the same
and only the interleaving of updates varies.

In the deterministic mode they train the same chunk in step instead, see :mod:`coterie.objectives.batch`, and
the result is a function of (corpus, settings, seed) for any number of them.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coterie.config import TrainingConfig
from coterie.errors import ConfigError, TrainingError
from coterie.kernels.compile import JIT_ENABLED
from coterie.kernels.cores import available_cores
from coterie.kernels.stored import caller_of
from coterie.objectives.choose import make_objective
from coterie.objectives.objective import Crew, Learner
from coterie.objectives.weights import Weights, as_trained, check_fit, in_training, make_weights
from coterie.sampling.plan import (
    ChunkPlan,
    Sampler,
    Sentences,
    for_epoch,
    make_plan,
    make_sampler,
    plan_chunk,
)
from coterie.training.checkpoint import Checkpoints, TrainingState
from coterie.training.guard import check_loss, check_weights
from coterie.training.metrics import LossMeter, record, record_interval, records_chunk
from coterie.training.progress import Progress
from coterie.training.rounds import Rounds
from coterie.training.schedule import (
    WorkUnit,
    chunk_tokens,
    learning_rate,
    plan_work,
    plans_of_a_thread,
    reach_of,
)

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
    estimated from the recorded ones; None where nothing was recorded.
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

    @property
    def words_per_second(self) -> float:
        """Corpus words trained in a second, over the run without compilation."""
        return self.words / self.seconds if self.seconds > 0 else 0.0


class Trainer:
    """One run over an encoded corpus.

    Parameters
    ----------
    sentences
        Token ids (T,) uint32 and sentence offsets (S + 1,) int64.
    counts
        int64, shape (V,): what subsampling and the noise distribution are made from.
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
    """

    def __init__(
        self,
        sentences: Sentences,
        counts: NDArray[np.int64],
        config: TrainingConfig,
        callback: Callable[[Progress], None] | None = None,
        weights: Weights | None = None,
        epochs: range | None = None,
        checkpoints: Checkpoints | None = None,
        state: TrainingState | None = None,
    ) -> None:
        if epochs is None:
            epochs = range(config.epochs)
        elif not epochs or epochs.step != 1 or epochs.start < 0 or epochs.stop > config.epochs:
            raise ConfigError(f"epochs is {epochs}; it must be a part of range({config.epochs}).")
        self._sentences, self._config, self._callback = sentences, config, callback
        self.workers = config.workers or available_cores()
        self._reach = reach_of(sentences.offsets, config.window)
        self._chunk = chunk_tokens(len(sentences.ids), len(counts), self._reach, config)
        self._planned = len(sentences.ids) * len(epochs)
        self._interval = record_interval(len(sentences.ids))
        self._sampler = make_sampler(counts, config, epoch=0)
        if state is not None:
            weights = state.weights
        if weights is None:
            weights = make_weights(len(counts), config)
        else:
            check_fit(weights, len(counts), config)
        self.weights = weights
        self._trained = as_trained(weights, config)
        self._objective = make_objective(self._trained, counts, config, self._reach)
        self._dealt = self._settled = 0  # units that have been handed out; all of those before are done
        self._units = self._counted(plan_work(sentences.offsets, self._chunk, epochs))
        self._crew: Crew | None = None
        if config.deterministic:
            # More would wait for each other, without the JIT they cannot meet, and the full softmax is one
            # thread's; the result is the same.
            several = JIT_ENABLED and config.objective != "softmax"
            self.workers = min(self.workers, available_cores()) if several else 1
            self._crew = self._objective.crew(self.workers)
            plans = [make_plan(self._chunk, self._reach, config)]
            each = plans_of_a_thread(sum(array.nbytes for array in plans[0]))
            plans += [make_plan(self._chunk, self._reach, config) for _ in range(each * self.workers - 1)]
            self._rounds = Rounds(self._units, plans, self.workers, self._stopped, self._between_rounds)
        self._lock = threading.Lock()
        self._turn = threading.Condition(self._lock)  # for threads that run free: may the next unit begin
        self._paused, self._busy, self._alive = False, 0, 0
        self._stop = threading.Event()
        self._ready = threading.Event()  # compiled: what follows is training
        self._failure: BaseException | None = None
        self._started = 0.0
        self._meter = LossMeter()
        self._done, self._epoch, self._rate = 0, epochs.start, config.alpha
        self._metrics: list[dict[str, Any]] = []
        self._checkpoints, self._seconds_before = checkpoints, 0.0
        if state is not None:
            self._go_on(state)

    def _go_on(self, state: TrainingState) -> None:
        """Begin where the state was left."""
        if state.chunk != self._chunk:
            raise ConfigError(
                f"the checkpoint counts units of {state.chunk:,} words, and this training has such of "
                f"{self._chunk:,}: another Coterie wrote it, or for another text. Train anew."
            )
        for unit in itertools.islice(self._units, state.units):
            self._epoch = unit.epoch
        self._done, self._seconds_before = state.words, state.seconds
        self._meter.restore(state.losses)
        self._metrics += state.metrics

    def _counted(self, units: Iterator[WorkUnit]) -> Iterator[WorkUnit]:
        for unit in units:
            self._dealt += 1
            yield unit

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
            self._dealt,
            self._done,
            self._chunk,
            self._seconds_before + time.perf_counter() - self._started,
            self._meter.kept(),
            self._metrics,
        )

    def _between_rounds(self) -> None:
        self._settled = self._dealt
        if self._checkpoints is not None and self._checkpoints.due(self._done):
            self._save(self._checkpoints)

    def _pause_and_save(self, checkpoints: Checkpoints) -> None:
        """Write a checkpoint of threads that run free, when each has done its unit."""
        with self._turn:
            self._paused = True
            try:
                self._turn.wait_for(lambda: not self._busy)
                if not self._stop.is_set():
                    self._save(checkpoints)
            finally:
                self._paused = False
                self._turn.notify_all()

    def compile(self) -> tuple[ChunkPlan, Learner]:
        """Return what a thread trains with, its kernels compiled: an empty chunk calls all, to no effect."""
        plan, learner = self._equipment()
        plan_chunk(self._sampler, self._sentences, 0, 0, 0, self._reach, plan)
        learner(plan, 0.0, False)
        return plan, learner

    def _equipment(self, number: int = 0) -> tuple[ChunkPlan, Learner]:
        """Return a plan and the learner of the thread with this number."""
        if self._crew is not None:
            return self._rounds.plans[number], self._crew.learners[number]
        return make_plan(self._chunk, self._reach, self._config), self._objective.learner()

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
        threads = [
            threading.Thread(target=self._work, args=(i,), name=f"coterie-{i}", daemon=True)
            for i in range(self.workers)
        ]
        interrupted = finished = False
        began = time.perf_counter()
        start = began - self._seconds_before
        try:
            self._begin(threads[0])  # compiles for all; in a thread, so that Ctrl-C is heard meanwhile
            while not self._ready.wait(_TICK) and threads[0].is_alive():
                if self._callback is not None:
                    self._callback(self._compiling(time.perf_counter() - began))
            start = (self._started or began) - self._seconds_before
            if self._checkpoints is not None:
                self._checkpoints.begin()
            if self._ready.is_set():
                for thread in threads[1:]:
                    self._begin(thread)
            self._watch(threads, start)
            finished = True
        except KeyboardInterrupt:
            interrupted = True
        except TrainingError as error:
            self._failure = error
        finally:
            self._stop.set()
            if self._crew is not None and any(thread.ident is None for thread in threads):
                self._rounds.abort()  # whoever has started would wait for those that never do
            if self._ready.is_set() or not interrupted:
                # Who goes on with the weights, or keeps them otherwise, must be alone with them.
                alone = self._crew or self._checkpoints or self._trained is not self.weights
                self._wait_for_threads(threads, _JOIN_SECONDS if interrupted and not alone else None)
            if self._checkpoints is not None and not finished and self._failure is None and self._started:
                self._save_at_the_end(self._checkpoints)
        seconds = time.perf_counter() - start
        if self._failure is not None:
            raise self._failure
        check_weights(self._trained, self._config)
        self._metrics.append(record(self._progress(seconds)))
        last = self._meter.epoch(self._epoch)
        return TrainingResult(
            self.weights,
            seconds,
            self._done,
            last,
            self._objective.untrained_loss,
            interrupted,
            self.workers,
            self._metrics,
            self._meter.total(len(self._sentences.ids)),
        )

    def _save_at_the_end(self, checkpoints: Checkpoints) -> None:
        """Write a checkpoint of a run that ends early; a second Ctrl-C does without it."""
        # A crew that was told to give up may have left a round in its midst.
        if self._crew is None or self._settled == self._dealt:
            with contextlib.suppress(KeyboardInterrupt, TrainingError):
                self._save(checkpoints, wait=True)

    def _begin(self, thread: threading.Thread) -> None:
        with self._turn:
            self._alive += 1
        try:
            thread.start()
        except BaseException:
            if thread.ident is None:  # else it has begun, and counts itself out
                with self._turn:
                    self._alive -= 1
            raise

    def _wait_for_threads(self, threads: list[threading.Thread], limit: float | None) -> None:
        """Wait until all that have begun have ended.

        A thread's own ``join`` is not to be trusted for that: where a signal interrupted one, Python takes
        the thread for ended, and later ones return at once.
        """
        until = None if limit is None else time.monotonic() + limit
        while True:
            with contextlib.suppress(KeyboardInterrupt), self._turn:  # a second Ctrl-C: a unit is soon done
                left = None if until is None else max(0.0, until - time.monotonic())
                ended = self._turn.wait_for(lambda: self._alive <= 0, left)
                break
        for thread in threads if ended else ():
            if thread.ident is not None:
                thread.join()

    def _watch(self, threads: list[threading.Thread], start: float) -> None:
        """Report and guard until the threads are done; only the main thread hears Ctrl-C."""
        guarded, recorded = start, 0
        while any(thread.is_alive() for thread in threads):
            next((thread for thread in threads if thread.is_alive()), threads[0]).join(_TICK)
            now = time.perf_counter()
            progress = self._progress(now - start)
            if progress.words_done * _METRICS >= (recorded + 1) * self._planned:
                recorded = progress.words_done * _METRICS // self._planned
                self._metrics.append(record(progress))
            if self._checkpoints is not None and self._crew is None and self._checkpoints.due(self._done):
                self._pause_and_save(self._checkpoints)
            if now - guarded >= _GUARD_EVERY:
                guarded = now
                check_weights(self._trained, self._config, rows=_GUARDED_ROWS)
            if self._callback is not None:
                self._callback(progress)

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
                # Taken here: the main thread may wake when the first chunks are done.
                self._started = time.perf_counter()
                self._ready.set()
            if self._crew is not None:
                self._train_in_step(number, learner)
            else:
                self._train_freely(plan, learner)
        except BaseException as error:  # noqa: BLE001 - carried to the calling thread, which raises it
            self._fail(error)
        finally:
            with self._turn:
                self._alive -= 1
                self._turn.notify_all()

    def _train_freely(self, plan: ChunkPlan, learner: Learner) -> None:
        """Take units until there are none."""
        plan_unit = self._planner()
        while not self._stop.is_set():
            with self._turn:
                self._turn.wait_for(lambda: not self._paused)
                if (unit := next(self._units, None)) is None:
                    return
                self._busy += 1
            try:
                plan_unit(unit, plan)
                self._train_unit(unit, plan, learner)
            finally:
                with self._turn:
                    self._busy -= 1
                    self._turn.notify_all()

    def _train_in_step(self, number: int, learner: Learner) -> None:
        """Plan some units of each round, and train all of them together with the rest of the crew."""
        plans, plan_unit = self._rounds.plans, self._planner()
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

    def _stopped(self) -> bool:
        return self._stop.is_set()

    def _fail(self, error: BaseException) -> None:
        """Remember why the run ends, unless it is that another thread has ended it."""
        if not isinstance(error, threading.BrokenBarrierError):
            self._failure = self._failure or error
        self._stop.set()
        if self._crew is not None and not isinstance(error, TrainingError):
            self._rounds.abort()
            self._crew.abandon()

    def _planner(self) -> Callable[[WorkUnit, ChunkPlan], None]:
        """Return what fills a thread's plan for a unit of work."""
        run, sampler_of = caller_of(plan_chunk), functools.cache(self._sampler_of)

        def plan_unit(unit: WorkUnit, plan: ChunkPlan) -> None:
            sampler = sampler_of(unit.epoch)
            run(sampler, self._sentences, unit.sentence, unit.start, unit.stop, self._reach, plan)

        return plan_unit

    def _sampler_of(self, epoch: int) -> Sampler:
        return for_epoch(self._sampler, self._config.seed, epoch)

    def _train_unit(self, unit: WorkUnit, plan: ChunkPlan, learner: Learner, *, told: bool = True) -> None:
        """Train a planned unit; only a thread that is `told` about its loss looks after the run."""
        config = self._config
        tokens = len(self._sentences.ids)
        rate = learning_rate(
            unit.epoch * tokens + unit.start, config.epochs * tokens, config.alpha, config.min_alpha
        )
        recorded = records_chunk(config.seed, unit.epoch, unit.chunk, self._interval)
        summed, examples = learner(plan, rate, recorded)
        if not told:
            return
        with self._lock:
            self._done += unit.stop - unit.start
            self._epoch, self._rate = unit.epoch, rate
            self._meter.add(unit.epoch, summed, examples, unit.stop - unit.start)
            loss = self._meter.recent
        if recorded and loss is not None:
            check_loss(loss, self._objective.untrained_loss, config)
