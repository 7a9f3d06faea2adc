"""Training: the loop, its recipes, and the files through which others watch and steer it."""
