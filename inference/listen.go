package inference

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"ppl/graph"
)

// listener hears whether a run must end: its context is done, or its time is up.
// Loops ask the fitter (halted) and go on with what they have; building and
// compiling graphs, which have nothing to go on with, stop with a panic that
// unlessHalted turns into an error. Once the answer is being put together the
// graphs for it are built whatever the time.
type listener struct {
	ctx    context.Context
	stop   time.Time // zero: no limit
	closed atomic.Bool
}

// why says in words why the run must end; "" if it need not.
func (l *listener) why() string {
	switch {
	case l.ctx.Err() != nil:
		return "interrupted"
	case !l.stop.IsZero() && time.Now().After(l.stop):
		return "the time limit was reached"
	}
	return ""
}

func (l *listener) close() { l.closed.Store(true) }

func (l *listener) halt() bool { return !l.closed.Load() && l.why() != "" }

// unlessHalted runs work; where graphs stop being built in it, the error is an
// *ErrStopped.
func (f *fitter) unlessHalted(work func() error) (err error) {
	defer func() {
		r := recover()
		if _, is := r.(graph.Halted); is {
			f.halted()
			err = &ErrStopped{f.why}
		} else if r != nil {
			panic(r)
		}
	}()
	return work()
}

func isStopped(err error) bool { return errors.As(err, new(*ErrStopped)) }

// hastyReport is the number of draws that a report is of where someone is waiting.
const hastyReport = 256

// Hastened is an answer with a few of the draws, resampled by their weights, of one whose report would
// take longer than there is time, if it has more; it says that the time was up, or that
// it was interrupted.
func (fit *Answer) Hastened(seed uint64, interrupted bool) *Answer {
	w := fit.Draws
	if w.N() <= hastyReport {
		return fit
	}
	few := *fit
	rows := w.Resample(seed, hastyReport)
	u := make([]float64, 0, len(rows)*w.D)
	for _, row := range rows {
		u = append(u, w.U[row*w.D:(row+1)*w.D]...)
	}
	few.Draws = &Weighted{D: w.D, U: u, KHat: w.KHat, ESS: min(w.ESS, hastyReport)}
	if !fit.Interrupted && !fit.TimedOut {
		few.Converged = false
		few.End(interrupted)
	}
	return &few
}
