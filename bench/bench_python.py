"""The Python side of bench-python: reads the input and then a line for each round from standard input, and answers with
its microseconds for each verification."""

import sys
import time

import chaoschain_tee

SECONDS = 0.15


def receive(stream):
    """The named inputs: "NAME SIZE" and as many bytes."""
    given = {}
    for expected in ("quote", "collateral", "root", "now"):
        name, size = stream.readline().decode().split()
        assert name == expected
        given[name] = stream.read(int(size))
    return given


def microseconds_each(work):
    """The mean of as many calls as fit."""
    clock, count = time.perf_counter, 0
    begin = clock()
    while True:
        work()
        count += 1
        end = clock()
        if end - begin >= SECONDS:
            return (end - begin) / count * 1e6


def main():
    stream = sys.stdin.buffer
    given = receive(stream)
    quote, now = given["quote"], int(given["now"])
    roots = chaoschain_tee.TrustRoots([given["root"]] if given["root"] else [])
    collateral = chaoschain_tee.Collateral(given["collateral"], trust_roots=roots, at=now)
    verify = chaoschain_tee.verify

    def verdict():
        return verify(quote, collateral, at=now, trust_roots=roots)

    works = {"verify": verdict, "read": lambda: verdict().to_dict()}
    assert verdict().verified is True
    for line in stream:
        print("%.3f" % microseconds_each(works[line.decode().strip()]), flush=True)


if __name__ == "__main__":
    main()
