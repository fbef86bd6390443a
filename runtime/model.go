package runtime

import (
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"ppl/graph"
	"ppl/graph/builtin"
	"ppl/graph/parallel"
	"ppl/inference/target"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/check"
	"ppl/lang/diag"
	"ppl/parser"
)

// ModelError says that the text is not a model, or not one that can be fitted yet.
type ModelError struct{ Diagnostics diag.List }

func (e *ModelError) Error() string { return e.Diagnostics.Error() }

// DataError says that the data cannot be read or do not fit the model.
type DataError struct{ Diagnostics diag.List }

func (e *DataError) Error() string { return e.Diagnostics.Error() }

// InternalError is a fault of ppl itself; it is never the user's.
type InternalError struct {
	What  any
	Stack []byte
}

func (e *InternalError) Error() string {
	return fmt.Sprintf("internal error: %v (please report it, with the model)", e.What)
}

// guarded turns a panic into an *InternalError, and one of a graph that stopped
// being built because nobody waits for it any more into a *Stopped.
func guarded(err *error) {
	switch r := recover().(type) {
	case nil:
	case graph.Halted:
		*err = &Stopped{Why: "interrupted, or out of time"}
	case *parallel.Panic:
		*err = &InternalError{What: r.Value, Stack: r.Stack}
	default:
		*err = &InternalError{What: r, Stack: debug.Stack()}
	}
}

// Model is a checked model. It may be used by many goroutines, and keeps what it takes to fit it again to data of the
// same shapes: a few compiled programs.
type Model struct {
	checked  *lang.Model
	warnings diag.List
	took     time.Duration // to parse and check it
	// programs are those that problems of the model share.
	programs *target.Programs
}

// Compile parses and checks a model. name stands for the text in messages.
// The error is a *ModelError if the model is at fault.
func Compile(name string, text []byte) (m *Model, err error) {
	defer guarded(&err)
	begun := time.Now()
	file, diags := parser.Parse(name, text)
	checked, more := check.Check(file, builtin.Catalogue())
	diags = append(diags, more...)
	diags.Sort()
	if diags.HasErrors() {
		return nil, &ModelError{diags}
	}
	warnings := append(append(diags.Warnings(), checked.NotYet...), checked.Remarks...)
	warnings.Sort()
	return &Model{checked: checked, warnings: warnings, took: time.Since(begun), programs: target.NewPrograms()}, nil
}

// CompileFile compiles the model in a file.
func CompileFile(path string) (*Model, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Compile(path, text)
}

// Warnings are the diagnostics that do not stop the model from being checked;
// those about features that are not supported yet stop it from being fitted.
func (m *Model) Warnings() diag.List {
	if m == nil {
		return nil
	}
	return m.warnings
}

// Name is the name that the model was compiled under.
func (m *Model) Name() string {
	if !m.made() {
		return ""
	}
	return m.checked.File.Source.Name
}

// Tree is the model's syntax tree.
func (m *Model) Tree() *ast.File {
	if !m.made() {
		return nil
	}
	return m.checked.File
}

// Checked is the checked model: its symbols with their types.
func (m *Model) Checked() *lang.Model {
	if m == nil {
		return nil
	}
	return m.checked
}

// unsupported are the reasons why the model cannot be fitted yet, as errors.
func (m *Model) unsupported() diag.List {
	var out diag.List
	for _, d := range m.checked.NotYet {
		d.Severity = diag.Error
		out.Add(d)
	}
	return out
}
