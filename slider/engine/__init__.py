"""The statistics of the slider: numbers in, numbers out.

Evidence for an answer becomes a ranking score and a chance of being correct (`evidence`, `calibration`), the
score becomes a lane (`lanes`), a known coin picks what is audited (`coins`, `audit`), and audits become
statements about the error rate that hold at every look (`bounds`, `certificate`, `nines`). Sentinels
distrust nonsense whatever its score (`sanity`). Nothing here knows a database, a clock or a source of chance:
secrets, epochs and earlier state are arguments. The standard library and numpy are all it needs.
"""
