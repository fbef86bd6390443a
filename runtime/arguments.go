package runtime

import (
	"context"
	"fmt"
	"io"
)

// ArgumentError says that a function was called with a nil argument, or on a value that
// no function of this package has made: a Problem that is not of Model.Bind.
type ArgumentError struct {
	// Function is the function that was called, and Argument the name of the argument
	// as `go doc` shows it; that of a receiver too.
	Function, Argument string
}

func (e *ArgumentError) Error() string {
	return fmt.Sprintf("%s: the argument %s is nil or was not made by this package", e.Function, e.Argument)
}

func (m *Model) made() bool        { return m != nil && m.checked != nil }
func (p *Problem) made() bool      { return p != nil && p.target != nil }
func (post *Posterior) made() bool { return post != nil && post.answer.Asked.Engine != "" }
func (p *Predictions) made() bool  { return p != nil && p.byName != nil }
func (s *Simulator) made() bool    { return s != nil && s.model.made() && s.bound != nil }
func (s *Simulation) made() bool {
	return s != nil && s.from.made() && s.bound != nil && s.drawn != nil
}

// given refuses arguments that are not made, in their order: pairs of a name and whether
// it is made.
func given(function string, arguments ...argument) error {
	for _, a := range arguments {
		if !a.made {
			return &ArgumentError{function, a.name}
		}
	}
	return nil
}

type argument struct {
	name string
	made bool
}

func contextArgument(ctx context.Context) argument { return argument{"ctx", ctx != nil} }
func dataArgument(d *Data) argument                { return argument{"d", d != nil} }
func writerArgument(w io.Writer) argument          { return argument{"w", w != nil} }
