package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteFile writes a file to a path, in the place of one that is there, whose
// permissions are kept (not its owner, where that is another user). A path
// that is a link names the file that it leads to.
//
// The bytes go to a temporary file in the same folder, which is synced and
// renamed when it is whole: at any moment the path holds what it held before
// or the new file. The temporary file is removed on every error and when ctx
// is cancelled. A process that is killed leaves it behind, with a name of the
// form .ppl-PID-N.tmp; nothing reads it, and it may be deleted.
func WriteFile(ctx context.Context, path string, f *File) (err error) {
	to, err := destination(path)
	if err != nil {
		return err
	}
	out, err := to.temporary()
	if err != nil {
		return err
	}
	renamed := false
	defer func() { // also where Blocks panic
		if !renamed {
			out.Close()
			os.Remove(out.Name())
		}
	}()
	if err := Write(ctx, out, f); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := out.Sync(); err != nil {
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := os.Rename(out.Name(), to.path); err != nil {
		return err
	}
	renamed = true
	syncFolder(filepath.Dir(to.path))
	return nil
}

// writable returns the error that WriteFile would meet at a path before it
// writes: a folder that is not there or cannot be written, a path that is no
// regular file, a file that is read-only. It is for calling before the work
// whose result is written, and leaves nothing behind.
func writable(path string) error {
	to, err := destination(path)
	if err != nil {
		return err
	}
	out, err := to.temporary()
	if err != nil {
		return err
	}
	return errors.Join(out.Close(), os.Remove(out.Name()))
}

var errNotRegular = errors.New("not a regular file")

// target is what a path names once links are resolved.
type target struct {
	path  string
	taken bool        // there is a file
	mode  fs.FileMode // its permissions
}

func destination(path string) (target, error) {
	resolved, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(path); err == nil {
			return target{}, &fs.PathError{Op: "write", Path: path, Err: errors.New("a link that leads nowhere")}
		}
		return target{path: path}, nil
	}
	if err != nil {
		return target{}, &fs.PathError{Op: "write", Path: path, Err: err}
	}
	info, err := os.Stat(resolved)
	if err != nil {
		return target{}, err
	}
	if !info.Mode().IsRegular() {
		return target{}, &fs.PathError{Op: "write", Path: path, Err: errNotRegular}
	}
	held, err := os.OpenFile(resolved, os.O_WRONLY, 0) // renaming would pass over a file's being read-only
	if err != nil {
		return target{}, err
	}
	return target{resolved, true, info.Mode().Perm()}, held.Close()
}

// temporary creates a file beside the target: with its permissions, and at no
// moment with more.
func (t target) temporary() (*os.File, error) {
	mode := fs.FileMode(0o666)
	if t.taken {
		mode = t.mode
	}
	for n := 0; ; n++ {
		name := filepath.Join(filepath.Dir(t.path), fmt.Sprintf(".ppl-%d-%d.tmp", os.Getpid(), n))
		out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		switch {
		case errors.Is(err, fs.ErrExist):
			continue
		case err != nil:
			return nil, err
		}
		if t.taken { // the mask of the process may have taken some
			if err := out.Chmod(mode); err != nil {
				return nil, errors.Join(err, out.Close(), os.Remove(name))
			}
		}
		return out, nil
	}
}

// syncFolder makes a renaming last through a loss of power, where the system
// can do that for a folder; the file itself is whole either way.
func syncFolder(folder string) {
	if in, err := os.Open(folder); err == nil {
		in.Sync()
		in.Close()
	}
}
