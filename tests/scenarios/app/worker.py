"""The worker: does the jobs of the queue, one after another, and ends after the one at hand when it gets SIGTERM."""

import signal
import sys
import time

from shop import queue, store

# After so many seconds it ends by itself, whoever forgot it.
LIFETIME = 300
PAUSE = 0.02


def main():
    """Works until SIGTERM."""
    wanted = []
    signal.alarm(LIFETIME)
    signal.signal(signal.SIGTERM, lambda *_: wanted.append("end"))
    with store.Database(latency=0) as database:
        while not wanted:
            id = queue.take(database)
            if id is None:
                time.sleep(PAUSE)
            else:
                queue.attempt(database, id)


if __name__ == "__main__":
    main()
