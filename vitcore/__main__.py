"""`python -m vitcore`: see `vitcore.cli`."""

from vitcore.cli.main import main
from vitcore.training.processes import leave

if __name__ == "__main__":
    leave(main())
