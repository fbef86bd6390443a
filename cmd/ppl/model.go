package main

import (
	"io"
	"io/fs"
	"os"

	"ppl/runtime"
)

// largestModel bounds what is read as a model, so that a wrong file (a disk, a
// data set) gives an answer.
const largestModel = 64 << 20

// source reads the text of a model; "-" is standard input.
func (e *env) source(path string) (name string, text []byte, err error) {
	if path == "-" {
		text, err = limited("<stdin>", e.stdin)
		return "<stdin>", text, err
	}
	f, err := os.Open(path)
	if err != nil {
		return path, nil, err
	}
	defer f.Close()
	if s, err := f.Stat(); err == nil && s.IsDir() {
		return path, nil, wrong("%s is a directory, not a model", path)
	}
	text, err = limited(path, f)
	return path, text, err
}

func limited(name string, r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, largestModel+1))
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: err}
	}
	if len(text) > largestModel {
		return nil, wrong("%s is larger than %d MiB: that is no model", name, largestModel>>20)
	}
	return text, nil
}

// compile reads and checks a model.
func (e *env) compile(path string) (*runtime.Model, error) {
	name, text, err := e.source(path)
	if err != nil {
		return nil, err
	}
	return runtime.Compile(name, text)
}
