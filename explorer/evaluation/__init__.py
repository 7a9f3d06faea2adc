"""A model's predictions on many images: gathered, kept and evaluated."""
