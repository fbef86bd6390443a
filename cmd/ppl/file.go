package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// outputs are the formats of a command's output files by their endings. A name
// without an ending has the first of them.
type outputs []struct{ ending, format string }

// format is that of a file by its name: of its ending, in either case.
func (o outputs) format(path string) (format string, known bool) {
	name := strings.ToLower(filepath.Base(path))
	for _, f := range o {
		if strings.HasSuffix(name, f.ending) {
			return f.format, true
		}
	}
	if filepath.Ext(name) == "" {
		return o[0].format, true
	}
	return "", false
}

// endings lists what can be written: "CSV (.csv), JSON (.json, .jsonl)".
func (o outputs) endings() string {
	var formats []string
	of := map[string][]string{}
	for _, f := range o {
		if !slices.Contains(formats, f.format) {
			formats = append(formats, f.format)
		}
		of[f.format] = append(of[f.format], f.ending)
	}
	for i, f := range formats {
		formats[i] = fmt.Sprintf("%s (%s)", f, strings.Join(of[f], ", "))
	}
	return strings.Join(formats, ", ")
}

// validOutput refuses, before any work, a file that could not or should not be
// written: sources are the model and the data, which it must not replace.
func validOutput(flag, path string, can outputs, sources []string) error {
	if path == "-" {
		return usage("%s needs a file: standard output has the report", flag)
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return usage("%s %s is a directory", flag, path)
	case err == nil && !info.Mode().IsRegular():
		return nil // a pipe or a device: its name says nothing
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return usage("%s %s", flag, fileError(err))
	}
	for _, s := range sources {
		if other, same := os.Stat(s); err == nil && same == nil && os.SameFile(info, other) {
			return usage("%s %s would overwrite %s", flag, path, s)
		}
	}
	if _, known := can.format(path); !known {
		return usage("%s %s: there is no output in the format %s; what can be written: %s", flag, path, filepath.Ext(path), can.endings())
	}
	if err != nil {
		return writable(flag, path)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return usage("%s %s cannot be written: %s", flag, path, reason(err))
	}
	f.Close()
	return writable(flag, path)
}

// writable tries to make a file in the folder of path.
func writable(flag, path string) error {
	dir := filepath.Dir(path)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return usage("%s %s: there is no folder %s", flag, path, dir)
	}
	f, err := newBeside(destination(path))
	if err != nil {
		return usage("%s %s: no file can be made in the folder %s: %s", flag, path, dir, reason(err))
	}
	f.discard()
	return nil
}

// destination is the file that a path leads to, through symbolic links.
func destination(path string) string {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target
	}
	return path
}

// writeFile writes a file at once or not at all: into a new file beside it
// that then takes its name, and keeps its mode. What is no regular file (a pipe,
// a device) is written directly; through a symbolic link its target is written.
// A signal that ends the process removes the new file.
func writeFile(path string, write func(*bufio.Writer) error) error {
	return writeFiles([]string{path}, func(_ int, w *bufio.Writer) error { return write(w) })
}

// writeFiles is writeFile for files that belong together: all are written, and on the disk, before the
// first takes its name. Only what ends the process without a word between two renamings leaves some of
// them and not others; each of them is whole.
func writeFiles(paths []string, write func(i int, w *bufio.Writer) error) error {
	to, made := make([]string, len(paths)), make([]besides, len(paths))
	defer func() {
		for _, f := range made {
			if f.File != nil {
				f.discard() // of a renamed file nothing is left
			}
		}
	}()
	for i, path := range paths {
		to[i] = destination(path)
		here := func(w *bufio.Writer) error { return write(i, w) }
		if s, err := os.Stat(to[i]); err == nil && !s.Mode().IsRegular() {
			if err := writeDirectly(to[i], here); err != nil {
				return err
			}
			continue
		}
		var err error
		if made[i], err = newBeside(to[i]); err != nil {
			return err
		}
		err = buffered(made[i].File, here)
		if err == nil {
			err = made[i].Sync()
		}
		if err = errors.Join(err, made[i].Close()); err != nil {
			return err
		}
	}
	unfinished.hold() // a signal waits until all have their names
	defer unfinished.release()
	for i, f := range made {
		if f.File == nil {
			continue
		}
		if err := os.Rename(f.Name(), to[i]); err != nil {
			return err
		}
	}
	return nil
}

func writeDirectly(path string, write func(*bufio.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(buffered(f, write), f.Close())
}

func buffered(f *os.File, write func(*bufio.Writer) error) error {
	w := bufio.NewWriterSize(f, 1<<16)
	if err := write(w); err != nil {
		return err
	}
	return w.Flush()
}

// besides is a new file beside the one whose name it will take.
type besides struct{ *os.File }

// discard closes and removes the file, if it has not taken its name.
func (f besides) discard() {
	f.Close()
	os.Remove(f.Name())
	unfinished.remove(f.Name())
}

// newBeside makes a file in the folder of path: with the mode of the file that
// is there, otherwise, unlike os.CreateTemp, with the one that the user's umask
// asks for.
func newBeside(path string) (besides, error) {
	mode, old := fs.FileMode(0o666), false
	if info, err := os.Stat(path); err == nil {
		mode, old = info.Mode().Perm(), true
	}
	dir, base := filepath.Split(path)
	for try := 0; ; try++ {
		name := filepath.Join(dir, fmt.Sprintf(".%s.%08x.tmp", base, rand.Uint32()))
		unfinished.add(name)
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if err == nil && old {
			err = f.Chmod(mode) // whatever the umask takes off
		}
		if err == nil {
			return besides{f}, nil
		}
		if f != nil {
			besides{f}.discard()
		}
		unfinished.remove(name)
		if !errors.Is(err, fs.ErrExist) || try > 100 {
			return besides{}, err
		}
	}
}
