"""How much the fleet does on this machine, beside what one would write oneself."""
