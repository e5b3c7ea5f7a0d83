"""What the processes that judge have in common: imported once, by multiprocessing's fork server, from which they come.

Every fork shares these pages until something writes to them.
"""

from .sandbox.zygote import import_once

import_once(["torch", "autograder.rubric", "autograder.workers"])
