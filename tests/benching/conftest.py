"""The modules of scripts/benching import each other by their bare names, as a program in its folder does."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts/benching"))
