"""The Keras layers of the model, on `keras.ops` alone."""
