"""What a settled process does sooner than one that is not."""

import subprocess
import sys

GARBAGE = """
import gc
from arb.adapters.local.collector import settle
kept = [[] for _ in range(400_000)]
if SETTLED: settle()
class Ring:
    def __init__(self): self.own, self.load = self, bytearray(1000)
before = gc.get_stats()[2]["collections"]
for _ in range(30_000):
    keep = [Ring() for _ in range(10)]
print(gc.get_stats()[2]["collections"] - before)
"""


def test_a_settled_process_looks_for_old_garbage_more_often():
    counts = {}
    for settled in (True, False):
        code = GARBAGE.replace("SETTLED", str(settled))
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        counts[settled] = int(ran.stdout)
    assert counts[True] > 3 * counts[False]


AGED = """
import gc, weakref
from arb.adapters.local.collector import BEATS_PER_COLLECTION, tidy
class Ring:
    def __init__(self): self.own = self
tidy(0)
ring = Ring()
gc.collect()  # it grows old
seen = weakref.ref(ring)
del ring
left = []
for beat in range(1, BEATS_PER_COLLECTION + 1):
    left.append(seen() is not None)
    tidy(beat)
print(all(left), seen() is None)
"""


def test_what_grew_old_goes_within_a_minute_of_heartbeats():
    ran = subprocess.run([sys.executable, "-c", AGED], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["True", "True"]


BURST = """
from arb.adapters.local.collector import BEATS_PER_COLLECTION, tidy
from arb.adapters.local.memory_budget import own_bytes
tidy(0)
burst = [bytearray(2_000) for _ in range(20_000)]  # too large for Python's own pools, so from malloc
kept = burst[::100]  # one of them is the highest block: nothing below it goes back by itself
del burst
before = own_bytes()
tidy(BEATS_PER_COLLECTION)
print(before - own_bytes())
"""


def test_what_a_burst_took_goes_back_to_the_system():
    ran = subprocess.run([sys.executable, "-c", BURST], capture_output=True, text=True, check=True)
    assert int(ran.stdout) > 20_000_000
