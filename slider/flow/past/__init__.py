"""Reading a history: what its columns mean, which rows can be used, and what is odd about them."""
