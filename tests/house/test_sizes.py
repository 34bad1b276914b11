"""Files and functions that one can read: bounds, and the medians in pytest's summary."""

from statistics import median

import pytest

from tests.house.source import functions, length, modules

FILE_LINES_MAX, FUNCTION_LINES_MAX = 500, 60
FILE_LINES_MEDIAN_MAX, FUNCTION_LINES_MEDIAN_MAX = 250, 12  # the aim is 150 and 8


@pytest.mark.parametrize("module", modules(), ids=str)
def test_file(module):
    assert len(module.text.splitlines()) <= FILE_LINES_MAX


@pytest.mark.parametrize("module", modules(), ids=str)
def test_functions(module):
    long = [f"{module}:{f.lineno} {f.name} has {length(f)} lines" for f in functions(module.tree)
            if length(f) > FUNCTION_LINES_MAX]
    assert long == []


def test_medians(record_sizes):
    files = [len(m.text.splitlines()) for m in modules() if m.path.name != "__init__.py"]
    lines = [length(f) for m in modules() for f in functions(m.tree)]
    record_sizes(f"{len(files)} files, median {median(files):g} lines, longest {max(files)}; "
                 f"{len(lines)} functions, median {median(lines):g} lines, longest {max(lines)}")
    assert median(files) <= FILE_LINES_MEDIAN_MAX
    assert median(lines) <= FUNCTION_LINES_MEDIAN_MAX
