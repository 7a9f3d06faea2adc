"""The pages: each a script that navigation runs."""
