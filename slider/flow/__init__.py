"""The only floor that writes. The trunk (moves, claims, outbox, policies, wake) carries stages and hands."""
