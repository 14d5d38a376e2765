# SPDX-License-Identifier: GPL-2.0-or-later
"""What the benchmarks of packets need beside the daemon's programs."""
import pathlib
import subprocess

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
HERE = TREE / "tests" / "bench"
BUILD = TREE / "build" / "bench"


def build():
    """QEMU's plugin, and the programs that run in the guest."""
    BUILD.mkdir(parents=True, exist_ok=True)
    for target, source, flags in (("count_plugin.so", "count_plugin.c", ["-shared", "-fPIC", "-fvisibility=hidden"]),
                                  ("encapsulated_sender", "encapsulated_sender.c", ["-static"]),
                                  ("gtp_session", "gtp_session.c", ["-lmnl"]),
                                  ("mark", "mark.c", ["-static"])):
        if not (BUILD / target).exists() or (BUILD / target).stat().st_mtime < (HERE / source).stat().st_mtime:
            subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", BUILD / target, HERE / source, *flags],
                           check=True)
