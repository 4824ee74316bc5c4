"""Become a child program: die with the parent, leave root, then exec the program.

Run as a script by parts.py (python -I -S launcher.py SIGNAL PARENT ACCOUNT COMMAND…),
so that it costs milliseconds and works from a process that has threads.
"""

import ctypes
import os
import pwd
import signal
import sys
from typing import NoReturn

# From linux/prctl.h, linux/securebits.h and linux/capability.h.
PR_SET_PDEATHSIG = 1
PR_SET_SECUREBITS = 28
PR_SET_CHILD_SUBREAPER = 36
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
SECBIT_NO_SETUID_FIXUP = 1 << 2
CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2
CAPABILITY_VERSION_3 = 0x20080522

NOBODY_CHANGES = "-"
SIGNALS_OF_A_TERMINAL = (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE)


def process_control(option: int, *arguments: int) -> bool:
    """Call prctl(2) and say whether it worked; only Linux has it."""
    if sys.platform != "linux":
        return False
    padded = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    return bool(ctypes.CDLL(None, use_errno=True).prctl(option, *padded) == 0)


def capabilities_set(mask: int) -> bool:
    """Make `mask` the permitted, effective and inheritable capabilities (capset(2))."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    data = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
    return bool(ctypes.CDLL(None, use_errno=True).capset(header, data) == 0)


def path_search_keep() -> None:
    """Keep the right to walk into directories that the new account may not enter.

    PostgreSQL refuses to be root, yet the project may lie in root's 0700 home, whose
    mode is not ours to change. Containers often lack the weaker of the two
    capabilities; without either one the account must reach the files by itself.
    """
    for capability in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE):
        if capabilities_set(1 << capability):
            process_control(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability)
            return
    capabilities_set(0)


def account_become(name: str) -> None:
    """Change from root to the account for good; keep path search alone."""
    account = pwd.getpwnam(name)
    # Also makes access(2), by which PostgreSQL finds itself, use the capability.
    kept = process_control(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP)
    os.setgroups([])
    os.setresgid(account.pw_gid, account.pw_gid, account.pw_gid)
    os.setresuid(account.pw_uid, account.pw_uid, account.pw_uid)
    if kept:
        path_search_keep()


def parent_follow(death_signal: int, parent: int) -> None:
    """Ask for the signal when the parent dies; stop if it is dead already.

    Must come after the change of account, which clears the request.
    """
    process_control(PR_SET_PDEATHSIG, death_signal)
    if os.getppid() != parent:
        sys.exit(1)


def main(arguments: list[str]) -> NoReturn:
    """Prepare this process as asked and replace it by the command."""
    death_signal, parent, account, *command = arguments
    for number in SIGNALS_OF_A_TERMINAL:
        signal.signal(number, signal.SIG_DFL)
    if account != NOBODY_CHANGES:
        account_become(account)
    parent_follow(int(death_signal), int(parent))
    os.execv(command[0], command)  # noqa: S606 - a fixed program, no shell wanted


if __name__ == "__main__":
    main(sys.argv[1:])
