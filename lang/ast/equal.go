package ast

import "reflect"

// Equal reports whether two trees say the same, wherever their texts stand:
// spans, sources and comments are not compared.
func Equal(a, b Node) bool {
	type pair struct{ a, b Node }
	stack := []pair{{a, b}}
	for len(stack) > 0 {
		p := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if !sameNode(p.a, p.b) {
			return false
		}
		x, y := Children(p.a), Children(p.b)
		if len(x) != len(y) {
			return false
		}
		for i := range x {
			stack = append(stack, pair{x[i], y[i]})
		}
	}
	return true
}

// sameNode compares kind, words and which parts are there. The lists of
// children alone would not do: a constraint and an initial value may trade
// places without changing their number.
func sameNode(a, b Node) bool {
	if reflect.TypeOf(a) != reflect.TypeOf(b) {
		return false
	}
	v, w := reflect.ValueOf(a), reflect.ValueOf(b)
	if v.Kind() != reflect.Pointer {
		return false // every node of a tree is a pointer
	}
	if v.IsNil() || w.IsNil() {
		return v.IsNil() == w.IsNil()
	}
	v, w = v.Elem(), w.Elem()
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.Type == reflect.TypeFor[At]() || f.Name == "OpAt" || f.Name == "Source" || f.Name == "Comments" {
			continue
		}
		if !sameField(v.Field(i), w.Field(i)) {
			return false
		}
	}
	return true
}

// sameField compares words, and of the rest only presence and length: the
// parts themselves are compared as children.
func sameField(v, w reflect.Value) bool {
	switch v.Kind() {
	case reflect.String, reflect.Bool, reflect.Float64:
		return v.Equal(w)
	case reflect.Slice:
		return v.Len() == w.Len()
	case reflect.Pointer, reflect.Interface:
		return v.IsNil() == w.IsNil()
	}
	return true // parts held by value
}
