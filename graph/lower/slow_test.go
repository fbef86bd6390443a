package lower_test

import "os"

// often is how often a model is drawn, or changed: with PPL_SLOW=1 four times as often.
func often(n int) int {
	if os.Getenv("PPL_SLOW") != "" {
		return 4 * n
	}
	return n
}
