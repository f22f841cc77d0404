"""What people write when they have no Slider: the same calls in the usual ways."""
