"""How a model came to be: the moments of its training, as a film."""
