"""Other programs' interfaces, trained by Coterie."""
