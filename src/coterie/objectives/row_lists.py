"""What a walk over a plan is compiled around: the settings that it needs, and an objective's four kernels."""

from __future__ import annotations

from typing import Any, NamedTuple

from coterie.config import TrainingConfig
from coterie.kernels.allocate import padded_columns
from coterie.kernels.block import Block, Matrices, row_address
from coterie.kernels.compile import Index, inner_kernel
from coterie.kernels.simd import address_of, fetch_rows
from coterie.sampling.plan import ChunkPlan

__all__ = ["RowLists", "Walk", "fetch_coming", "lister", "nothing", "walk_settings"]


# Of rows on their way, so that what is fetched is still in the first cache when its block comes. Further
# ahead hides more of the time that memory takes: 100 ns and more, where a block takes 150.
_FETCHED_BYTES = 25_600


class Walk(NamedTuple):
    """What of the settings the walk needs.

    The reach of a window, k, whether its pairs share a draw, whether CBOW's gradient is divided, and how many
    windows ahead rows are fetched into the cache.
    """

    reach: int
    negative: int
    shared: bool
    divided: bool
    ahead: int


class RowLists(NamedTuple):
    """The kernels of an objective, by which it lists the output rows of a block.

    Parameters
    ----------
    prepare
        (rows, block): called once before a chunk.
    outputs
        (rows, plan, block, centre, draw) → N: lists the output rows with their labels and offsets; ``draw``
        is the place of the example's first negative in the plan.
    coming
        (matrices, rows, plan, block, centre, draw): lists in ``block.coming``, from its second entry on,
        addresses of output rows that another block, with this centre and draw, will need.
    settle
        (rows, block): called after each step.
    offsets
        Whether the block has offsets.
    """

    prepare: Any
    outputs: Any
    coming: Any
    settle: Any
    offsets: bool


@inner_kernel
def nothing(rows: Any, block: Block) -> None:
    """Do nothing: for an objective that has nothing to prepare, or to settle."""


@inner_kernel
def fetch_coming(matrices: Matrices, block: Block, outputs: Index) -> None:
    """Ask for the rows in ``block.coming``: an input row and so many output rows."""
    size: int = block.columns * matrices.output_vectors.itemsize // matrices.input_vectors.itemsize
    fetch_rows(address_of(block.coming), 1, block.columns)
    fetch_rows(address_of(block.coming) + 8, int(outputs), size)


def lister(lists: RowLists) -> Any:
    """Return the kernel that lists a block: (matrices, rows, plan, walk, block, centre, group, later) → N.

    It lists its output rows, and what a block around the centre `later` will need: that one's output rows,
    and the only input row that the blocks before it do not need, the word that comes into reach. ``group``
    is the block's place among those of its window.
    """
    list_outputs, list_coming = lists.outputs, lists.coming

    @inner_kernel
    def list_block(
        matrices: Matrices,
        rows: Any,
        plan: ChunkPlan,
        walk: Walk,
        block: Block,
        centre: Index,
        group: Index,
        later: Index,
    ) -> Index:
        within = group * walk.negative
        outputs: Index = list_outputs(rows, plan, block, centre, plan.draws[centre] + within)
        word = plan.tokens[min(later + walk.reach, plan.extent[0] - 1)]
        block.coming[0] = row_address(matrices.input_vectors, word)
        # That window may have fewer groups, the last one of the chunk at that.
        draw = min(plan.draws[later] + within, plan.negatives.size - walk.negative)
        list_coming(matrices, rows, plan, block, later, draw)
        return outputs

    return list_block


def walk_settings(config: TrainingConfig, reach: int, outputs: int) -> Walk:
    """Return the walk's part of the settings, where a block has so many output rows."""
    shared = config.negative_sharing != "pair"
    far = (1 + outputs) * padded_columns(config.vector_size) * 4
    blocks = 1 if shared or config.architecture == "cbow" else reach + 1  # of a window, on average
    return Walk(
        reach,
        config.negative,
        shared=shared,
        divided=config.cbow_gradient != "word2vec",
        ahead=max(1, _FETCHED_BYTES // (far * blocks)),
    )
