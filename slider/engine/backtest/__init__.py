"""Replays: a rule for the slider runs over streams of items whose truth is known, and is judged by it.

A stream hands out items (`streams`), people judge what they are shown, late and with mistakes (`people`), a rule
decides what runs unattended (`guarded`, `baselines`), the book keeps what a product would know (`book`), and
`measures` compares it with the truth, which no rule ever sees. Many replays advance together, block by block.
"""
