"""Signals while compiling, and from a terminal that is closed."""

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

RUN = (sys.executable, "-m", "distsp.run", "--no-figure", "--duration", "1e8")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_soon_while_compiling(tmp_path: Path, number: int) -> None:
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    with subprocess.Popen(RUN, cwd=tmp_path, env=environment, stderr=subprocess.PIPE) as run:
        while not [*(tmp_path / "cache").rglob("*.nbc")]:
            assert run.poll() is None
            time.sleep(0.05)
        time.sleep(4.0 if number == signal.SIGTERM else 0.5)
        began = time.monotonic()
        run.send_signal(number)
        try:
            _, err = run.communicate(timeout=20)
        finally:
            run.kill()
        assert time.monotonic() - began < 2.0
    *_, line = err.decode().splitlines()
    assert line == "distsp: interrupted before it had begun to simulate"
    assert run.returncode == 128 + number


@pytest.mark.parametrize("ignored", [False, True])
def test_closed_terminal(tmp_path: Path, busy: str, ignored: bool) -> None:
    """It is a stop in good order, unless nohup has it ignored."""
    master, terminal = pty.openpty()
    before = signal.getsignal(signal.SIGHUP)
    signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)
    take = f"import fcntl, os, termios; fcntl.ioctl({terminal}, termios.TIOCSCTTY, 0); "
    take += f"os.execv({sys.executable!r}, {[*RUN, busy]!r})"
    run = subprocess.Popen(
        [sys.executable, "-c", take],
        cwd=tmp_path,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        pass_fds=[terminal],
        start_new_session=True,
    )
    signal.signal(signal.SIGHUP, before)
    os.close(terminal)
    try:
        while not (tmp_path / "busy" / "results.h5").exists():
            assert run.poll() is None
            time.sleep(0.05)
        os.close(master)
        if ignored:
            time.sleep(2.0)
            assert run.poll() is None
            run.send_signal(signal.SIGTERM)
        assert run.wait(timeout=20) == 75
    finally:
        run.kill()
    assert len([*(tmp_path / "busy" / "checkpoints").iterdir()]) == 1
