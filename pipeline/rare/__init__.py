"""Probability of failing a requirement where failing is rare.

`points` says what a method asks and gets; `crude`, `subset` and `importance` are the methods, each
a function of a limit state; `estimate` makes intervals from replicates and says when not to trust
one. `margin` and `flight` make a campaign a limit state, `study` chooses and flies.
"""

from pipeline.rare.answer import Answer
from pipeline.rare.ask import Ask, Method
from pipeline.rare.study import assess
from pipeline.rare.text import as_text

__all__ = ["Answer", "Ask", "Method", "as_text", "assess"]
