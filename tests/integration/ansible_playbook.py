# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ansible-playbook, with what makes it faster where many of them run: MODULES_PYTHON is another Python for the modules
of its own host, PACKED_MODULES the folder of what an earlier one packed, which each would throw away at its end."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

from ansible import constants
from ansible.cli.playbook import main

sys.executable = os.environ.get("MODULES_PYTHON", sys.executable)
if "PACKED_MODULES" in os.environ:
    # Ansible's own name.
    Path(vars(constants)["DEFAULT_LOCAL_TMP"], "ansiballz_cache").symlink_to(os.environ["PACKED_MODULES"])
# Garbage is no matter in a process that lives for a second, and to look for it takes a tenth of that.
gc.disable()
sys.exit(main())
