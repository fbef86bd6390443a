package main

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"ppl/runtime"
)

// validOutput refuses, before the fit, a path that could not or should not be
// written: sources are the model and the data, which it must not replace.
func validOutput(path string, sources []string) error {
	if path == "-" {
		return usage("-o needs a file: standard output has the report")
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if dir, err := os.Stat(filepath.Dir(path)); err != nil || !dir.IsDir() {
			return usage("-o %s: there is no folder %s", path, filepath.Dir(path))
		}
		return nil
	}
	if err != nil {
		return usage("-o %s", fileError(err))
	}
	if info.IsDir() {
		return usage("-o %s is a directory", path)
	}
	for _, s := range sources {
		if other, err := os.Stat(s); err == nil && os.SameFile(info, other) {
			return usage("-o %s would overwrite %s", path, s)
		}
	}
	return nil
}

// writeDraws writes the draws as CSV: a header of CmdStan's names, then a row
// for each joint draw.
func writeDraws(path string, post *runtime.Posterior) error {
	return writeFile(path, func(f *os.File) error {
		w := bufio.NewWriterSize(f, 1<<16)
		if err := drawsCSV(w, post.Quantities()); err != nil {
			return err
		}
		return w.Flush()
	})
}

func drawsCSV(w io.Writer, quantities []runtime.Quantity) error {
	if len(quantities) == 0 {
		return nil
	}
	names := make([]string, len(quantities))
	for i := range quantities {
		names[i] = quantities[i].Column
	}
	if _, err := io.WriteString(w, strings.Join(names, ",")+"\n"); err != nil {
		return err
	}
	var row []byte
	for d := range quantities[0].Draws {
		row = row[:0]
		for i := range quantities {
			if i > 0 {
				row = append(row, ',')
			}
			row = strconv.AppendFloat(row, quantities[i].Draws[d], 'g', -1, 64)
		}
		if _, err := w.Write(append(row, '\n')); err != nil {
			return err
		}
	}
	return nil
}
