"""Where a new process finds the descriptors that it was given beside the three standard ones."""

LISTEN = 3
"""The held socket; the first number that systemd hands down, too (sd_listen_fds(3))."""

REPORT = 4
"""The engine's ear."""

STATUS = 5
"""Where it tells the nursery why it could not start; closed when it could."""

REQUEST = 6
"""What a fresh interpreter is to run."""
