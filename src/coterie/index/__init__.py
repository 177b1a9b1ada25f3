"""Approximate neighbours among millions of words: a graph that usearch builds, scores that are exact."""

from coterie.index.neighbour_index import NeighbourIndex

__all__ = ["NeighbourIndex"]
