//go:build unix

package vec

import (
	"syscall"
	"testing"
)

func newGuard(t testing.TB, elements int) *guard {
	t.Helper()
	page := syscall.Getpagesize()
	size := (elements*8 + page - 1) / page * page
	mem, err := syscall.Mmap(-1, 0, size+page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Skip("no mmap:", err)
	}
	if err := syscall.Mprotect(mem[size:], syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Munmap(mem) })
	return &guard{mem[:size]}
}
