"""The eyes and ears of the guard: what it reads, how it judges, and its words. Only the guard itself writes."""
