package data

import (
	"fmt"
	"math"

	"ppl/lang/ast"
)

// simpleEval is the evaluator that Bind uses without another one: numbers,
// names, array literals, signs and arithmetic, of scalars or of equal shapes.
func simpleEval(e ast.Expr, lookup Lookup) (*Array, error) {
	return simple{lookup, 0}.eval(e)
}

type simple struct {
	lookup Lookup
	depth  int
}

func (s simple) eval(e ast.Expr) (*Array, error) {
	if s.depth++; s.depth > 1000 {
		return nil, fmt.Errorf("it nests too deep")
	}
	switch e := e.(type) {
	case *ast.Number:
		return scalar(e.Value), nil
	case *ast.Bool:
		if e.Value {
			return scalar(1), nil
		}
		return scalar(0), nil
	case *ast.Paren:
		return s.eval(e.X)
	case *ast.Name:
		return s.name(e.Name)
	case *ast.Array:
		return s.array(e)
	case *ast.Unary:
		return s.unary(e)
	case *ast.Binary:
		return s.binary(e)
	}
	return nil, fmt.Errorf("only numbers, names and arithmetic are understood here")
}

func (s simple) name(name string) (*Array, error) {
	if a, ok := s.lookup(name); ok {
		return a, nil
	}
	switch name {
	case "inf":
		return scalar(math.Inf(1)), nil
	case "pi":
		return scalar(math.Pi), nil
	}
	return nil, fmt.Errorf("`%s` has no value here", name)
}

func (s simple) array(e *ast.Array) (*Array, error) {
	out := &Array{Shape: []int{len(e.Elems)}}
	for i, x := range e.Elems {
		a, err := s.eval(x)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			out.Shape = append(out.Shape, a.Shape...)
		}
		if !sameShape(a.Shape, out.Shape[1:]) {
			return nil, fmt.Errorf("the elements of an array have the same shape")
		}
		out.Data = append(out.Data, a.Data...)
	}
	return out, nil
}

func (s simple) unary(e *ast.Unary) (*Array, error) {
	a, err := s.eval(e.X)
	if err != nil {
		return nil, err
	}
	if e.Op != "-" {
		return nil, fmt.Errorf("`%s` is not understood here", e.Op)
	}
	out := &Array{Shape: a.Shape, Data: make([]float64, len(a.Data))}
	for i, x := range a.Data {
		out.Data[i] = -x
	}
	return out, nil
}

var arithmetic = map[string]func(x, y float64) float64{
	"+": func(x, y float64) float64 { return x + y },
	"-": func(x, y float64) float64 { return x - y },
	"*": func(x, y float64) float64 { return x * y },
	"/": func(x, y float64) float64 { return x / y },
	"^": math.Pow,
}

func (s simple) binary(e *ast.Binary) (*Array, error) {
	f, ok := arithmetic[e.Op]
	if !ok {
		return nil, fmt.Errorf("`%s` is not understood here", e.Op)
	}
	a, err := s.eval(e.X)
	if err != nil {
		return nil, err
	}
	b, err := s.eval(e.Y)
	if err != nil {
		return nil, err
	}
	shape := a.Shape
	if len(shape) == 0 {
		shape = b.Shape
	}
	if len(a.Shape) > 0 && len(b.Shape) > 0 && !sameShape(a.Shape, b.Shape) {
		return nil, fmt.Errorf("`%s` has %s on its left and %s on its right", e.Op, shapeText(a.Shape), shapeText(b.Shape))
	}
	out := &Array{Shape: shape, Data: make([]float64, size(shape))}
	for i := range out.Data {
		out.Data[i] = f(a.each(i), b.each(i))
	}
	return out, nil
}
