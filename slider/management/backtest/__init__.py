"""`manage.py backtest`: what the slider would have done with outputs whose truth is known."""
