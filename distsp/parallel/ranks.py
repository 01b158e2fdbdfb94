"""Everything MPI: the only file that knows mpi4py and numba_mpi.

A `Ranks` is a group of processes. Without an MPI library, or without mpirun, the group is this
process alone, and the same calls work.
"""

import atexit
import ctypes
import os
import re
import socket
import sys
import time
import traceback
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn, Self

import numba
import numpy as np
from numba import types

from distsp.base.arrays import Array, Floats, Ints
from distsp.base.compiled import PLAIN, c_function
from distsp.base.errors import InputError, WriteError, tell

MESSAGE_BYTES = 2**28
"""What one message carries at most; longer arrays go in pieces."""

MOST_DIMENSIONS = 8
"""Numbers that tell the shape of an array: how many dimensions it has, and how long each is."""

CALL = np.dtype([("name", "S96")])
"""What ranks tell each other when they meet."""

END = "the end of its program"

PATIENCE = 30.0
"""Seconds that a rank waits for others in a call before it says so."""

INTERRUPTED = 130
"""Exit code of a program that Ctrl-C has ended, as a shell has it."""

LAUNCHER_SIZES = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MPI_LOCALNRANKS", "SLURM_STEP_NUM_TASKS")
"""Variables by which a launcher tells each process how many there are."""

LAUNCHER_RANKS = ("PMI_RANK", "OMPI_COMM_WORLD_RANK", "SLURM_PROCID")
"""Variables by which a launcher tells each process which one it is."""


def _copy(send, count, kind, receive, receive_count, receive_kind, group):  # type: ignore[no-untyped-def]
    source = numba.carray(send, count, np.int32)
    target = numba.carray(receive, count, np.int32)
    target[:] = source
    return 0


@cache
def _allgather_alone() -> Any:
    """Return what stands in for MPI_Allgather on one process: what is sent is what is received."""
    number, address = types.int32, types.voidptr
    return c_function(_copy, number(address, number, number, address, number, number, number))


def launched_size() -> int:
    """Return how many processes the launcher says that it started; 1 without a launcher."""
    return max(_variable(name, 1) for name in LAUNCHER_SIZES)


def launched_rank() -> int:
    """Return which of the processes that the launcher started this one is."""
    return max(_variable(name, 0) for name in LAUNCHER_RANKS)


def _variable(name: str, otherwise: int) -> int:
    """Return a number that the environment has; where it has none, or a word, what else it is."""
    text = os.environ.get(name, "")
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else otherwise


