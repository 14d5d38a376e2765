#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the console blocks of a page and compares what they print with what the page shows.

  uapi_examples.py PAGE FOLDER

All blocks are one shell, so that variables stay. A line "$ COMMAND" is run, the lines up to the next one are what it prints,
both streams together. "$ COMMAND &" runs until the line "$ wait", under which its output stands; it has to say "listening"
first. Times, cookies and interface numbers differ from run to run and are compared as such. FOLDER gets the page with what
this run printed, under the same name: after an intended change it is the new page.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

PATIENCE = os.environ.get("DSMIP_TEST_PATIENCE", "60")
SAME = [
    (r"\blifetime \d+(ms|s)", r"lifetime <time>"),
    (r"\bheard \d+(ms|s) ago", r"heard <time> ago"),
    (r"\binterface \d+", "interface <number>"),
    (r"\bcookie 0x[89a-f][0-9a-f]{7}", r"cookie <cookie>"),
]


def plain(text):
    for pattern, name in SAME:
        text = re.sub(pattern, name, text)
    return [line.rstrip() for line in text.strip("\n").splitlines()]


class Shell:
    def __init__(self):
        self.process = subprocess.Popen(["bash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(self, command):
        self.process.stdin.write(f"{command}\necho \"<done $?>\"\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line.startswith("<done "):
                return "".join(lines)
            lines.append(line)
        raise SystemExit(f"the shell ended at: {command}")

    def begin(self, command, log):
        # Not beside the log: that may be a folder of the host, which holds no pipes.
        said = pathlib.Path(tempfile.mkdtemp()) / "said"
        os.mkfifo(said)
        self.run(f"timeout {PATIENCE} {command} > {log} 2> {said} & job=$!")
        # Stays open: the command may say more.
        self.said = said.open()
        if not any("listening" in line for line in iter(self.said.readline, "")):
            raise SystemExit(f"never said that it listens: {command}")

    def wait(self, log):
        text = self.run(f"wait $job; cat {log}")
        self.said.close()
        return text


def steps(lines):
    """The commands of a page as [kind, command, line of the command, line behind its output]; kind is run, begin or wait."""
    found, inside = [], False
    for number, line in enumerate(lines):
        if line in ("```console", "```"):
            if inside and found:
                found[-1][3] = number
            inside = line == "```console"
        elif inside and line.startswith("$ "):
            if found and found[-1][3] is None:
                found[-1][3] = number
            command = line[2:]
            kind = "wait" if command == "wait" else "begin" if command.endswith(" &") else "run"
            found.append([kind, command.removesuffix(" &"), number, None])
    return found


def main():
    page, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    lines = page.read_text().splitlines()
    shell, log, failed, result, copied = Shell(), folder / "example.log", 0, [], 0
    commands = steps(lines)
    for kind, command, first, end in commands:
        wanted = "\n".join(lines[first + 1:end])
        if kind == "begin":
            shell.begin(command, log)
            got = ""
        else:
            got = shell.wait(log) if kind == "wait" else shell.run(command)
        result += lines[copied:first + 1]
        if plain(got) == plain(wanted):
            result += lines[first + 1:end]
        else:
            result += got.rstrip("\n").splitlines()
            failed += 1
            print(f"line {first + 1}: {command}\n  says:   {wanted!r}\n  prints: {got!r}", file=sys.stderr)
        copied = end
    (folder / page.name).write_text("\n".join(result + lines[copied:]) + "\n")
    print(f"{len(commands)} commands, {failed} print something else than the page says")
    return 1 if failed or not commands else 0


sys.exit(main())
