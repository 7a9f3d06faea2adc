"""What the Train page is operated with: form, controls, comparison, run files."""
