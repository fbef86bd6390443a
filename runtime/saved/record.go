package saved

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode"
)

// A record is a value of Go as JSON, by reflection, so that a field that is added is saved:
// structures are objects by the names of their fields in snake case, floats that JSON has no
// number for are texts.

// record makes the JSON of a value: of structures, slices, pointers, maps of texts, numbers,
// truth values and texts.
func record(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Struct:
		out := map[string]any{}
		for _, f := range fields(v.Type()) {
			out[snake(f.Name)] = record(v.FieldByIndex(f.Index))
		}
		return out
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return record(v.Elem())
	case reflect.Slice:
		if v.IsNil() {
			return nil
		}
		out := make([]any, v.Len())
		for i := range out {
			out[i] = record(v.Index(i))
		}
		return out
	case reflect.Map:
		if v.IsNil() {
			return nil
		}
		out := map[string]any{}
		for _, k := range v.MapKeys() {
			out[k.String()] = record(v.MapIndex(k))
		}
		return out
	case reflect.Float64:
		return number(v.Float())
	}
	return v.Interface()
}

// notNumbers are the floats that JSON has no number for.
var notNumbers = map[string]float64{"NaN": math.NaN(), "Infinity": math.Inf(1), "-Infinity": math.Inf(-1)}

func number(x float64) any {
	switch {
	case math.IsNaN(x):
		return "NaN"
	case math.IsInf(x, 1):
		return "Infinity"
	case math.IsInf(x, -1):
		return "-Infinity"
	}
	return json.Number(strconv.FormatFloat(x, 'g', -1, 64))
}

// restore reads a record into a value. Objects must have all fields, but for those that files of former versions do not have
// (`saved:"optional"`), which stay as they are.
func restore(raw json.RawMessage, v reflect.Value) error {
	null := string(raw) == "null"
	switch v.Kind() {
	case reflect.Struct:
		var members map[string]json.RawMessage
		if err := json.Unmarshal(raw, &members); err != nil || null {
			return fmt.Errorf("is no object")
		}
		for _, f := range fields(v.Type()) {
			name := snake(f.Name)
			member, ok := members[name]
			if !ok && f.Tag.Get("saved") == "optional" {
				continue
			}
			if !ok {
				return fmt.Errorf("has no %s", name)
			}
			if err := restore(member, v.FieldByIndex(f.Index)); err != nil {
				return fmt.Errorf("%s %w", name, err)
			}
		}
	case reflect.Pointer:
		if !null {
			v.Set(reflect.New(v.Type().Elem()))
			return restore(raw, v.Elem())
		}
	case reflect.Slice:
		var elements []json.RawMessage
		if err := json.Unmarshal(raw, &elements); err != nil {
			return fmt.Errorf("is no list")
		}
		if null {
			return nil
		}
		v.Set(reflect.MakeSlice(v.Type(), len(elements), len(elements)))
		for i, e := range elements {
			if err := restore(e, v.Index(i)); err != nil {
				return fmt.Errorf("[%d] %w", i, err)
			}
		}
	case reflect.Map:
		var members map[string]json.RawMessage
		if err := json.Unmarshal(raw, &members); err != nil {
			return fmt.Errorf("is no object")
		}
		if null {
			return nil
		}
		v.Set(reflect.MakeMap(v.Type()))
		for _, k := range sortedKeys(members) {
			e := reflect.New(v.Type().Elem()).Elem()
			if err := restore(members[k], e); err != nil {
				return fmt.Errorf("[%.40q] %w", k, err)
			}
			v.SetMapIndex(reflect.ValueOf(k), e)
		}
	case reflect.Float64:
		x, err := parse(raw)
		if err != nil {
			return err
		}
		v.SetFloat(x)
	default:
		if err := json.Unmarshal(raw, v.Addr().Interface()); err != nil || null {
			return fmt.Errorf("is no %s", v.Kind())
		}
	}
	return nil
}

func parse(raw json.RawMessage) (float64, error) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		if x, ok := notNumbers[text]; ok {
			return x, nil
		}
		return 0, fmt.Errorf("is no number")
	}
	x, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		return 0, fmt.Errorf("is no number")
	}
	return x, nil
}

// fields are the exported fields of a structure.
func fields(t reflect.Type) []reflect.StructField {
	var out []reflect.StructField
	for _, f := range reflect.VisibleFields(t) {
		if f.IsExported() {
			out = append(out, f)
		}
	}
	return out
}

// snake is a name of Go in snake case: KHatMeanField is k_hat_mean_field.
func snake(name string) string {
	var b strings.Builder
	r := []rune(name)
	for i, c := range r {
		if i > 0 && unicode.IsUpper(c) && (!unicode.IsUpper(r[i-1]) || i+1 < len(r) && unicode.IsLower(r[i+1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}
