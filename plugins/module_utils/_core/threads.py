# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Threads beside the one that obeys signals."""

from __future__ import annotations

import signal
import threading
import typing as t


def start_thread(work: t.Callable[..., None], *arguments: t.Any) -> threading.Thread:
    """Start a thread that takes no signals and keeps no process alive.

    A signal that another thread takes does not wake the main thread, which alone can obey it.

    Raises:
        RuntimeError: the system allows no more threads.
    """
    thread = threading.Thread(target=work, args=arguments, daemon=True)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        thread.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return thread
