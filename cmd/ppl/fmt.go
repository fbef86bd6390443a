package main

import (
	"bufio"
	"fmt"

	"github.com/rogpeppe/go-internal/diff"

	"ppl/parser"
)

type fmtCmd struct {
	Files []string `arg:"" optional:"" name:"file" help:"Models to format; standard input if none, or \"-\"."`
	Write bool     `short:"w" help:"Rewrite the files; those in the one style already are not touched."`
	Diff  bool     `short:"d" help:"Print what would change as a unified diff; exit status 1 if anything would."`
	List  bool     `short:"l" aliases:"check" help:"List the files that would change; exit status 1 if any would."`
}

// Run formats each file; a file with errors is left alone and the others are
// still done.
func (c *fmtCmd) Run(e *env) error {
	if len(c.Files) == 0 {
		c.Files = []string{"-"}
	}
	failed, differs := false, false
	for _, path := range c.Files {
		if c.Write && path == "-" {
			return usage("-w needs files: standard input cannot be rewritten")
		}
		changed, err := c.file(e, path)
		if err != nil {
			failed = true
			e.exit(err)
		}
		differs = differs || changed
	}
	if failed || differs && !c.Write && (c.Diff || c.List) {
		return told(exitWrong)
	}
	return nil
}

// file formats one file and reports whether that changed it.
func (c *fmtCmd) file(e *env, path string) (changed bool, err error) {
	name, text, err := e.source(path)
	if err != nil {
		return false, err
	}
	formatted, diags := parser.FormatSource(name, text)
	if diags.HasErrors() {
		e.render(diags)
		return false, told(exitWrong)
	}
	changed = formatted != string(text)
	if c.List && changed {
		fmt.Fprintln(e.stdout, name)
	}
	if c.Diff && changed {
		e.stdout.Write(diff.Diff(name+".orig", text, name, []byte(formatted)))
	}
	switch {
	case c.Write && changed:
		return changed, rewrite(path, formatted)
	case !c.Write && !c.List && !c.Diff:
		fmt.Fprint(e.stdout, formatted)
	}
	return changed, nil
}

// rewrite replaces a file's text.
func rewrite(path, text string) error {
	err := writeFile(path, func(w *bufio.Writer) error {
		_, err := w.WriteString(text)
		return err
	})
	if err != nil {
		return wrong("rewriting %s: %v", path, err)
	}
	return nil
}
