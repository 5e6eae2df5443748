"""One fault at every AWS call of every operation: rows, counts and answers come out right all the same (P4).

`kinds` is the table of faults by AWS operation, `injector` applies one of them at call k, `outside` is what goes on
around Muster when something broke (callers that ask again, queues that redeliver, the sweep), and `truth` checks the
tables as a whole.
"""
