# SPDX-License-Identifier: GPL-2.0-or-later
"""kmod_offload_test.sh: what DSMIP_OFFLOAD names, in a fast selection unless DSMIP_OFFLOAD_WHOLE is set."""
import os
import sys
import time

import bulk
import checksums
import host
import kinds
import large

MODES = ("on", "through", "list", "after", "off")
PARTS = MODES + ("kinds", "checksums", "large")


def main():
    wanted = os.environ.get("DSMIP_OFFLOAD", ",".join(PARTS)).split(",")
    whole = bool(os.environ.get("DSMIP_OFFLOAD_WHOLE"))
    begin = time.monotonic()
    modes = [mode for mode in MODES if mode in wanted]
    if modes:
        bulk.main(modes)
    for part in (kinds, checksums, large):
        if part.__name__ in wanted:
            part.main(whole)
            print(f"== {part.__name__}: after {time.monotonic() - begin:.1f} s", flush=True)
    print(f"{host.passed} passed, {len(host.failures)} failed", flush=True)
    sys.exit(1 if host.failures else 0)


main()
