package runtime

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"sync"
)

// CallbackError says that a function that the caller has passed in panicked, or ended
// its goroutine (runtime.Goexit, as the FailNow of a test does). The fit that called it
// was given up.
type CallbackError struct {
	// Callback is the name of the function: "Options.Progress".
	Callback string
	// What is the value of the panic, nil of one that ended its goroutine, and Stack
	// where it happened.
	What  any
	Stack []byte
}

func (e *CallbackError) Error() string {
	if e.What == nil {
		return fmt.Sprintf("%s, a function of the caller, ended its goroutine", e.Callback)
	}
	return fmt.Sprintf("%s, a function of the caller, panicked: %v", e.Callback, e.What)
}

// Unwrap is the value of the panic, if that is an error.
func (e *CallbackError) Unwrap() error {
	err, _ := e.What.(error)
	return err
}

// callbacks stand between a fit and the functions of its caller. Those may run on any
// goroutine, where a panic would end the process.
type callbacks struct {
	lock   sync.Mutex
	failed *CallbackError
	cancel context.CancelFunc // ends the fit
}

// watched is f, whose panics are kept; after the first one it is not called again.
func watched[T any](c *callbacks, name string, f func(T)) func(T) {
	if f == nil {
		return nil
	}
	return func(x T) {
		if c.failure() != nil {
			return
		}
		returned := false
		defer func() {
			if !returned {
				c.fail(&CallbackError{Callback: name, What: recover(), Stack: debug.Stack()})
			}
		}()
		f(x)
		returned = true
	}
}

func (c *callbacks) failure() *CallbackError {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.failed
}

func (c *callbacks) fail(err *CallbackError) {
	c.lock.Lock()
	if c.failed == nil {
		c.failed = err
	}
	c.lock.Unlock()
	c.cancel()
}

// settle gives the outcome of a fit, or what became of a callback instead. It is
// deferred before guarded, to have the last word.
func settle[T any](c *callbacks, out **T, err *error) {
	if c.cancel != nil {
		c.cancel()
	}
	if failed := c.failure(); failed != nil {
		*out, *err = nil, failed
	}
}

// callersWriter is a writer of the caller, whose panics are errors.
type callersWriter struct{ w io.Writer }

func (c callersWriter) Write(b []byte) (n int, err error) {
	defer func() {
		if r := recover(); r != nil {
			n, err = 0, &CallbackError{Callback: "w.Write", What: r, Stack: debug.Stack()}
		}
	}()
	return c.w.Write(b)
}
