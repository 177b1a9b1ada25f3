"""Approximate neighbours among millions of rows, with a library's graph index."""

__all__: list[str] = []
