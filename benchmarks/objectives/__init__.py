"""The argument for negative sampling as measurements: what each objective costs, changes and is good for."""
