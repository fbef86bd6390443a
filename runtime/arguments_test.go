package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"iter"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"ppl/runtime"
	"ppl/runtime/data"
)

// The functions of package runtime that are no methods.
var packageFunctions = map[string]any{
	"Compile": runtime.Compile, "CompileFile": runtime.CompileFile, "CompareLOO": runtime.CompareLOO, "DumpTree": runtime.DumpTree, "Files": runtime.Files, "Join": runtime.Join, "Map": runtime.Map, "Reader": runtime.Reader, "Rows": runtime.Rows[struct{ Y float64 }], "Load": runtime.Load, "RowsOf": runtime.RowsOf, "LoadFile": runtime.LoadFile, "Version": runtime.Version,
}

// whole are values that functions of the package have made, by type: they are the
// good arguments and receivers.
func whole(t *testing.T) map[reflect.Type]reflect.Value {
	t.Helper()
	text := "data y : real[N]\nm ~ Normal(0, 3)\nz[i in 1..N] ~ Bernoulli(0.3)\ny[i in 1..N] ~ Normal(m * z[i], 1)"
	d := runtime.Map(map[string]any{"y": []float64{0.1, 2.2}})
	m := must(runtime.Compile("model.ppl", []byte(text)))
	p := must(m.Bind(d))
	post := must(p.Fit(context.Background(), runtime.Options{Seed: 1, Draws: 10}))
	s := must(m.Simulator(d))
	out := map[reflect.Type]reflect.Value{}
	for _, v := range []any{d, m, p, post, s, must(s.Draw(1, 0)), &post.Discrete()[0], "m", []byte(text), 1, true, 0.5, uint64(1), map[string]any{"y": 1},
		runtime.Options{Draws: 10}, &runtime.Options{}, runtime.SBCOptions{Replicates: 1, Draws: 2}, &runtime.SBCOptions{}, runtime.BindOptions{}, runtime.TableOptions{}, runtime.PredictOptions{}, runtime.SaveOptions{}, &runtime.SavedError{}, runtime.DrawsParquet, &runtime.PointError{},
		runtime.LOOOptions{}, runtime.StageModes, must(post.Array("m")), &runtime.NoSample{}, runtime.PPCOptions{},
		p.Discrete()[0], &runtime.Integrated{}, must(post.Predict(context.Background(), d, runtime.PredictOptions{Draws: 5})), must(post.Predictor(runtime.PredictOptions{Draws: 5})), &runtime.Predictor{}, must(post.LogLikelihood()), func(int, []float64) error { return nil }, &runtime.DataError{}, &runtime.ModelError{}, &runtime.OptionError{}, &runtime.ArgumentError{}, &runtime.CallbackError{}, &runtime.TableError{}, &runtime.NoMoment{}, &post.Quantities()[0],
		&runtime.InternalError{}, &runtime.Stopped{}, &runtime.UnknownQuantity{}, &runtime.LOOMismatch{}, &runtime.NotKept{}, &runtime.RowsGone{}, []*runtime.LOO{{}, {}}} {
		out[reflect.TypeOf(v)] = reflect.ValueOf(v)
	}
	done, cancel := context.WithCancel(context.Background())
	cancel() // what is called is not what takes time
	out[reflect.TypeFor[context.Context]()] = reflect.ValueOf(done)
	out[reflect.TypeFor[io.Writer]()] = reflect.ValueOf(io.Discard)
	out[reflect.TypeFor[io.ReaderAt]()] = reflect.ValueOf(strings.NewReader("no fit"))
	out[reflect.TypeFor[io.Reader]()] = reflect.ValueOf(strings.NewReader("y\n1\n"))
	out[reflect.TypeFor[iter.Seq[struct{ Y float64 }]]()] = reflect.ValueOf(slices.Values([]struct{ Y float64 }{{1}}))
	out[reflect.TypeFor[[]*runtime.Data]()] = reflect.ValueOf([]*runtime.Data{d, nil})
	out[reflect.TypeFor[[]data.Part]()] = reflect.ValueOf([]data.Part{data.TablesPart(data.FromMap(map[string]any{"y": []float64{0.1, 2.2}})), nil})
	out[reflect.TypeFor[runtime.BatchOptions]()] = reflect.ValueOf(runtime.BatchOptions{Dim: "N", Size: 1})
	out[reflect.TypeFor[int64]()] = reflect.ValueOf(int64(6))
	out[reflect.TypeFor[[]string]()] = reflect.ValueOf([]string{"y=[1,2]"})
	return out
}

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// Every exported function and method, called with zero values, nil and good ones in
// all combinations, returns; with a nil that it cannot do without, or a receiver that
// the package has not made, and a result for errors, it returns one.
func TestNilAndZeroValues(t *testing.T) {
	good := whole(t)
	names := exported(t)
	t.Chdir(t.TempDir()) // for what writes a file
	called := map[string]bool{}
	for name, f := range packageFunctions {
		called[name] = true
		callAll(t, name, reflect.ValueOf(f), good)
	}
	for _, name := range names {
		receiver, method, ok := strings.Cut(name, ".")
		if !ok {
			if !called[name] {
				t.Errorf("%s is not called here: add it", name)
			}
			continue
		}
		found := false
		for typ := range good {
			if strings.TrimPrefix(typ.String(), "*") == "runtime."+receiver {
				if m, ok := typ.MethodByName(method); ok {
					found = true
					callAll(t, name, m.Func, good)
				}
			}
		}
		if !found {
			t.Errorf("%s is not called here: add a value of its type", name)
		}
	}
}

