// Package parallel runs pieces of work side by side, so that a panic of one reaches
// whoever waits for them. A panic that a goroutine does not recover from ends the
// process, and no one but that goroutine can recover from it: a program that embeds ppl
// would end because of one fit. All goroutines of ppl start here or guard themselves.
package parallel

import (
	"fmt"
	"runtime/debug"
	"sync"
)

// Panic is the value that Each panics with: that of a piece of work, and the stack
// where it happened, which is not the caller's.
type Panic struct {
	Value any
	Stack []byte
}

func (p *Panic) String() string { return fmt.Sprint(p.Value) }

// Each calls work with 0 to n−1 at the same time: 0 on the caller's goroutine, each
// other on one of its own. It returns when all have. If some panic it panics, with a
// *Panic of the first by number. A piece that ends its goroutine (runtime.Goexit) counts
// as one that panics, but for piece 0: the caller's goroutine ends, after the others.
func Each(n int, work func(i int)) {
	panics := make([]*Panic, n)
	guarded := func(i int) {
		returned := false
		defer func() {
			if !returned {
				panics[i] = raised(recover())
			}
		}()
		work(i)
		returned = true
	}
	var wait sync.WaitGroup
	for i := 1; i < n; i++ {
		wait.Go(func() { guarded(i) })
	}
	if n > 0 {
		defer wait.Wait()
		guarded(0)
	}
	wait.Wait()
	for _, p := range panics {
		if p != nil {
			panic(p)
		}
	}
}

// raised keeps the stack of a panic that comes from goroutines further in.
func raised(value any) *Panic {
	switch value := value.(type) {
	case *Panic:
		return value
	case nil:
		return &Panic{Value: "a goroutine was ended", Stack: debug.Stack()}
	}
	return &Panic{Value: value, Stack: debug.Stack()}
}
