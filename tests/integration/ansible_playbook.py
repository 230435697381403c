# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ansible-playbook, with another Python for the modules of its own host where the environment names one."""

from __future__ import annotations

import os
import sys

sys.executable = os.environ.get("MODULES_PYTHON", sys.executable)

from ansible.cli.playbook import main  # noqa: E402

sys.exit(main())
