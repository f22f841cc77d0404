"""Sentinels: they look at texts and answers for nonsense that a score, or a judge, may have been taken in by.

`read` finds the free texts of an item and of its answer, one module each judges one kind of nonsense, `watch` puts
them together with what the task has seen so far, and `canaries` plants nonsense to measure whoever judges answers.
"""
