"""What a trained model has inside, computed from arrays alone: pure NumPy, tested by hand."""
