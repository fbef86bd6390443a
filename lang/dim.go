package lang

import (
	"fmt"
	"sort"
	"strconv"
	"strings"

	"ppl/lang/ast"
)

// Dim is a symbolic array dimension: an affine form c + Σ kᵢ·sᵢ with integer
// coefficients over symbols. A symbol is the name of a dimension or of an
// integer known from data (`N`, `K`), or an opaque length that only the data
// can tell. The zero Dim is 0. Dims are immutable.
type Dim struct {
	c     int
	terms []term // sorted by symbol name, no zero coefficients
}

type term struct {
	sym  *DimSym
	coef int
}

// DimSym is a symbol of a Dim. Two symbols are the same iff their names are.
type DimSym struct {
	Name string
	// Label is how the symbol prints, where its Name is made unique (the index
	// of a plate); empty means Name.
	Label string
	// Length, for an opaque symbol, is the data-only expression whose value
	// it stands for (evaluated when data are bound); nil for a named one.
	Length ast.Expr
}

// DimInt is the constant n.
func DimInt(n int) Dim { return Dim{c: n} }

// DimName is the dimension called name.
func DimName(name string) Dim {
	return Dim{terms: []term{{&DimSym{Name: name}, 1}}}
}

// DimOpaque is a length known only from data: the value of e. id makes the
// symbol unique; two opaque dims are provably equal only if their ids are.
func DimOpaque(id string, e ast.Expr) Dim {
	return Dim{terms: []term{{&DimSym{Name: id, Length: e}, 1}}}
}

// DimSymbol is the dimension that a given symbol stands for.
func DimSymbol(s *DimSym) Dim { return Dim{terms: []term{{s, 1}}} }

// Coef returns the coefficient of the symbol called name, 0 if it is absent.
func (d Dim) Coef(name string) int {
	for _, t := range d.terms {
		if t.sym.Name == name {
			return t.coef
		}
	}
	return 0
}

// Const returns the constant part of d.
func (d Dim) Const() int { return d.c }

// Add returns d + e.
func (d Dim) Add(e Dim) Dim {
	out := Dim{c: d.c + e.c}
	i, j := 0, 0
	for i < len(d.terms) || j < len(e.terms) {
		switch {
		case j == len(e.terms) || i < len(d.terms) && d.terms[i].sym.Name < e.terms[j].sym.Name:
			out.terms = append(out.terms, d.terms[i])
			i++
		case i == len(d.terms) || e.terms[j].sym.Name < d.terms[i].sym.Name:
			out.terms = append(out.terms, e.terms[j])
			j++
		default:
			if k := d.terms[i].coef + e.terms[j].coef; k != 0 {
				out.terms = append(out.terms, term{d.terms[i].sym, k})
			}
			i++
			j++
		}
	}
	return out
}

// Scale returns k·d.
func (d Dim) Scale(k int) Dim {
	if k == 0 {
		return Dim{}
	}
	out := Dim{c: k * d.c, terms: make([]term, len(d.terms))}
	for i, t := range d.terms {
		out.terms[i] = term{t.sym, k * t.coef}
	}
	return out
}

// Sub returns d - e.
func (d Dim) Sub(e Dim) Dim { return d.Add(e.Scale(-1)) }

// AddInt returns d + n.
func (d Dim) AddInt(n int) Dim { return d.Add(DimInt(n)) }

// Mul returns d·e if one of them is constant.
func (d Dim) Mul(e Dim) (Dim, bool) {
	if n, ok := d.Int(); ok {
		return e.Scale(n), true
	}
	if n, ok := e.Int(); ok {
		return d.Scale(n), true
	}
	return Dim{}, false
}

// Int returns the value of a constant dim.
func (d Dim) Int() (int, bool) { return d.c, len(d.terms) == 0 }

// Opaque reports whether d mentions a length that only data can tell.
func (d Dim) Opaque() bool {
	for _, t := range d.terms {
		if t.sym.Length != nil {
			return true
		}
	}
	return false
}

// Truth is the outcome of a symbolic comparison.
type Truth int

const (
	Unknown Truth = iota
	Yes
	No
)

// Equal compares symbolically. Different named dimensions count as different
// (No): the language asks that equal dimensions have one name. Unknown only
// where an opaque length is involved.
func (d Dim) Equal(e Dim) Truth {
	diff := d.Sub(e)
	switch {
	case len(diff.terms) == 0 && diff.c == 0:
		return Yes
	case diff.Opaque():
		return Unknown
	}
	return No
}

// Eval evaluates d; value gives the value of each symbol.
func (d Dim) Eval(value func(*DimSym) (int, error)) (int, error) {
	n := d.c
	for _, t := range d.terms {
		v, err := value(t.sym)
		if err != nil {
			return 0, err
		}
		n += t.coef * v
	}
	return n, nil
}

// Subst replaces symbols by dims; a symbol for which f returns false stays.
func (d Dim) Subst(f func(*DimSym) (Dim, bool)) Dim {
	out := DimInt(d.c)
	for _, t := range d.terms {
		if r, ok := f(t.sym); ok {
			out = out.Add(r.Scale(t.coef))
		} else {
			out = out.Add(Dim{terms: []term{t}})
		}
	}
	return out
}

// Symbols returns the symbols of d in order of name.
func (d Dim) Symbols() []*DimSym {
	out := make([]*DimSym, len(d.terms))
	for i, t := range d.terms {
		out[i] = t.sym
	}
	return out
}

// String prints d as a user would write it; opaque lengths print as `?`.
func (d Dim) String() string {
	var b strings.Builder
	ts := append([]term(nil), d.terms...)
	sort.SliceStable(ts, func(i, j int) bool { return ts[i].coef > 0 && ts[j].coef < 0 })
	for i, t := range ts {
		name, k := t.sym.Name, t.coef
		switch {
		case t.sym.Length != nil:
			name = "?"
		case t.sym.Label != "":
			name = t.sym.Label
		}
		switch {
		case i == 0 && k < 0:
			b.WriteString("-")
		case i > 0 && k < 0:
			b.WriteString(" - ")
		case i > 0:
			b.WriteString(" + ")
		}
		if k = max(k, -k); k != 1 {
			fmt.Fprintf(&b, "%d*", k)
		}
		b.WriteString(name)
	}
	switch {
	case b.Len() == 0:
		return fmt.Sprint(d.c)
	case d.c > 0:
		fmt.Fprintf(&b, " + %d", d.c)
	case d.c < 0:
		fmt.Fprintf(&b, " - %d", -d.c)
	}
	return b.String()
}

// Expr writes d as an expression of the language.
func (d Dim) Expr() ast.Expr {
	var out ast.Expr
	add := func(e ast.Expr) {
		if out == nil {
			out = e
			return
		}
		out = &ast.Binary{Op: "+", X: out, Y: e}
	}
	number := func(n int) ast.Expr { return &ast.Number{Text: strconv.Itoa(n), Value: float64(n)} }
	for _, s := range d.Symbols() {
		name := s.Name
		if s.Label != "" {
			name = s.Label
		}
		e := s.Length
		if e == nil {
			e = &ast.Name{Name: name}
		}
		if k := d.Coef(s.Name); k != 1 {
			e = &ast.Binary{Op: "*", X: number(k), Y: e}
		}
		add(e)
	}
	if n := d.Const(); n != 0 || out == nil {
		add(number(n))
	}
	return out
}
