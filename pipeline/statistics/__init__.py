"""Statistics of independent runs: pure functions of numpy arrays, exact where a decision rests.

`binomial` bounds a probability, `order` bounds a percentile, `footprint` describes where landings
fall. Everything assumes independent runs; other sampling plans need other intervals.
"""
