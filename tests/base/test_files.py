"""Files are whole or not there, also where they cannot be written."""

import subprocess
import sys
from pathlib import Path

import pytest

from distsp.base.errors import WriteError
from distsp.base.files import TOKEN, remove_unfinished, replacing


def test_the_old_file_stays_when_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")

    def fail() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise OSError("the disk is full")

    with pytest.raises(WriteError, match=r"file.txt cannot be written: the disk is full$"):
        fail()
    assert path.read_text() == "old"
    assert [*tmp_path.iterdir()] == [path]


def test_only_what_was_killed_is_removed(tmp_path: Path) -> None:
    for name in (".part", "file.part.txt", ".file.part.txt", ".file.0123.part.txt"):
        (tmp_path / name).touch()
    with replacing(tmp_path / "file.txt") as temporary:
        temporary.touch()
        remove_unfinished(tmp_path, "0123")
        assert temporary.exists()
        remove_unfinished(tmp_path, TOKEN)
        assert not temporary.exists()
        temporary.touch()
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [".file.part.txt", ".part", "file.part.txt", "file.txt"]


def test_hdf5_that_cannot_be_written_is_an_error_and_no_crash(tmp_path: Path) -> None:
    program = """
import resource
from pathlib import Path
from distsp.base.files import new_hdf5

resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
written = 0
for size in (1, 5, 50, 400):
    for n in (10, 10_000):
        try:
            with new_hdf5(Path("file.h5")) as file:
                for i in range(size):
                    file.create_dataset(f"group/{i}", data=[1.0] * n)
                    file[f"group/{i}"].attrs["unit"] = "mV"
            written += 1
        except OSError as error:
            print(error.strerror)
print(written)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    *reasons, written = done.stdout.split("\n")[:-1]
    assert reasons == ["File too large"] * 6
    assert written == "2"
    assert done.stderr == ""
