"""Statistics of runs: pure functions of numpy arrays, exact where a decision rests.

`binomial` bounds a probability, `order` bounds a percentile, `footprint` describes where landings
fall, `sequential` and `paired` follow plans and pairs: all of independent runs. `strata`,
`replicates` and `nested` bound the runs of other sampling designs.
"""
