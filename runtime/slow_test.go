package runtime_test

import "os"

// slow says that batteries run in full, as .ci/run has them: PPL_SLOW=1. Without it a
// part of each does, in a minute or two.
var slow = os.Getenv("PPL_SLOW") != ""

// part is what of a battery runs: all of it if slow, its first n otherwise.
func part[T any](all []T, n int) []T {
	if slow {
		return all
	}
	return all[:n]
}

// seeds are those of a battery of fits.
func seeds() []uint64 {
	if slow {
		return []uint64{1, 2, 3}
	}
	return []uint64{1}
}
