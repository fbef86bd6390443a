// Package daily gives the property tests of a binary that imports it the seed of the day:
// other inputs each day, and the same in each run of a day, so that what a run has found
// the next one finds again. The flag -rapid.seed goes before it.
package daily

import (
	"flag"
	"strconv"
	"time"

	_ "pgregory.net/rapid" // registers the flag
)

func init() {
	if err := flag.Set("rapid.seed", strconv.FormatInt(time.Now().UTC().Unix()/86400, 10)); err != nil {
		panic(err)
	}
}