class Ranks:
    """A group of processes that simulate together.

    Parameters
    ----------
    communicator : mpi4py.MPI.Intracomm, optional
        The group; this process alone if not given.
    compiled_exchange : bool
        Whether spikes may be exchanged from compiled code, where the MPI library allows it.

    Attributes
    ----------
    rank, size : int
        This process's number, and how many there are.
    library : str
        The MPI library and its version.
    exchange_name : str
        How spikes are exchanged.
    notice : str or None
        Something that the user should be told once.
    """

    def __init__(self, communicator: Any = None, compiled_exchange: bool = True) -> None:
        self.communicator = communicator
        self.rank, self.size = 0, 1
        self.library = "none"
        self.notice: str | None = None
        self.allgather: Any = self._exchange if PLAIN else _allgather_alone()
        self.handles = (0, 0)
        self.compiled_exchange = True
        self.exchange_name = "none (one rank)"
        if communicator is None:
            return
        from mpi4py import MPI

        # Compiled code does not look at what MPI returns: an error must end all ranks by itself.
        communicator.Set_errhandler(MPI.ERRORS_ARE_FATAL)
        self.rank, self.size = communicator.rank, communicator.size
        self.library = MPI.Get_library_version().split("\n")[0].rstrip("\x00").strip()
        function = _mpi_allgather() if compiled_exchange else None
        if function is None:
            self.allgather, self.compiled_exchange = self._exchange, False
            self.exchange_name = "mpi4py"
        else:
            self.allgather, self.exchange_name = function, "compiled (numba-mpi)"
            self.handles = MPI._handleof(MPI.INT32_T), MPI._handleof(communicator)

    @classmethod
    @cache
    def world(cls) -> Self:
        """Return all processes that mpirun started, or this one alone.

        Raises
        ------
        InputError
            If a launcher started several processes, but they cannot talk to each other.
        """
        launched = launched_size()
        finalizes = "mpi4py.MPI" not in sys.modules
        try:
            if finalizes:  # or else the end of a process that was forked would wait for the others
                mpi4py = import_module("mpi4py")
                mpi4py.rc.finalize = False
            from mpi4py import MPI
        except (ImportError, RuntimeError) as error:
            if launched > 1:
                reason = str(error).split("\n")[0]
                raise InputError(
                    f"started {launched} times by an MPI launcher, but no MPI library can be "
                    f"loaded ({reason}); install one, such as the mpich extra"
                ) from None
            alone = cls()
            alone.notice = "no MPI library found: running on one process"
            return alone
        if MPI.COMM_WORLD.size == 1 and launched > 1:
            raise InputError(
                f"started {launched} times by an MPI launcher that does not belong to the MPI "
                f"library in use ({MPI.Get_library_version().splitlines()[0].strip()}); use the "
                "mpirun of that library"
            )
        world = cls(MPI.COMM_WORLD)
        atexit.register(world._end, os.getpid(), finalizes)
        if world.size > 1:
            sys.excepthook = lambda _kind, error, _trace: world.fail(error, traced=True)
        return world

    def fail(self, error: BaseException, traced: bool = False) -> int:
        """Say what went wrong, on one rank, and end all ranks: the others may wait for this one.

        Parameters
        ----------
        error : BaseException
        traced : bool
            Whether to show where in a user's script an unexpected error has come from.

        Returns
        -------
        int
            The exit code, if this rank is alone; otherwise it does not return.
        """
        # Ranks that fail together would all speak: the end that the first brings silences the rest.
        time.sleep(min(0.5 * self.rank, 5.0))
        code = {InputError: 2, KeyboardInterrupt: INTERRUPTED}.get(type(error), 1)
        with suppress(OSError):  # where nobody listens, the ranks must end as well
            if isinstance(error, InputError | WriteError):
                tell(error)
            elif isinstance(error, KeyboardInterrupt):
                tell("interrupted")
            elif traced:
                tell(f"rank {self.rank} of {self.size} failed")
                traceback.print_exception(error)
            else:
                tell(f"rank {self.rank} of {self.size} failed: {_described(error)}")
        if self.size > 1:
            self.abort(code)
        return code

    def meet(self, call: str) -> None:
        """Make sure that all ranks are in the same call of a user; collective.

        Parameters
        ----------
        call : str
            What a user knows it by, such as "E.V_m".

        Raises
        ------
        InputError
            On every rank, if they are in different calls, of which each would wait for the others.
        """
        if self.size == 1:
            return
        own = np.zeros(1, dtype=CALL)
        own["name"] = call.encode(errors="replace")
        calls = np.zeros(self.size, dtype=CALL)
        request = self.communicator.Iallgather(own.view(np.uint8), calls.view(np.uint8))
        began, told = time.monotonic(), call == END
        while not request.Test():
            waited = time.monotonic() - began
            if waited > 0.001:
                time.sleep(min(0.1 * waited, 0.01))
            if waited > PATIENCE and not told:
                told = True
                tell(f"rank {self.rank} waits in {call} for other ranks, which must call it too")
        names = [name.decode(errors="replace") for name in calls["name"]]
        for rank, name in enumerate(names):
            if name != names[0]:
                raise InputError(
                    f"rank 0 is in {names[0]}, rank {rank} in {name}: each would wait for the "
                    "others; all ranks must make the same calls"
                )

    def _end(self, process: int, finalizes: bool) -> None:
        """End MPI with the program, if this is not a process that was forked."""
        from mpi4py import MPI

        if os.getpid() != process or MPI.Is_finalized():
            return
        try:
            self.meet(END)
        except InputError as error:
            self.fail(error)
        if finalizes:
            MPI.Finalize()

    def end(self, why: str, code: int) -> NoReturn:
        """Say why, on one rank, and end all ranks at once, whatever they are doing.

        May be called from any thread.
        """
        time.sleep(min(0.5 * self.rank, 1.0))  # all may have been told to
        with suppress(OSError):
            tell(why)
        self.abort(code)

    def broadcast(self, value: Any) -> Any:
        """Return rank 0's `value`, any picklable object, on every rank."""
        return value if self.size == 1 else self.communicator.bcast(value)

    def seem_alone(self) -> None:
        """Let a script that asks mpi4py itself see this process alone."""
        if self.size > 1:
            from mpi4py import MPI

            MPI.COMM_WORLD = MPI.COMM_SELF  # type: ignore[misc]

    def hear(self, value: Any = None) -> Any:
        """Return what rank 0 says, for which others may wait long: they leave the core to others.

        Parameters
        ----------
        value : picklable object
            What rank 0 says.
        """
        if self.size > 1:
            request, began = self.communicator.Ibarrier(), time.monotonic()
            while not request.Test():
                waited = time.monotonic() - began
                if waited > 0.001:
                    time.sleep(min(0.1 * waited, 0.01))
        return self.broadcast(value)

    def gather(self, value: Any) -> list[Any] | None:
        """Return every rank's `value` on rank 0, None elsewhere."""
        return [value] if self.size == 1 else self.communicator.gather(value)

    def collect(self, value: Any) -> list[Any]:
        """Return every rank's `value`, any picklable object, on every rank."""
        return [value] if self.size == 1 else self.communicator.allgather(value)

    def sum(self, numbers: Array) -> Array:
        """Return the sums of integer arrays over the ranks, on every rank."""
        if self.size == 1:
            return numbers
        total = np.empty_like(numbers)
        self.communicator.Allreduce(numbers, total)
        return total

    def largest(self, numbers: Array) -> Array:
        """Return the largest of the ranks' numbers, for each place of an array, on every rank."""
        if self.size == 1:
            return numbers
        from mpi4py import MPI

        most = np.empty_like(numbers)
        self.communicator.Allreduce(numbers, most, MPI.MAX)
        return most

    def all_numbers(self, *numbers: float) -> Floats:
        """Return a row of numbers of each rank, on every rank."""
        own = np.array(numbers, dtype=np.float64)
        if self.size == 1:
            return own[None]
        rows = np.empty((self.size, len(own)))
        self.communicator.Allgather(own, rows)
        return rows

    def join(self, array: Array) -> Array:
        """Return the ranks' arrays, one after the other in order of the ranks, on every rank."""
        if self.size == 1:
            return array
        return self.broadcast_array(self.join_on_0(array))

    def join_on_0(self, array: Array) -> Array:
        """Return the ranks' arrays, one after the other, on rank 0; nothing elsewhere."""
        return self.parts_on_0(array)[0]

    def parts_on_0(self, array: Array) -> tuple[Array, Ints]:
        """Return `join_on_0`, and how long the array of each rank is."""
        lengths = np.array([len(array)])
        if self.size == 1:
            return array, lengths
        lengths = np.empty(self.size, dtype=np.int64)
        self.communicator.Allgather(np.array([len(array)]), lengths)
        numbers = np.ascontiguousarray(array).reshape(-1)
        width = int(np.prod(array.shape[1:]))
        # As many numbers of each rank at a time as a message may have of all of them.
        most = int(lengths.max()) * width
        step = max(MESSAGE_BYTES // (numbers.itemsize * self.size), 1)
        if self.rank > 0:
            for begin in range(0, most, step):
                self.communicator.Gatherv(numbers[begin : begin + step], None)
            return array[:0], lengths
        whole = np.empty((int(lengths.sum()), *array.shape[1:]), dtype=array.dtype)
        for begin in range(0, most, step):
            counts = np.clip(lengths * width - begin, 0, step)
            if step >= most:
                self.communicator.Gatherv(numbers, [whole.reshape(-1), counts])
                break
            piece = np.empty(int(counts.sum()), dtype=array.dtype)
            self.communicator.Gatherv(numbers[begin : begin + step], [piece, counts])
            places = (np.cumsum(lengths) - lengths) * width + begin
            ends = np.cumsum(counts)
            for place, n, end in zip(places, counts, ends, strict=True):
                whole.reshape(-1)[place : place + n] = piece[end - n : end]
        return whole, lengths

    def broadcast_array(self, array: Array) -> Array:
        """Return rank 0's array on every rank; elsewhere only the dtype of `array` counts."""
        if self.size == 1:
            return array
        shape = np.zeros(MOST_DIMENSIONS, dtype=np.int64)
        shape[0], shape[1 : 1 + array.ndim] = array.ndim, array.shape
        self.communicator.Bcast(shape)
        whole = np.ascontiguousarray(array)
        if self.rank > 0:
            whole = np.empty(shape[1 : 1 + shape[0]], array.dtype)
        for piece in _pieces(whole):
            self.communicator.Bcast(piece)
        return whole

    def _exchange(self, send: int, count: int, _kind: int, receive: int, *_: int) -> None:
        """Stand in for MPI_Allgather of int32, given addresses, in the interpreter."""
        nbytes = 4 * count
        if self.communicator is None:
            ctypes.memmove(receive, send, nbytes)
            return
        from mpi4py import MPI

        self.communicator.Allgather(
            [MPI.memory.fromaddress(send, nbytes), MPI.INT32_T],
            [MPI.memory.fromaddress(receive, nbytes * self.size), MPI.INT32_T],
        )

    def alone(self) -> "Ranks":
        """Return the group of this process alone, with the same MPI library."""
        if self.communicator is None:
            return Ranks()
        from mpi4py import MPI

        return Ranks(MPI.COMM_SELF, self.compiled_exchange)

    def on_host(self) -> tuple[int, int]:
        """Return this rank's place among the ranks of its host, and their number; collective."""
        names = self.collect(socket.gethostname())
        return names[: self.rank].count(names[self.rank]), names.count(names[self.rank])

    def barrier(self) -> None:
        """Wait until all ranks are here."""
        if self.size > 1:
            self.communicator.Barrier()

    def rest(self) -> None:
        """Wait until all ranks are here, leaving the core to others: a barrier keeps it busy."""
        if self.size > 1:
            request = self.communicator.Ibarrier()
            while not request.Test():
                time.sleep(0.01)

    def abort(self, code: int) -> NoReturn:
        """End all ranks at once."""
        with suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        if self.size > 1:
            time.sleep(0.2)  # mpirun drops what it has not passed on when the ranks end
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what MPI says of it helps nobody
            self.communicator.Abort(code)
        os._exit(code)


def _described(error: BaseException) -> str:
    """Return what an error is and where in the program it has arisen."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    name = ": ".join(filter(None, [type(error).__name__, str(error)]))
    return f"{name} ({Path(where.filename).name}, line {where.lineno})"


def _pieces(array: Array) -> list[Array]:
    """Return views of at most MESSAGE_BYTES bytes that make up `array`."""
    flat = array.reshape(-1)
    step = max(MESSAGE_BYTES // flat.itemsize, 1)
    return [flat[i : i + step] for i in range(0, len(flat), step)]


def _mpi_allgather() -> Any:
    """Return MPI_Allgather as a C function for compiled code; None where it cannot be found.

    Handed to a compiled function as an argument it leaves that function cacheable, which
    numba_mpi's own functions do not.
    """
    from mpi4py import MPI

    # mpi4py's own module knows the very library that is in use; numba_mpi searches for one.
    try:
        function = ctypes.CDLL(MPI.__file__).MPI_Allgather
    except (OSError, AttributeError):
        try:
            from numba_mpi.common import libmpi

            function = libmpi.MPI_Allgather
        except (ImportError, OSError, AttributeError, RuntimeError):
            return None
    # A handle is an int in MPICH and a pointer in Open MPI.
    handle = ctypes.c_int if MPI._sizeof(MPI.Comm) == 4 else ctypes.c_void_p
    function.restype = ctypes.c_int
    function.argtypes = [
        ctypes.c_void_p,
        ctypes.c_int,
        handle,
        ctypes.c_void_p,
        ctypes.c_int,
        handle,
        handle,
    ]
    return function
