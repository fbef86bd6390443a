package runtime

import (
	"flag"
	"os"
	"strconv"
	"testing"
)

// fewer makes a test of properties draw n times and not 100, unless PPL_SLOW=1 or
// -rapid.checks says how often.
func fewer(t *testing.T, n int) {
	t.Helper()
	f := flag.Lookup("rapid.checks")
	if os.Getenv("PPL_SLOW") != "" || f.Value.String() != f.DefValue {
		return
	}
	if err := f.Value.Set(strconv.Itoa(n)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Value.Set(f.DefValue) })
}
