"""The fleet's side of every task: one file a machine stage, plus the sweep. No logic of their own."""
