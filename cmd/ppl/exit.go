package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
	"unicode"

	"ppl/lang/diag"
	"ppl/runtime"
)

// The exit statuses.
const (
	exitWrong    = 1  // the user's model or data are wrong, or a file cannot be read or written
	exitUsage    = 2  // the command line makes no sense
	exitPoor     = 3  // the fit cannot be trusted (--strict), or there is none
	exitInternal = 70 // a fault of ppl: EX_SOFTWARE of sysexits.h

	exitInterrupted = 130 // a signal ended it before there was a result, as shells have it
)

// failure is an error with an exit status; an empty text has been told already.
type failure struct {
	code int
	text string
}

func (f *failure) Error() string { return f.text }

// wrong is the error of something that the user can mend.
func wrong(format string, args ...any) error {
	return &failure{code: exitWrong, text: fmt.Sprintf(format, args...)}
}

// told is the error of a failure that has been reported.
func told(code int) error { return &failure{code: code} }

// exit reports err and gives the exit status.
func (e *env) exit(err error) int {
	var (
		fail     *failure
		model    *runtime.ModelError
		data     *runtime.DataError
		internal *runtime.InternalError
		option   *runtime.OptionError
		callback *runtime.CallbackError
		noTable  *runtime.TableError
		unknown  *runtime.UnknownQuantity
		saved    *runtime.SavedError
		point    *runtime.PointError
		gone     *runtime.RowsGone
		path     *fs.PathError
	)
	switch {
	case err == nil, errors.Is(err, syscall.EPIPE): // nobody reads on: no error
		return 0
	case errors.As(err, &fail):
		if fail.text != "" {
			e.complain(fail.text)
		}
		return fail.code
	case errors.As(err, &model):
		e.render(model.Diagnostics)
	case errors.As(err, &data):
		e.render(data.Diagnostics)
	case errors.As(err, &noTable):
		e.complain(noTable.Error())
	case errors.As(err, &point):
		e.complain(point.Error())
	case errors.As(err, &gone):
		e.complain(gone.Error())
	case errors.As(err, &unknown):
		e.complain(unknown.Error())
	case errors.As(err, &saved):
		e.complain(saved.Error())
	case errors.As(err, &option):
		e.complain(flagOf(option.Field) + " " + inFlags(option.Why))
		return exitUsage
	case errors.As(err, &path):
		e.complain(fileError(path))
	case errors.As(err, &callback): // a function of this command
		return e.fault(callback.What, callback.Stack)
	case errors.As(err, &internal):
		return e.fault(internal.What, internal.Stack)
	default:
		return e.fault(err, nil)
	}
	return exitWrong
}

// flagOf is the flag that sets a field of runtime's options: --target-accept for
// TargetAccept, and for Fit.TargetAccept.
func flagOf(field string) string {
	var b strings.Builder
	b.WriteString("-")
	for _, r := range field[strings.LastIndex(field, ".")+1:] {
		if unicode.IsUpper(r) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// fileError is the text of an error about a file, without the system call.
func fileError(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return fmt.Sprintf("%s: %v", path.Path, path.Err)
	}
	return err.Error()
}

// reason is why a file cannot be read or written, where its name is said already.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

func (e *env) complain(text string) {
	fmt.Fprintf(e.stderr, "%s %s\n", e.paintErr(bold+red, "ppl:"), text)
}

func (e *env) render(l diag.List) {
	diag.Render(e.stderr, flaggedList(l), diag.RenderOptions{Color: e.colorErr})
}

func (e *env) panicked(r any) int {
	e.stdout.Flush()
	return e.fault(r, debug.Stack())
}

// fault reports a fault of ppl itself.
func (e *env) fault(what any, stack []byte) int {
	e.complain(fmt.Sprintf("internal error: %v", what))
	fmt.Fprintln(e.stderr, "This is a fault of ppl, not of your model. Please report it, with the model, the data and the output of `ppl version`.")
	if os.Getenv("PPL_DEBUG") == "1" && len(stack) > 0 {
		fmt.Fprintln(e.stderr, strings.TrimRight(string(stack), "\n"))
	} else if len(stack) > 0 {
		fmt.Fprintln(e.stderr, "PPL_DEBUG=1 shows where it happened.")
	}
	return exitInternal
}
