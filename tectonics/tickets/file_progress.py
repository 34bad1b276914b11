"""How far the ticket files of an origin have come: the last closed file, wherever it is now.

The directory tells, as long as the closed files are in it.  Whoever collects them may move or delete
them, so the last trailer is also kept in `.<origin>.last`, written after each close.  The higher file
number of the two counts: a crash between the rename and this note leaves the file itself to tell.
Functions block on the disk.
"""

from pathlib import Path

from tectonics.database.disk import DISK, Disk
from tectonics.tickets.file_format import FileFault, Trailer, read_trailer
from tectonics.tickets.file_names import FileName, newest


def last_closed(directory: Path, origin: str) -> tuple[FileName, Trailer] | None:
    """Name and trailer of the last closed file; None when there never was one.

    FileFault when the newest closed file, or the note, does not end with a trailer.
    """
    directory.mkdir(parents=True, exist_ok=True)
    name = newest([entry.name for entry in directory.iterdir()], origin)
    noted = _noted(directory, origin)
    if noted is not None and (name is None or noted[0].number > name.number):
        return noted
    return None if name is None else (name, read_trailer(directory / str(name)))


def note(directory: Path, trailer: Trailer, disk: Disk = DISK) -> None:
    """Remembers the last closed file, durably."""
    path = _path(directory, trailer.origin)
    fresh = path.with_name(path.name + ".new")
    with disk.create(fresh) as file:
        file.write(trailer.encode())
        disk.sync(file)
    disk.rename(fresh, path)
    disk.sync_directory(directory)


def unfinished(directory: Path, origin: str) -> list[tuple[FileName, Path]]:
    """The `.part` files of an earlier life."""
    parts = [(FileName.parse(path.stem), path) for path in directory.glob("*.jsonl.part")]
    return [(name, path) for name, path in parts if name is not None and name.origin == origin]


def _path(directory: Path, origin: str) -> Path:
    return directory / f".{origin}.last"


def _noted(directory: Path, origin: str) -> tuple[FileName, Trailer] | None:
    path = _path(directory, origin)
    if not path.exists():
        return None
    trailer = read_trailer(path)
    name = FileName.parse(trailer.file)
    if name is None or name.origin != origin:
        raise FileFault(f"{path} speaks of {trailer.file}, which is no file of {origin}")
    return name, trailer
