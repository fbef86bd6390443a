// Package methods are the ways to infer: each makes an answer of a target, by what package
// inference and those beside it can do. The default reads downwards in default.go.
package methods

import (
	"context"
	"fmt"
	"slices"
	"time"

	"ppl/inference"
	"ppl/inference/nuts"
	"ppl/inference/target"
)

// Method turns a target into an answer.
type Method interface {
	Name() string
	// Suits refuses what the method cannot do: the error is a *Refusal.
	Suits(*Run, *target.Target) error
	// Infer makes an answer. A run that is ended from outside leaves what it has reached, or an
	// *inference.ErrStopped where that is nothing.
	Infer(*Run, *target.Target) (*inference.Answer, error)
}

// Corrector makes a better answer of one that needs it.
type Corrector interface {
	Name() string
	// Wanted reports whether an answer needs it.
	Wanted(*Run, *inference.Answer) bool
	// Correct gives a new answer and leaves the old as it is; better is false where it has nothing
	// to offer, and the answer is the old one, which says so.
	Correct(*Run, *inference.Answer) (next *inference.Answer, better bool, err error)
}

// All lists the methods, the default first.
var All = []Method{Variational{}, NUTS{}}

// Correctors are those of the default method, in the order in which they are tried.
var Correctors = []Corrector{Widening{}, Chains{}}

// Names are those of the methods, the default first.
func Names() []string {
	out := make([]string, len(All))
	for i, m := range All {
		out[i] = m.Name()
	}
	return out
}

// Named is the method of a name; "" is the default. Nil where there is none.
func Named(name string) Method {
	if name == "" {
		return All[0]
	}
	i := slices.Index(Names(), name)
	if i < 0 {
		return nil
	}
	return All[i]
}

// Run is what is asked of a method.
type Run struct {
	Context context.Context // of the caller, who interrupts
	Begun   time.Time       // from which on Options.MaxTime counts
	Options inference.Options
	// Draws are how many the caller keeps; Options.Draws are as many or more.
	Draws int
	// Chains of NUTS share the Draws, after Warmup transitions each that adapt (0: as many as
	// suit the method; negative: none). TargetAccept is that of nuts.Options.
	Chains, Warmup int
	TargetAccept   float64
	Sampler        func(nuts.Progress) // is told of chains, by one goroutine at a time
}

// MinDraws is the least number of draws that summaries are of: they do not get worse because few
// are kept.
const MinDraws = 4096

// Keep is the number of draws that are made at least.
func (r *Run) Keep() int { return max(r.Draws, MinDraws) }

// Limited is the context of what follows a fit, and is heard to the same end.
func (r *Run) Limited() (context.Context, context.CancelFunc) {
	if r.Options.MaxTime > 0 {
		return context.WithDeadline(r.Context, r.Begun.Add(r.Options.MaxTime))
	}
	return r.Context, func() {}
}

// automatic says that correctors may go to work where the method finds them wanted.
func (r *Run) automatic() bool {
	return r.Options.Correct == "" || r.Options.Correct == inference.Corrections[0]
}

// Refusal says that a method, or one of its options, does not suit a target.
type Refusal struct {
	// Option is what does not suit: "Method", "Guide".
	Option string
	// Why says why, so that a sentence begins with the option.
	Why string
	// Sites are latents that stand in the way; nil if it is not them.
	Sites []string
}

func (e *Refusal) Error() string { return fmt.Sprintf("%s: %s", e.Option, e.Why) }
