"""Kills everything that can be killed while syncs run, and looks whether anything was lost, doubled or half done.

`python -m tests.chaos` is the long run, `python -m tests.chaos --mutants` breaks the engine in many ways, each of which
must be found; `test_chaos.py` is the short run of the test suite.
"""
