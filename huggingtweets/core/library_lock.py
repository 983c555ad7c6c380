"""One lock in the process for transformers: importing from it and loading with it happen on one thread at a time.

transformers fills its modules in when a name is first asked for, and `from_pretrained` changes settings of the process
while it loads. Of four threads that load at once in a fresh process, three fail (transformers 5.23).

Knows nothing but the lock.
"""

import threading

TRANSFORMERS = threading.RLock()
"""Hold it around an import from transformers, and around everything that loads with it, in whatever thread."""
