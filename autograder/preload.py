"""What the processes that judge have in common: imported once, by multiprocessing's fork server, from which they come.

The collector rests meanwhile, since importing leaves no garbage, and looking for it takes a quarter of the time. What
is here then is kept out of its way: every fork shares these pages until something writes to them.
"""

import gc

gc.disable()

import torch  # noqa: E402, F401

from . import rubric, workers  # noqa: E402, F401

gc.freeze()
gc.enable()
