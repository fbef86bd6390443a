package runtime

import (
	"context"
	"errors"
)

// Stopped is the error of work that was stopped: because its context was done, which errors.Is
// finds in it (context.Canceled, context.DeadlineExceeded), or because Options.MaxTime was too
// short to find a point to start from.
type Stopped struct {
	// Why says in words what stopped it.
	Why string
	// Posterior is what a fit had reached: unless it was complete by then Figures().Interrupted is
	// set, and the verdict is not Good. SBC are the replicates that a calibration had done. Where
	// there is nothing to report, and of everything else, both are nil.
	Posterior *Posterior
	SBC       *SBC
	// Cause is the error of the context; nil where MaxTime has passed.
	Cause error

	before string // what there would have been something to report of; "": a starting point
}

func (e *Stopped) Error() string {
	switch {
	case e.Posterior != nil || e.SBC != nil:
		return "stopped before the end: " + e.Why
	case e.before != "":
		return "stopped before " + e.before + ": " + e.Why
	}
	return "stopped before a starting point was found: " + e.Why
}

// Unwrap is Cause.
func (e *Stopped) Unwrap() error { return e.Cause }

// whyDone says in words how a context ended.
func whyDone(ctx context.Context) string {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return "the deadline of the context has passed"
	}
	return "interrupted"
}

// stopped gives a *Stopped its cause, where that is the context. It is deferred before guarded, which
// makes some.
func stopped(ctx context.Context, err *error) {
	if e := (*Stopped)(nil); ctx != nil && errors.As(*err, &e) && e.Cause == nil {
		e.Cause = ctx.Err()
	}
}
