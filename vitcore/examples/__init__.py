"""A Vision Transformer step by step in plain Keras, as pages show it before our own source."""
