package fn

import (
	"errors"
	"fmt"
	"strings"

	"ppl/lang"
)

// rule gives the type of a call. The checker runs it on symbolic dimensions
// and the lowering on numbers: a comparison that comes out Unknown passes, to
// be settled by the numbers.
type rule = func(args []lang.Arg) (lang.Type, error)

// ---- Elements: bool widens to int, and int to real ----

// join is the narrowest element type that holds the elements of all arguments.
func join(args []lang.Arg) lang.Elem {
	e := lang.Bool
	for _, a := range args {
		e = min(e, a.Type.Elem) // Real < Int < Bool
	}
	return e
}

func toReal(lang.Elem) lang.Elem { return lang.Real }
func toInt(lang.Elem) lang.Elem  { return lang.Int }

// toNumber keeps int and real, and counts bool as 0 and 1.
func toNumber(e lang.Elem) lang.Elem { return min(e, lang.Int) }

// ---- Shapes ----

// mapped is the rule of elementwise functions.
func mapped(elem func(lang.Elem) lang.Elem) rule {
	return func(args []lang.Arg) (lang.Type, error) {
		dims, err := commonShape(args)
		return lang.Array(elem(join(args)), dims...), err
	}
}

// mappedInts is the rule of elementwise functions of integers.
func mappedInts(args []lang.Arg) (lang.Type, error) {
	if join(args) == lang.Real {
		return lang.Type{}, fmt.Errorf("needs integers, found %s", list(args))
	}
	return mapped(toInt)(args)
}

// commonShape is the shape of the arguments that are not scalars.
func commonShape(args []lang.Arg) ([]lang.Dim, error) {
	var dims []lang.Dim
	for _, a := range args {
		switch {
		case a.Type.IsScalar():
		case dims == nil:
			dims = a.Type.Dims
		case lang.SameShape(dims, a.Type.Dims) == lang.No:
			return nil, fmt.Errorf("needs equal shapes, or a scalar with an array, found %s", list(args))
		}
	}
	return dims, nil
}

// reduced is the rule of functions from an array of any shape to a scalar.
func reduced(elem func(lang.Elem) lang.Elem) rule {
	return func(args []lang.Arg) (lang.Type, error) {
		if args[0].Type.IsScalar() {
			return lang.Type{}, fmt.Errorf("needs an array, found %s", args[0].Type)
		}
		return lang.Scalar(elem(args[0].Type.Elem)), nil
	}
}

// reducedOrMapped reduces one argument, and maps two.
func reducedOrMapped(elem func(lang.Elem) lang.Elem) rule {
	return func(args []lang.Arg) (lang.Type, error) {
		if len(args) == 1 {
			return reduced(elem)(args)
		}
		return mapped(elem)(args)
	}
}

// reducedTruth is the rule of any and all.
func reducedTruth(args []lang.Arg) (lang.Type, error) {
	if args[0].Type.Elem == lang.Real {
		return lang.Type{}, fmt.Errorf("needs conditions (bool, or int 0 and 1), found %s", args[0].Type)
	}
	return reduced(func(lang.Elem) lang.Elem { return lang.Bool })(args)
}

// vectorTo is the rule of functions from a vector to a vector of its length.
func vectorTo(elem func(lang.Elem) lang.Elem) rule {
	return func(args []lang.Arg) (lang.Type, error) {
		if err := needVector(args[0]); err != nil {
			return lang.Type{}, err
		}
		return lang.Array(elem(args[0].Type.Elem), args[0].Type.Dims...), nil
	}
}

func needVector(a lang.Arg) error {
	if a.Type.Rank() != 1 {
		return fmt.Errorf("needs a vector, found %s", a.Type)
	}
	return nil
}

func needScalar(what string, a lang.Arg) error {
	if !a.Type.IsScalar() {
		return fmt.Errorf("needs a scalar %s, found %s", what, a.Type)
	}
	return nil
}

func needSquare(a lang.Arg) error {
	d := a.Type.Dims
	if len(d) != 2 || d[0].Equal(d[1]) == lang.No {
		return fmt.Errorf("needs a square matrix, found %s", a.Type)
	}
	return nil
}

// sizes reads the arguments that are the sizes of a result.
func sizes(args []lang.Arg) ([]lang.Dim, error) {
	dims := make([]lang.Dim, len(args))
	for i, a := range args {
		if !a.Type.IsScalar() || a.Type.Elem != lang.Int {
			return nil, fmt.Errorf("needs an integer as a size, found %s", a.Type)
		}
		if a.Size == nil {
			return nil, errors.New("needs sizes that are known from data and the same in every iteration")
		}
		if n, ok := a.Size.Int(); ok && n < 0 {
			return nil, fmt.Errorf("needs sizes of at least 0, found %d", n)
		}
		dims[i] = *a.Size
	}
	return dims, nil
}

// list prints the types of arguments: "real[N] and real[M]".
func list(args []lang.Arg) string {
	words := make([]string, len(args))
	for i, a := range args {
		words[i] = a.Type.String()
	}
	if last := len(words) - 1; last > 0 {
		return strings.Join(words[:last], ", ") + " and " + words[last]
	}
	return strings.Join(words, "")
}