// callAll calls f with all combinations of arguments: nil or zero, one that is empty
// where it is a pointer, and a good one.
func callAll(t *testing.T, name string, f reflect.Value, good map[reflect.Type]reflect.Value) {
	typ := f.Type()
	choices := make([][]reflect.Value, typ.NumIn())
	for i := range choices {
		in := typ.In(i)
		choices[i] = []reflect.Value{reflect.Zero(in)}
		if in.Kind() == reflect.Pointer {
			choices[i] = append(choices[i], reflect.New(in.Elem()))
		}
		g, ok := good[in]
		if !ok {
			t.Fatalf("%s: no good value of type %v", name, in)
		}
		choices[i] = append(choices[i], g)
	}
	args := make([]reflect.Value, len(choices))
	var each func(i int)
	each = func(i int) {
		if i == len(args) {
			callOne(t, name, f, args)
			return
		}
		for _, v := range choices[i] {
			args[i] = v
			each(i + 1)
		}
	}
	each(0)
}

func callOne(t *testing.T, name string, f reflect.Value, args []reflect.Value) {
	t.Helper()
	shown := fmt.Sprintf("%s of", name)
	for _, a := range args {
		shown += fmt.Sprintf(" %v(nil %v)", a.Type(), missing(a))
	}
	if len(args) > 0 && args[0].Type().Implements(reflect.TypeFor[error]()) && missing(args[0]) {
		return // the method of an error that is none
	}
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("%s panics: %v", shown, r)
		}
	}()
	var out []reflect.Value
	if f.Type().IsVariadic() {
		out = f.CallSlice(args)
	} else {
		out = f.Call(args)
	}
	if len(out) == 0 {
		return
	}
	err, fails := out[len(out)-1].Interface().(error)
	if internal := (*runtime.InternalError)(nil); fails && errors.As(err, &internal) {
		t.Errorf("%s: %v", shown, err)
	}
	if !fails && out[len(out)-1].Type() == reflect.TypeFor[error]() && needed(name, args) {
		t.Errorf("%s: no error", shown)
	}
}

// needed reports whether an argument is missing that no function does without, or a
// receiver was not made by the package.
func needed(name string, args []reflect.Value) bool {
	for i, a := range args {
		if missing(a) && (a.Kind() == reflect.Pointer || a.Kind() == reflect.Interface) {
			return true
		}
		if i == 0 && strings.Contains(name, ".") && a.Kind() == reflect.Pointer && a.Elem().IsZero() && !strings.HasSuffix(name, ".Validate") && !strings.HasSuffix(name, ".Unwrap") {
			return true
		}
	}
	return false
}

func missing(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Slice, reflect.Func:
		return v.IsNil()
	}
	return false
}

// exported lists the package's functions, and methods as Type.Method.
func exported(t *testing.T) []string {
	t.Helper()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file.Name(), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || !fn.Name.IsExported() {
				continue
			}
			if fn.Recv == nil {
				out = append(out, fn.Name.Name)
				continue
			}
			typ := fn.Recv.List[0].Type
			if star, ok := typ.(*ast.StarExpr); ok {
				typ = star.X
			}
			if name := typ.(*ast.Ident).Name; ast.IsExported(name) {
				out = append(out, name+"."+fn.Name.Name)
			}
		}
	}
	return out
}

// The error of an argument says which of which function.
func TestArgumentErrors(t *testing.T) {
	m := must(runtime.Compile("model.ppl", []byte("mu ~ Normal(0, 1)")))
	p := must(m.Bind(new(runtime.Data)))
	var none context.Context
	for _, c := range []struct {
		err                error
		function, argument string
	}{
		{second(p.Fit(none, runtime.Options{})), "Problem.Fit", "ctx"},
		{second((*runtime.Problem)(nil).Fit(context.Background(), runtime.Options{})), "Problem.Fit", "p"},
		{second(new(runtime.Problem).Fit(context.Background(), runtime.Options{})), "Problem.Fit", "p"},
		{second(m.Bind(nil)), "Model.Bind", "d"},
		{second((*runtime.Model)(nil).Bind(runtime.Map(nil))), "Model.Bind", "m"},
		{second(m.Bind(runtime.Files(none, "y=1"))), "Files", "ctx"},
		{second(m.Simulator(nil)), "Model.Simulator", "d"},
		{second((*runtime.Posterior)(nil).Mean("mu")), "Posterior.Quantity", "post"},
	} {
		argument := (*runtime.ArgumentError)(nil)
		if !errors.As(c.err, &argument) || argument.Function != c.function || argument.Argument != c.argument {
			t.Errorf("%v, not of %s and %s", c.err, c.function, c.argument)
		}
	}
}

func second[T any](_ T, err error) error { return err }
