"""The modules of scripts/fuzzing import each other by their bare names, as a program in its folder does."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "scripts/fuzzing"))
