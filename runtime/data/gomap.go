package data

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"sort"
)

// FromMap takes data from Go values: numbers, booleans and strings of any kind;
// slices and arrays of them, nested; pointers, where nil is a missing element, and sql.Null and its like;
// maps from string, keyed by the labels of a factor; *Array. Bytes are refused,
// since most are an encoded text. NaN is as in a file. The values are copied. What cannot be data is reported when a model
// asks for it.
func FromMap(m map[string]any) *Tables {
	t := newTables()
	for key, x := range m {
		t.add(fromGoValue(key, x))
	}
	return t
}

func fromGoValue(key string, x any) *Value {
	v := &Value{key: key, origin: &origin{name: "Go", kind: fromGo}}
	switch x := x.(type) {
	case []float64:
		v.nums = append([]float64(nil), x...)
		v.shape = []int{len(x)}
		return v
	case [][]float64:
		if nums, ok := joined(x); ok {
			v.nums = nums
			v.shape = []int{len(x), len(x[0])}
			return v
		}
	case *Array:
		if x != nil {
			return fromArray(v, *x)
		}
	case Array:
		return fromArray(v, x)
	}
	g := &goReader{key: key, jsonArray: jsonArray{leaf: -1}}
	g.element(reflect.ValueOf(x), 0)
	v.labels, v.problem = g.labels, g.problem
	if g.problem == nil {
		v.shape, v.cells = g.shape, g.cells()
	}
	return v
}

// joined copies the rows of a matrix into one array; it fails where they are
// empty, or not of one length.
func joined(x [][]float64) ([]float64, bool) {
	if len(x) == 0 || len(x[0]) == 0 {
		return nil, false
	}
	k := len(x[0])
	for _, row := range x {
		if len(row) != k {
			return nil, false
		}
	}
	out := make([]float64, 0, len(x)*k)
	for _, row := range x {
		out = append(out, row...)
	}
	return out, true
}

func fromArray(v *Value, a Array) *Value {
	if !fits(a.Shape, len(a.Data)) || a.Missing != nil && len(a.Missing) != len(a.Data) {
		v.problem = &problem{summary: fmt.Sprintf("`%s` is an Array of shape %v with %d elements", v.key, a.Shape, len(a.Data))}
		return v
	}
	var b builder
	for i, x := range a.Data {
		if a.Missing != nil && a.Missing[i] {
			b.push(math.NaN(), tagNull)
			continue
		}
		b.push(x, tagNumber)
	}
	v.cells = b.cells()
	v.shape = append([]int(nil), a.Shape...)
	return v
}

// fits reports whether an array of a shape has n elements.
func fits(shape []int, n int) bool {
	if slices.Contains(shape, 0) {
		return n == 0 && slices.Min(shape) == 0
	}
	left := n
	for _, d := range shape {
		if d < 0 || left%d != 0 {
			return false
		}
		left /= d
	}
	return left == 1
}

// goReader walks a Go value.
type goReader struct {
	jsonArray
	key string
}

var jsonNumber = reflect.TypeFor[json.Number]()

// element enters what stands at depth slices inside the value.
func (g *goReader) element(x reflect.Value, depth int) {
	if g.broken {
		return
	}
	for hops := 0; x.IsValid(); hops++ {
		if hops > maxDepth {
			g.spoil("", "%s is a pointer to itself", g.at(g.key))
			return
		}
		if x.Kind() == reflect.Pointer || x.Kind() == reflect.Interface {
			x = x.Elem() // of nil: the invalid value
		} else if at, null := nullable(x.Type()); null && x.Field(1-at).Bool() {
			x = x.Field(at)
		} else if null {
			x = reflect.Value{}
		} else {
			break
		}
	}
	if depth > maxDepth {
		g.spoil("", "`%s` nests more than %d deep", g.key, maxDepth)
		return
	}
	switch {
	case !x.IsValid():
		g.leafCell(depth, func() { g.push(math.NaN(), tagNull) })
	case x.Kind() == reflect.Slice || x.Kind() == reflect.Array:
		if x.Type().Elem().Kind() == reflect.Uint8 {
			g.spoil("decode them first, JSON with json.Unmarshal; small integers are a []int", "%s is a Go %s: bytes of a text, not numbers", g.at(g.key), x.Type())
			return
		}
		g.slice(x, depth)
	case x.Kind() == reflect.Map && x.Type().Key().Kind() == reflect.String:
		g.labelled(x, depth)
	default:
		g.leafCell(depth, func() { g.scalarCell(x) })
	}
}

func (g *goReader) leafCell(depth int, push func()) {
	if g.scalar(g.key, depth); !g.broken {
		push()
	}
}

func (g *goReader) slice(x reflect.Value, depth int) {
	g.open(g.key, depth)
	g.path = append(g.path, 0)
	for i := range x.Len() {
		g.path[len(g.path)-1] = i
		g.element(x.Index(i), depth+1)
		if g.broken {
			return
		}
	}
	g.path = g.path[:len(g.path)-1]
	g.close(g.key, depth, x.Len())
}

// labelled enters a map; its keys are labels.
func (g *goReader) labelled(x reflect.Value, depth int) {
	if depth > 0 {
		g.spoil("", "%s is a map inside a slice", g.at(g.key))
		return
	}
	keys := x.MapKeys()
	sort.Slice(keys, func(i, j int) bool { return keys[i].String() < keys[j].String() })
	g.open(g.key, depth)
	g.path = append(g.path, 0)
	for i, k := range keys {
		g.path[0] = i
		g.labels = append(g.labels, k.String())
		g.element(x.MapIndex(k), depth+1)
		if g.broken {
			return
		}
	}
	g.path = g.path[:0]
	g.close(g.key, depth, len(keys))
}

func (g *goReader) scalarCell(x reflect.Value) {
	switch {
	case x.Type() == jsonNumber:
		s := []byte(x.String())
		if n, ok := parseNumber(s); ok {
			g.pushNumber(s, n)
			return
		}
		g.pushText(s, textOnly, 0)
	case x.Kind() == reflect.Bool:
		g.pushBool(x.Bool())
	case x.Kind() == reflect.String:
		g.pushString([]byte(x.String()))
	case x.CanInt():
		g.pushInteger(float64(x.Int()), x)
	case x.CanUint():
		g.pushInteger(float64(x.Uint()), x)
	case x.CanFloat():
		g.push(x.Float(), tagNumber)
	default:
		g.spoil("data are numbers, booleans, strings, nil, and slices of them", "%s is a Go %s, which is no data", g.at(g.key), x.Type())
	}
}

// pushInteger adds an integer; one that float64 may not hold keeps its digits.
func (b *builder) pushInteger(x float64, digits reflect.Value) {
	if math.Abs(x) >= maxExact {
		b.pushText(fmt.Append(nil, digits), textNumber, x)
		return
	}
	b.push(x, tagNumber)
}
