"""The training kernels beside what the machine could do: the tables of ``docs/performance.md``."""
