//go:build !unix

package vec

import "testing"

func newGuard(t testing.TB, elements int) *guard {
	t.Helper()
	return &guard{make([]byte, elements*8)}
}
