"""A model's answers to many pictures: gathered, kept and counted."""
