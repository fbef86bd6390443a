package op

// Rewrites are the names of the rewrites in order.
func Rewrites() []string {
	var out []string
	for _, r := range rewrites {
		out = append(out, r.name)
	}
	return out
}

// WithRewrites runs f with the named rewrites alone.
func WithRewrites(names []string, f func()) {
	all := rewrites
	defer func() { rewrites = all }()
	rewrites = nil
	for _, r := range all {
		for _, n := range names {
			if n == r.name {
				rewrites = append(rewrites, r)
			}
		}
	}
	f()
}
