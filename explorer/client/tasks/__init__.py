"""The one process that has TensorFlow: what it computes, and whose turn is next."""
