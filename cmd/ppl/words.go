package main

import (
	"bytes"
	"io"
	"regexp"
	"slices"
	"strings"

	"ppl/lang/diag"
)

// Messages of the library name what they advise on as its Go fields, `Options.Draws`: here they name the
// inFlags that set them.

var fieldWords = regexp.MustCompile(`\b(?:Bind)?Options\.[A-Z][A-Za-z]*`)

// inFlags puts flags in the place of fields: "try more --draws".
func inFlags(text string) string {
	if !strings.Contains(text, "Options.") {
		return text
	}
	return fieldWords.ReplaceAllStringFunc(text, flagOf)
}

// flagged is inFlags of each.
func flagged(texts []string) []string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = inFlags(text)
	}
	return out
}

// flaggedList are diagnostics whose own words, but not the text that they are about, name flags.
func flaggedList(l diag.List) diag.List {
	out := slices.Clone(l)
	for i := range out {
		d := &out[i]
		d.Summary, d.Expected, d.Found, d.Hint = inFlags(d.Summary), inFlags(d.Expected), inFlags(d.Found), inFlags(d.Hint)
	}
	return out
}

// flagWriter is inFlags of what is written, line by line.
type flagWriter struct {
	w    io.Writer
	line []byte
}

// reportTo has write print a report of the library.
func reportTo(w io.Writer, write func(io.Writer) error) error {
	f := &flagWriter{w: w}
	if err := write(f); err != nil {
		return err
	}
	return f.flush()
}

func (f *flagWriter) Write(b []byte) (int, error) {
	n := len(b)
	for {
		end := bytes.IndexByte(b, '\n')
		if end < 0 {
			f.line = append(f.line, b...)
			return n, nil
		}
		f.line = append(f.line, b[:end+1]...)
		if err := f.flush(); err != nil {
			return 0, err
		}
		b = b[end+1:]
	}
}

func (f *flagWriter) flush() error {
	if bytes.Contains(f.line, []byte("Options.")) {
		f.line = []byte(inFlags(string(f.line)))
	}
	_, err := f.w.Write(f.line)
	f.line = f.line[:0]
	return err
}
