package fn

import (
	"errors"
	"fmt"

	"ppl/graph/named"
	"ppl/lang"
)

// equations are declared here; what they do is the business of graph/lower, since
// they call functions of the model.
var equations = []*Func{{
	FuncSig: lang.FuncSig{
		Name: "ode", Params: []string{"f", "y0", "t0", "t", "args..."}, MinArgs: 4, Group: "Differential equations",
		Doc:     "The solution at the times t (a vector, increasing, after t0) of dy/dt = f(t, y, args...) with y(t0) = y0: one row for each time. f is the name of a `fn` that returns a vector of the length of y0; the times are known from the data. Dormand and Prince's method of order 5, each step within 1e-8 of the state's size: not for stiff equations.",
		Example: "ode(flow, y0, 0, t, theta)",
		Result:  odeType,
	},
	Lower: func(*named.Builder, []named.Value) (named.Value, error) {
		return named.Value{}, errors.New("takes a function of the model")
	},
}}

func odeType(args []lang.Arg) (lang.Type, error) {
	y0, t0, t := args[1], args[2], args[3]
	if args[0].Fn == "" {
		return lang.Type{}, fmt.Errorf("needs the name of a `fn` first, found %s", args[0].Type)
	}
	if y0.Type.Rank() != 1 || t.Type.Rank() != 1 {
		return lang.Type{}, fmt.Errorf("needs vectors of initial values and times, found %s", list([]lang.Arg{y0, t}))
	}
	if err := needScalar("initial time", t0); err != nil {
		return lang.Type{}, err
	}
	return lang.Array(lang.Real, t.Type.Dims[0], y0.Type.Dims[0]), nil
}
