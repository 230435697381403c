# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Threads that take no signals."""

from __future__ import annotations

import signal

from ansible_collections.containerops.gitlab.plugins.module_utils._core.threads import start_thread


def test_its_thread_leaves_signals_to_the_main_thread() -> None:
    """A signal that another thread takes does not wake a main thread that waits."""
    masks: list[set[int]] = []
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    thread = start_thread(lambda: masks.append(set(signal.pthread_sigmask(signal.SIG_BLOCK, ()))))
    thread.join(10)
    assert thread.daemon
    assert {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM} <= masks[0]
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
