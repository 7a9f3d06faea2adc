"""The command line, `python -m vitcore`: one module for each command of more than a few lines."""
