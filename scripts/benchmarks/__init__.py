"""How fast Moothall is on this machine. Run it with `scripts/bench`.

`__main__` reads the options, `lines` says what is measured, `report` prints it. Communities are
made by `community` in a temporary folder, filled by `invented`; nodes run as `worker` processes,
which `workers` starts and ends. Nothing here is used by the program itself.
"""
