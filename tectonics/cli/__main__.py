"""`python -m tectonics.cli` is `tectonics`."""

from tectonics.cli import main

main()
