"""Kills every kind of process while syncs run, and checks that nothing is lost, doubled or partly written.

`python -m tests.chaos` is the long run, `python -m tests.chaos --mutants` breaks the engine in many ways, each of which
must be found; `test_chaos.py` is the short run of the test suite.
"""
