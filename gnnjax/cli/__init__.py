"""The command `gnnjax`: prepare data, train, evaluate, explain and show, without writing Python."""
