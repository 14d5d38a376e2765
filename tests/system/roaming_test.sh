#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The story that the demo shows, as a test.
# requirements: D-2.3.1-04 D-2.3.2.1-07 D-2.3.2.1-10 D-2.3.2.2-05 D-2.3.2.2-07 D-4.5-27
# requirements: D-4.5.1-04 D-4.5.1-06
exec "$(dirname "$0")/story.sh"
