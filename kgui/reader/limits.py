"""What a process that reads foreign files may use and do.

`limit_this_process` is for every process that opens such a file, the command line included. `lock_this_process` goes
further and is for the reader alone: afterwards it cannot write a file, start a program or open a connection, whatever
code a damaged library can be made to run.

Sources: getrlimit(2), landlock(7), seccomp(2), PEP 578.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from typing import Any

MEMORY = 2 << 30
"""Bytes of private memory that reading one file may take. Files that are mapped do not count."""
MEMORY_VARIABLE = "KGUI_READER_MEMORY"
"""Environment variable with another limit, in megabytes."""
OPEN_FILES = 256

ENVIRONMENT = {
    # libhdf5 loads no filter plug-in (native code) from any folder.
    "HDF5_PLUGIN_PRELOAD": "::",
    # A lock would keep other programs from opening the file for writing while we show it.
    "HDF5_USE_FILE_LOCKING": "FALSE",
    # One thread reads; a pool of BLAS threads would only cost start-up time and address space.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


def limit_this_process(memory: int | None = None) -> None:
    """Bounds memory, open files and core dumps of this process, and keeps libhdf5 from loading plug-ins.

    Call it before h5py is imported: libhdf5 reads its environment once.

    Args:
        memory: Bytes, or None for `KGUI_READER_MEMORY` or else `MEMORY`.
    """
    os.environ.update(ENVIRONMENT)
    if memory is None:
        memory = _memory_from_environment()
    try:
        import resource
    except ImportError:  # Windows
        return
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, OPEN_FILES)
    # Linux counts private memory under RLIMIT_DATA, so a mapped file of 10 GB costs nothing; elsewhere RLIMIT_AS is
    # the nearest, and where the system ignores it, the deadline of the client is what remains.
    _lower(resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS, memory)
    _be_killed_first()


def _memory_from_environment() -> int:
    text = os.environ.get(MEMORY_VARIABLE, "")
    return int(text) << 20 if text.isdecimal() and int(text) > 0 else MEMORY


def _lower(kind: int, limit: int) -> None:
    import resource

    soft, hard = resource.getrlimit(kind)
    wanted = [limit if old == resource.RLIM_INFINITY else min(limit, old) for old in (soft, hard)]
    try:
        resource.setrlimit(kind, (wanted[0], wanted[1]))
    except (ValueError, OSError):
        # macOS refuses some limits although it lists them; the others still hold.
        pass


def _be_killed_first() -> None:
    try:
        with open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123 - pathlib is not imported yet at start
            file.write("500")
    except OSError:
        # Not Linux, or a container that forbids it: the kernel then picks by size, as it always does.
        pass


def lock_this_process() -> list[str]:
    """Takes from this process the right to write files, to start programs and to reach the network, for good.

    Returns:
        What holds: "audit" (Python itself, everywhere), "landlock" and "seccomp" (Linux).
    """
    held = []
    if sys.platform == "linux":
        if _landlock():
            held.append("landlock")
        if _seccomp():
            held.append("seccomp")
    sys.addaudithook(_refuse)
    return [*held, "audit"]


_REFUSED_EVENTS = frozenset(
    {
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.kill",
        "os.killpg",
        "os.link",
        "os.mkdir",
        "os.posix_spawn",
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.spawn",
        "os.startfile",
        "os.symlink",
        "os.system",
        "os.truncate",
        "pickle.find_class",
        "pty.spawn",
        "shutil.rmtree",
        "socket.__new__",
        "socket.connect",
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "subprocess.Popen",
        "urllib.Request",
    }
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _REFUSED_EVENTS:
        raise PermissionError(f"the reader does not do this: {event}")
    path, _, flags = arguments if event == "open" else (0, None, 0)
    # A number is a descriptor that is open already: the pipe of the answers.
    if not isinstance(path, int) and isinstance(flags, int) and flags & _WRITING:
        raise PermissionError("the reader writes no files")


# Landlock: every right that changes a file system, by the version of the interface that brought it.
_LANDLOCK_CREATE, _LANDLOCK_RESTRICT = 444, 446
_LANDLOCK_WRITES = {1: 0x1FF3, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
"""1: execute, write, remove and make of all kinds; 2: rename across folders; 3: truncate; 5: ioctl on devices."""
_LANDLOCK_NET = 0b11
_LANDLOCK_SCOPED = 0b11
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22


def _landlock() -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_LANDLOCK_CREATE, None, 0, 1)
    if version < 1:
        return False
    writes = sum(bits for since, bits in _LANDLOCK_WRITES.items() if since <= version)
    rules = struct.pack("=Q", writes)
    if version >= 4:
        rules += struct.pack("=Q", _LANDLOCK_NET)
    if version >= 6:
        rules += struct.pack("=Q", _LANDLOCK_SCOPED)
    handle = libc.syscall(_LANDLOCK_CREATE, rules, len(rules), 0)
    if handle < 0:
        return False
    try:
        if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
            return False
        return bool(libc.syscall(_LANDLOCK_RESTRICT, handle, 0) == 0)
    finally:
        os.close(handle)


# Seccomp: system calls by machine that a reader of files never needs. clone is let through for threads alone.
_MACHINES: dict[str, tuple[int, dict[str, int]]] = {
    "x86_64": (
        0xC000003E,
        {
            "socket": 41,
            "connect": 42,
            "bind": 49,
            "listen": 50,
            "socketpair": 53,
            "clone": 56,
            "fork": 57,
            "vfork": 58,
            "execve": 59,
            "kill": 62,
            "ptrace": 101,
            "tkill": 200,
            "perf_event_open": 298,
            "process_vm_readv": 310,
            "process_vm_writev": 311,
            "bpf": 321,
            "execveat": 322,
            "io_uring_setup": 425,
            "clone3": 435,
        },
    ),
    "aarch64": (
        0xC00000B7,
        {
            "ptrace": 117,
            "kill": 129,
            "tkill": 130,
            "socket": 198,
            "socketpair": 199,
            "bind": 200,
            "listen": 201,
            "connect": 203,
            "clone": 220,
            "execve": 221,
            "perf_event_open": 241,
            "process_vm_readv": 270,
            "process_vm_writev": 271,
            "bpf": 280,
            "execveat": 281,
            "io_uring_setup": 425,
            "clone3": 435,
        },
    ),
}
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_EPERM, _ENOSYS = 1, 38
_CLONE_THREAD = 0x10000
_OFFSET_NUMBER, _OFFSET_MACHINE, _OFFSET_FIRST_ARGUMENT = 0, 4, 16


def _seccomp() -> bool:
    machine = os.uname().machine
    if machine not in _MACHINES:
        return False
    program = _filter(*_MACHINES[machine])
    code = b"".join(struct.pack("=HBBI", *step) for step in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    head = struct.pack("@HP", len(program), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(_PR_SET_SECCOMP, 2, ctypes.create_string_buffer(head, len(head)), 0, 0) == 0)


def _filter(machine: int, calls: dict[str, int]) -> list[tuple[int, int, int, int]]:
    """A classic BPF program: (code, jump if true, jump if false, constant) each, jumps counted from the next step."""
    refused = _ERROR | _EPERM
    program = [
        (_LOAD, 0, 0, _OFFSET_MACHINE),
        (_JUMP_EQUAL, 1, 0, machine),
        (_RETURN, 0, 0, refused),
        (_LOAD, 0, 0, _OFFSET_NUMBER),
        # The x32 door to the same calls under other numbers.
        (_JUMP_AT_LEAST, 0, 1, 0x40000000),
        (_RETURN, 0, 0, refused),
    ]
    for name, number in calls.items():
        if name == "clone":
            program += [
                (_JUMP_EQUAL, 0, 4, number),
                (_LOAD, 0, 0, _OFFSET_FIRST_ARGUMENT),
                (_JUMP_BITS, 0, 1, _CLONE_THREAD),
                (_RETURN, 0, 0, _ALLOW),
                (_RETURN, 0, 0, refused),
            ]
        else:
            # Without clone3 the C library falls back to clone, whose flags a filter can see.
            program += [
                (_JUMP_EQUAL, 0, 1, number),
                (_RETURN, 0, 0, _ERROR | (_ENOSYS if name == "clone3" else _EPERM)),
            ]
    return [*program, (_RETURN, 0, 0, _ALLOW)]
