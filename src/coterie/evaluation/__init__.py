"""How good are vectors: test sets, uncertainty, and checks that need none."""
