#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The story that the demo shows, as a test.
exec "$(dirname "$0")/story.sh"
