"""Coterie beside its peers in one run: the tables of ``docs/benchmarks.md``."""
