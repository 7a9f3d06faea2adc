"""The article's training in plain Keras."""

import keras


def compile_and_fit(model, train, validation, epochs):
    model.compile(
        optimizer=keras.optimizers.Adam(2e-3),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
        metrics=["accuracy", keras.metrics.TopKCategoricalAccuracy(5, name="top5")],
    )
    lower_rate = keras.callbacks.ReduceLROnPlateau(factor=0.8, patience=5)
    stop_early = keras.callbacks.EarlyStopping(patience=10, restore_best_weights=True)
    return model.fit(
        train, validation_data=validation, epochs=epochs, callbacks=[lower_rate, stop_early]
    )
